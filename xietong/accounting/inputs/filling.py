"""Trying what the absent part of partial amounts could change: each is scaled up to all that was due.

Nothing filled is ever shown as a figure. Evaluation compares the bare and the filled figure with a target, and lets a
partial figure decide only where both lead to the same verdict.
"""

from dataclasses import replace
from decimal import Decimal

from xietong.accounting.amounts import Amount
from xietong.accounting.sources.precedence import share_of
from xietong.standard.thresholds import decimal_of

# Below this share of what was due nothing is filled: the rest says too little.
LEAST_SHARE = decimal_of("sources.scaled_up_from")


def filled_up(part: Amount) -> Amount:
    """A partial amount divided by the share of it that came, as an estimate; left partial where too little came.

    The share is by last year's amounts where they are known, else by what was due.
    """
    if part.exact is None or part.figure.status != "partial":
        return part
    weight = part.figure.trace.get("coverage_weight")
    share = Decimal(weight) if weight else share_of(part)
    if share < LEAST_SHARE:
        return part
    exact = part.exact / share
    return part._replace(exact=exact, figure=replace(part.figure, value=float(exact), status="estimated", missing=()))
