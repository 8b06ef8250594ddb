"""What every page stands on: the park and its figures, what an address asks for, links, languages, live values."""
