"""Water in and out of a subject: wastewater to the environment, sewage to works outside the subject, and what works
inside it receive from others. Sewage that stays inside is no side of a balance."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xietong.accounting.amounts import Amount
from xietong.accounting.books.consolidation import Books
from xietong.accounting.trade.lines import line, titled
from xietong.accounting.trade.media import Medium
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

_ITEM = "wastewater"
_ENVIRONMENT = Text("废水直接排放", "wastewater to the environment")
_SENT = Text("纳管送出", "sewage sent to works elsewhere")
_TAKEN = Text("接收污水", "sewage received")


class WaterSides(NamedTuple):
    """What came in as sewage of others, and what was let out."""

    received: tuple[Amount, ...]
    let_out: tuple[Amount, ...]


def water_sides(books: Books, subject: Subject, medium: Medium, span: Period) -> WaterSides:
    """The sewage received by and the water let out of a subject in one span."""
    inside = {each.code for each in books.boundary.below(subject.code)}
    sent: list[Amount] = []
    taken: list[Amount] = []
    for unit, works in _sewers(books):
        if (unit.code in inside) == (works.code in inside):
            continue
        (sent if unit.code in inside else taken).extend(_carried(books, unit, works, span))
    free = titled(books.amount(subject.code, _ITEM, span), "water_to_environment", _ENVIRONMENT)
    away = line("water_to_works", _SENT, medium.unit, sent)
    received = line("water_from_tenants", _TAKEN, medium.unit, taken)
    return WaterSides((received,), (free, away))


def _sewers(books: Books) -> tuple[tuple[Subject, Subject], ...]:
    """Every unit of the park with the works inside the park that its sewers lead to, each pair once."""
    found: tuple[tuple[Subject, Subject], ...] = books.remember("sewers", lambda: tuple(_found(books)))
    return found


def _found(books: Books) -> Iterator[tuple[Subject, Subject]]:
    boundary = books.boundary
    for unit in boundary.units(books.registry.park.code):
        works = [boundary.works_of(outlet) for outlet in boundary.outlets(unit.code, to_works=True)]
        for code in dict.fromkeys(each.code for each in works if each is not None):
            yield unit, books.registry.subjects[code]


def _carried(books: Books, unit: Subject, works: Subject, span: Period) -> Iterable[Amount]:
    """What a unit sends to one works: all of its sewage where there is one works, else outlet by outlet."""
    outlets = books.boundary.outlets(unit.code, to_works=True)
    if len({outlet.discharges_to for outlet in outlets}) == 1:
        return [books.to_works(unit.code, _ITEM, span)]
    return [books.amount(outlet.code, _ITEM, span) for outlet in outlets if outlet.discharges_to == works.code]
