"""Evidence 依据: the way down from a figure to a point, its hours and readings, and the raw entry."""
