"""Indicators 指标: the rules of the standard, clause by clause: energy, carbon, pollutants, recycling, tax."""
