"""Rounding of numbers that are shown or printed, by GB/T 8170-2008: half to even, once, from the full value.

What is computed on never passes through here.
"""

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal

# A double holds fifteen decimal digits; sums of many lose some of the last.
CERTAIN_DIGITS = 14
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def rounded(value: Decimal | float, interval: Decimal | str) -> Decimal:
    """The multiple of the interval nearest to the value; of two equally near the even multiple.

    interval: "0.1" for one decimal, "1E+2" for hundreds, "0.5" and "20" for the half and fifth units of clause 3.4. A
    float counts as the decimal that it prints as: 0.35 is 0.35 and not the binary number a trifle below it. Raises
    ValueError where the interval is not above zero or the value is no number.
    """
    step = Decimal(interval)
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    if step <= 0 or not exact.is_finite():
        raise ValueError(f"cannot round {value} to multiples of {interval}")
    multiple = _EXACT.divide(exact, step).to_integral_value(ROUND_HALF_EVEN)
    return _EXACT.multiply(multiple, step)


def to_significant(value: Decimal | float, digits: int) -> Decimal:
    """The value rounded once to that many significant digits."""
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    return exact if exact == 0 else rounded(exact, Decimal(1).scaleb(exact.adjusted() - digits + 1))


def apart(before: float, after: float) -> float:
    """After less before, without the last binary digits of the two, which say nothing."""
    exact = Decimal(repr(after)) - Decimal(repr(before))
    largest = max(abs(Decimal(repr(before))), abs(Decimal(repr(after))))
    return float(exact if exact == 0 else rounded(exact, Decimal(1).scaleb(largest.adjusted() - CERTAIN_DIGITS + 1)))


def written(value: float | None) -> str:
    """A number in a sentence: four significant digits, never fewer than its whole part, thousands apart; — for none."""
    return _written(value, 4, ",")


def told_apart(*values: float | None, digits: int = 4, thousands: str = ",") -> tuple[str, ...]:
    """The numbers of one comparison, all with as many digits as show which is the larger; — for none.

    digits: the fewest significant ones, never fewer than a number's whole part. Numbers that count as equal (the last
    binary digits apart) are written alike.
    """
    given = [value for value in values if value is not None]
    most = max((len(str(int(abs(value)))) for value in given), default=1)
    for enough in range(digits, max(CERTAIN_DIGITS, most) + 2):
        told = tuple(_written(value, enough, thousands) for value in values)
        pairs = [(one, other) for number, one in enumerate(values) for other in values[:number]]
        if all(_is_shown(one, other, enough) for one, other in pairs):
            break
    return told


def share_apart(share: float, bound: float, decimals: int = 1) -> str:
    """A share in per cent with as many decimals as show on which side of the bound it lies: 99.996%, never 100.0%."""
    if not math.isfinite(share) or math.isclose(share, bound, rel_tol=1e-9):
        return f"{share:.{decimals}%}"
    while decimals < CERTAIN_DIGITS and f"{share:.{decimals}%}" == f"{bound:.{decimals}%}":
        decimals += 1
    return f"{share:.{decimals}%}"


def _is_shown(one: float | None, other: float | None, digits: int) -> bool:
    """Whether so many digits show that two numbers differ, where they do."""
    if one is None or other is None or math.isclose(one, other, rel_tol=1e-9):
        return True
    return _written(one, digits, "") != _written(other, digits, "")


def _written(value: float | None, digits: int, thousands: str) -> str:
    if value is None:
        return "—"
    whole = len(str(int(abs(value))))
    return f"{to_significant(float(value), max(digits, whole)).normalize():,f}".replace(",", thousands)
