"""TODO-OWNER writes this line."""
