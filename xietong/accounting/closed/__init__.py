"""Closed reports 封存报告: what was written down for good, taken along in packages, and held against today."""
