"""Figures 指标: the page of a figure, balances, other standards, factors, closed reports."""
