"""Doctor 自检: one look at a data folder, check by check, each with its remedy."""
