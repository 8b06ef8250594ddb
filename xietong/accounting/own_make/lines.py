"""Lines of what was made 自产各行: the supply side of a balance of power or heat, each amount once.

All that was generated, what sun, wind or waste heat made of it, and what of that was used are statements of one
quantity: the parts that are named stand by themselves, and of the whole only what they leave.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from xietong.accounting.amounts import Amount
from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.sources.statement_figures import stated_item
from xietong.accounting.trade.lines import line, titled
from xietong.accounting.trade.media import Medium
from xietong.calc.keys import group_of, kind_of
from xietong.calc.made_sources import source_called
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

# By medium: all that was generated, and what may be part of it that a source names too.
_WHOLE_AND_PART = {
    "electricity": ("electricity_generated", "electricity_renewable_self_used"),
    "heat": ("heat_generated", "waste_heat_recovered"),
}
_REST = Text("其余自产（来源未写明）", "the rest of what was generated, source not named")
_NONE = Decimal(0)


def made_lines(books: Books, subject: Subject, medium: Medium, span: Period) -> list[Amount]:
    """What a subject made of a network medium, line by line, nothing twice."""
    plain = [_item(books, subject.code, name, span) for name in medium.made]
    units = books.boundary.units(subject.code) if subject.kind in GROUPS else (subject,)
    if not any(_states_more(books, unit, medium) for unit in units):
        return plain
    found: dict[str, list[Amount]] = {}
    for unit in units:
        for key, part in _of_unit(books, unit, medium, span):
            found.setdefault(key, []).append(part)
    if subject.kind not in GROUPS:
        return [part for parts in found.values() for part in parts]
    return [line(key, parts[0].figure.title, medium.unit, _named(parts)) for key, parts in found.items()]


def _named(parts: Iterable[Amount]) -> list[Amount]:
    return [part for part in parts if not part.is_idle]


def _states_more(books: Books, unit: Subject, medium: Medium) -> bool:
    """Whether a unit states one quantity in several ways."""
    names = _WHOLE_AND_PART.get(medium.key, ())
    by_source = any(books.knows(unit.code, name) for name in sources_of(books, medium))
    return by_source or (medium.key == "electricity" and all(books.knows(unit.code, name) for name in names))


def sources_of(books: Books, medium: Medium) -> list[str]:
    """The items by which anybody states what it made of a medium by its source."""
    return [name for name in books.names if medium.by_source and group_of(name) == medium.by_source]


def _of_unit(books: Books, unit: Subject, medium: Medium, span: Period) -> Iterator[tuple[str, Amount]]:
    named = {name: _item(books, unit.code, name, span) for name in sources_of(books, medium)}
    named = {name: part for name, part in named.items() if not part.is_idle}
    yield from named.items()
    whole, part = _WHOLE_AND_PART[medium.key]
    of_part = [each for name, each in named.items() if _is_of(medium, name)]
    more = _beyond(_item(books, unit.code, part, span), of_part)
    yield part, more
    is_in_whole = medium.key == "electricity" or bool(of_part)
    taken = [*named.values(), *([more] if is_in_whole else [])]
    yield whole, _beyond(_item(books, unit.code, whole, span), taken)
    for name in medium.made:
        if name not in (whole, part):
            yield name, _item(books, unit.code, name, span)


def _is_of(medium: Medium, name: str) -> bool:
    """Whether a source is among those whose part is stated as such too: renewables of power, waste heat of heat."""
    source = source_called(kind_of(name))
    return source.renewable if medium.key == "electricity" else source.key == "waste_heat"


def _beyond(whole: Amount, parts: Iterable[Amount]) -> Amount:
    """What a statement holds beyond its parts that stand by themselves; idle where that is nothing."""
    taken = sum((part.exact for part in parts if part.exact is not None), _NONE)
    if not taken or whole.exact is None:
        return whole
    left = max(_NONE, whole.exact - taken)
    title = _REST if left and whole.figure.key.endswith("_generated") else whole.figure.title
    status = "not_applicable" if not left and whole.figure.status in ("ok", "estimated") else whole.figure.status
    figure = replace(whole.figure, value=float(left), status=status, title=title)
    return whole._replace(figure=figure, exact=None if status == "not_applicable" else left)


def _item(books: Books, code: str, name: str, span: Period) -> Amount:
    return titled(books.amount(code, name, span), name, stated_item(name).name)
