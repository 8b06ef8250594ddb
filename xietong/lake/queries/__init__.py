"""The questions asked of the lake, one function each: its docstring names the table asked, columns and units."""
