"""Trade 园区内外买卖: what the units of a group sold each other, and what of it left the group."""
