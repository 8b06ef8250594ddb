"""Balances 平衡与勾稽: media month by month, one total from both ends, and what a figure is made of."""
