"""Books 合并: the amounts of every subject of a park, consolidated without counting anything twice."""
