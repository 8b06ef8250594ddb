"""Accounting 核算: what a park's statements and readings come to, from a clerk's row or a meter's hour up to the
figures of tables 1–5, each with its working. One total of a park: docs/decisions/0008-one-total-of-a-park.md.

From the evidence up: outlets and factors, sources, books (one total), trade and own make inside a group, inputs of the
rules, figures, balances, checking, closed reports. `figures.account` is the door (figures, explain), `figures.tables`
the keys, `evidence` the way down to a raw frame.
"""

from xietong.accounting.figures.account import UnknownNameError, explain, figures
from xietong.accounting.figures.tables import table_keys

__all__ = ["UnknownNameError", "explain", "figures", "table_keys"]
