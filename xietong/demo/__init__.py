"""Demo: a park made from a seed, its devices, and the building of its data folder through the real doors."""
