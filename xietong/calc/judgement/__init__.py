"""Judgement 评判: figures against targets, limits and what a standard asks; the grade; worked cases."""
