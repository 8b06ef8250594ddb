"""Bringing in 报送: packages, workbooks, months and bills come in by one rule set; the park goes out again."""
