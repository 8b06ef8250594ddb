"""Balances 平衡与勾稽: the commands that balance media, reconcile one total and take a figure apart."""
