"""Classes of factors 系数类别: which are statutory, set by a law, a ministry or an edition and not by a park.

A park's own row goes before a statutory one only with the law or notice that sets it and by a second person; measured
properties (heat, carbon, purity) are the park's to state, and so are process factors, which follow from what is in the
material: stoichiometry fixes a pure substance, not the park's limestone.
"""

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from xietong.texts import Text

STATUTORY, LOCAL = "statutory", "local"
AWAITING, PROPOSED = "awaiting", "proposed"


class FactorClass(NamedTuple):
    """The class of a purpose; fills_gap: whether an own row counts where nothing is published; set_by: who sets it.

    basis: of a local one, the words of which one names who decided it.
    """

    name: str
    fills_gap: bool
    set_by: Text
    basis: str = ""


@cache
def factor_classes() -> Mapping[str, FactorClass]:
    """The purposes with a class, as factor_classes.csv declares them."""
    with (Path(__file__).parents[1] / "factor_classes.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["purpose"]: FactorClass(
                row["class"], row["fills_gap"] == "yes", Text(row["zh"], row["en"]), row["basis_words"]
            )
            for row in csv.DictReader(file)
        }


def is_statutory(purpose: str) -> bool:
    """Whether factors of that purpose are set by law, ministry or edition."""
    known = factor_classes().get(purpose)
    return known is not None and known.name == STATUTORY


def may_replace(row: Mapping[str, str]) -> bool:
    """Whether a park's own row may go before a built-in one as far as its class asks.

    A statutory one needs a legal basis and a second person; one that a province decides need only name the decision.
    """
    known = factor_classes().get(row.get("purpose", ""))
    if known is None:
        return True
    basis = (row.get("legal_basis") or "").strip()
    if known.name == STATUTORY:
        return bool(basis) and row.get("approval") not in (AWAITING, PROPOSED)
    said = " ".join(row.get(name) or "" for name in ("source", "edition", "evidence"))
    return bool(basis) or re.search(known.basis, said, re.IGNORECASE) is not None


def may_fill_a_gap(row: Mapping[str, str]) -> bool:
    """Whether an own row that may not replace counts where nothing is built in."""
    known = factor_classes().get(row.get("purpose", ""))
    return known is None or known.fills_gap
