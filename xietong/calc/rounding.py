"""Rounding of numbers that are shown or printed, by GB/T 8170-2008: half to even, once, from the full value.

What is computed on never passes through here.
"""

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
    if value is None:
        return "—"
    whole = len(str(int(abs(value))))
    return f"{to_significant(float(value), max(4, whole)).normalize():,f}"
