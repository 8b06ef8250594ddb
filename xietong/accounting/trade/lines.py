"""Lines of a balance: sums and differences of amounts as figures with their working.

A difference needs every one of its parts whole: where one is absent or partial it has no value and says which, because
what is missing is not zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from xietong.accounting.amounts import Amount, idle, reasons, summed
from xietong.calc.figures import Figure, retitled, worst
from xietong.texts import Text

CLAUSE = "5.4.4"
_WHOLE = ("ok", "estimated", "not_applicable")


def line(key: str, title: Text, unit: str, parts: Iterable[Amount], remarks: tuple[Text, ...] = ()) -> Amount:
    """The sum of parts under a key and a title of its own; idle where nothing was due."""
    total = summed(key, unit, parts)
    figure = replace(total.figure, key=key, title=title, clause=CLAUSE, remarks=(*total.figure.remarks, *remarks))
    return total._replace(figure=figure)


def titled(part: Amount, key: str, title: Text) -> Amount:
    """The same amount under another key and title, what it was made of below it."""
    if part.is_idle:
        return part
    return Amount(retitled(part.figure, key, title, CLAUSE), part.exact, part.due, part.received)


def is_whole(part: Amount) -> bool:
    """Whether nothing of an amount is absent (or nothing was due)."""
    return part.figure.status in _WHOLE


def difference(key: str, title: Text, unit: str, whole: Sequence[Amount], taken: Sequence[Amount]) -> Amount:
    """The parts of `whole` less those of `taken`; missing, with the reasons, where one of them is not whole.

    Idle parts count as nothing; where all of `whole` is idle, so is the difference.
    """
    every = [part for part in (*whole, *taken) if not part.is_idle]
    inputs = tuple(part.figure for part in every)
    formula = _formula([part for part in whole if not part.is_idle], [part for part in taken if not part.is_idle])
    absent = [part.figure for part in every if not is_whole(part)]
    if not every:
        return idle(key, unit)
    if absent:
        figure = Figure(
            key,
            None,
            unit=unit,
            status="missing",
            kind="indicator",
            clause=CLAUSE,
            title=title,
            missing=reasons(absent),
            formula=formula,
            inputs=inputs,
        )
        return Amount(figure, None, 1)
    exact = sum((part.exact for part in whole if part.exact is not None), Decimal(0))
    exact -= sum((part.exact for part in taken if part.exact is not None), Decimal(0))
    status = worst(part.figure.status for part in every)
    figure = Figure(
        key,
        float(exact),
        unit=unit,
        status=status,
        kind="indicator",
        clause=CLAUSE,
        title=title,
        missing=(),
        formula=formula,
        inputs=inputs,
    )
    return Amount(figure, exact, 1, Decimal(1))


def _formula(whole: Sequence[Amount], taken: Sequence[Amount]) -> str:
    added = " + ".join(part.figure.key for part in whole) or "0"
    return " - ".join([added, *(part.figure.key for part in taken)])


def share(key: str, title: Text, part: Amount, whole: Amount) -> Figure:
    """One amount in per cent of another; not applicable where the other is zero or there is none."""
    inputs = (part.figure, whole.figure)
    formula = f"{part.figure.key} / {whole.figure.key} * 100"
    blank = Figure(
        key,
        None,
        unit="%",
        status="missing",
        kind="indicator",
        clause=CLAUSE,
        title=title,
        missing=part.figure.missing,
        formula=formula,
        inputs=inputs,
    )
    if part.exact is None:
        return replace(blank, status="not_applicable" if part.is_idle else "missing")
    if not whole.exact:
        nothing = Text("供入量为零，没有百分比。", "nothing was supplied, so there is no percentage.")
        return replace(blank, status="not_applicable", missing=(nothing,))
    return replace(blank, value=float(part.exact / whole.exact * 100), status=part.figure.status, missing=())


def unsaid(key: str, title: Text, unit: str, reason: Text) -> Amount:
    """A line that says nothing here, and why."""
    return Amount(
        Figure(
            key,
            None,
            unit=unit,
            status="not_applicable",
            kind="indicator",
            clause=CLAUSE,
            title=title,
            missing=(reason,),
        ),
        None,
    )
