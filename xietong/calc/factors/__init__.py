"""Factors 系数: the shipped tables beside this file, what makes a row usable, and the book of factors.

A park's own rows come before the shipped ones.
"""
