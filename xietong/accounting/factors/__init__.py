"""Factors 系数: which factor counts for a subject on a day: the unit's own, the park's own, then the shipped book."""
