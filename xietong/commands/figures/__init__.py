"""Figures 指标: the commands that print figures, balances, workings, grades and closed reports."""
