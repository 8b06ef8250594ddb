"""Template tags of the pages; each module is one subject."""
