"""Green certificates 绿证: how many of them count. A certificate proves purchased electricity of its holder: never more
than what was bought and not resold, and never beside the green power whose own certificate it is.

In a group each unit's certificates are capped by its own purchase before they are summed: one tenant's surplus does not
turn another tenant's power green.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.calc.figures import Figure
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

CERTIFICATES, TRADED, PURCHASED = "green_certificates", "green_power_traded", "electricity_purchased"


class Holders(NamedTuple):
    """Whose certificates: a subject, or the units of a group; resold: what each unit bought and sold on, by code."""

    books: Books
    subject: Subject
    period: Period
    resold: Mapping[str, Decimal]


def counted_certificates(asked: Holders, found: Mapping[str, Figure]) -> dict[str, Figure]:
    """The certificates and the green power of a subject that count, with a remark where some do not."""
    if asked.subject.kind not in GROUPS:
        return {
            key: replace(figure, remarks=(*figure.remarks, *(_doubts(asked) if key == CERTIFICATES else ())))
            for key, figure in found.items()
            if figure.value is not None
        }
    return {key: _capped(asked, key, figure) for key, figure in found.items() if figure.value is not None}


def _capped(asked: Holders, key: str, figure: Figure) -> Figure:
    """A group's certificates, or its green power, without what its units hold beyond their own purchase."""
    units = asked.books.boundary.units(asked.subject.code)
    surplus = {unit: over for unit in units if (over := _beyond(asked, unit, key))}
    if not surplus or figure.value is None:
        return figure
    beyond = float(sum(surplus.values()))
    lines = tuple(
        Figure("certificates_beyond_purchase", float(over), "MWh", title=Text(unit.name, unit.name_en or unit.name))
        for unit, over in surplus.items()
    )
    names = "、".join(unit.name for unit in surplus)
    names_en = ", ".join(unit.name_en or unit.name for unit in surplus)
    remark = Text(
        f"{names}的绿证、绿电超过其外购（不含转供）电量，多出的 {beyond:.6g} MWh 不能抵其他企业的用电，没有计入。",
        f"{names_en}: {beyond:.6g} MWh of certificates or green power beyond what was bought and not resold "
        "prove nobody "
        "else's power and do not count.",
    )
    held = replace(figure, key="certificates_held", title=Text("持有绿证、绿电", "certificates or green power held"))
    title = Text("超出外购电量", "beyond the purchase")
    past = Figure("certificates_beyond_purchase", beyond, "MWh", title=title, inputs=lines)
    return replace(
        figure,
        value=figure.value - beyond,
        formula="certificates_held - certificates_beyond_purchase",
        inputs=(held, past),
        remarks=(*figure.remarks, remark),
    )


def _beyond(asked: Holders, unit: Subject, key: str) -> Decimal:
    """What of a unit's certificates goes beyond its purchase; of green power what is left of that beyond them."""
    over = _surplus(asked, unit)
    held = _exact(asked.books, unit, CERTIFICATES, asked.period)
    if key == CERTIFICATES:
        return min(over, held)
    return min(max(Decimal(0), over - held), _exact(asked.books, unit, TRADED, asked.period))


def _doubts(asked: Holders) -> tuple[Text, ...]:
    """What is odd about a unit's certificates: more than its purchase, or as many as its green power."""
    books, unit, period = asked.books, asked.subject, asked.period
    over = _surplus(asked, unit)
    held, traded = _exact(books, unit, CERTIFICATES, period), _exact(books, unit, TRADED, period)
    found: tuple[Text, ...] = ()
    if over:
        found += (
            Text(
                f"绿证 {held:.6g} MWh 加绿电交易 {traded:.6g} MWh 超过外购（不含转供）电量，多出的 {over:.6g} MWh "
                "不计入；请核对。",
                f"certificates of {held:.6g} MWh and green power of {traded:.6g} MWh are more than was bought and not "
                "resold; the "
                f"{over:.6g} MWh beyond it do not count: check them.",
            ),
        )
    if held and held == traded:
        found += (
            Text(
                f"绿证与绿电交易同为 {held:.6g} MWh，多半是同一批：随绿电交易取得的绿证不再填报；请核对，以免重复。",
                f"certificates and green power are both {held:.6g} MWh and probably the same: those that came with "
                "green power are not reported again. Check it, or they count twice.",
            ),
        )
    return found


def _surplus(asked: Holders, unit: Subject) -> Decimal:
    """Certified electricity beyond what a unit bought and did not resell; nothing is known of it where the purchase is
    not whole."""
    books, period = asked.books, asked.period
    purchased = books.amount(unit.code, PURCHASED, period)
    if purchased.exact is None or purchased.figure.status == "partial":
        return Decimal(0)
    certified = _exact(books, unit, CERTIFICATES, period) + _exact(books, unit, TRADED, period)
    kept = max(Decimal(0), purchased.exact - asked.resold.get(unit.code, Decimal(0)))
    return max(Decimal(0), certified - kept)


def _exact(books: Books, unit: Subject, name: str, period: Period) -> Decimal:
    return books.amount(unit.code, name, period).exact or Decimal(0)
