"""Figures 指标: the commands that print figures with their changes, workings, verdicts and grades."""
