"""What the standard's text says, as data; nothing here computes."""
