"""Figures 指标: the account of a subject and period, its tables, taxes, trends and cautions."""
