"""Standard 标准: clauses and what answers them, worked cases, the factor library."""
