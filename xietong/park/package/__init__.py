"""The park package: a folder of CSV that carries a whole park in and out (docs/park-package.md)."""
