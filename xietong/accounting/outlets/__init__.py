"""Outlets 排放口监测: the hours of stacks and water outlets, what was struck out of them, what stands in for gaps.

HJ 212-2017 annex D, HJ 75-2017 and HJ 356-2019; the wing asks the lake and knows nothing of subjects."""
