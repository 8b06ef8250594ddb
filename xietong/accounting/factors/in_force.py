"""The factors of a subject's figures: the shipped book, before it the park's own rows, before them the subject's.

Which own rows count is decided here (evidence, approval, no contradiction); what a book does with them is in
calc.own_book.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.classes import may_replace
from xietong.calc.factors.own_book import Aside, OwnBook
from xietong.calc.factors.table import check_table
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.texts import Text

PROPOSED = "proposed"
Row = Mapping[str, str]
_MOST_KEPT = 4
_kept: list[tuple[tuple[Row, ...], "OwnRows"]] = []


class OwnRows(NamedTuple):
    """A park's own rows: those that go before shipped ones, those without evidence, those not approved, and those of a
    statutory factor without a legal basis or a second person."""

    counting: tuple[Row, ...] = ()
    unproved: tuple[Row, ...] = ()
    proposed: tuple[Row, ...] = ()
    protected: tuple[Row, ...] = ()


def own_rows(registry: Registry) -> OwnRows:
    """The park's own rows by what they may do; a row that contradicts an earlier one does not count."""
    for rows, made in tuple(_kept):
        if rows is registry.factors:
            return made
    made = _sorted(registry.factors)
    _kept.append((registry.factors, made))
    del _kept[:-_MOST_KEPT]
    return made


def _sorted(rows: tuple[Row, ...]) -> OwnRows:
    proposed = tuple(row for row in rows if row.get("approval") == PROPOSED)
    approved = [row for row in rows if row.get("approval") != PROPOSED]
    usable = _usable([row for row in approved if may_replace(row)])
    protected = _usable([row for row in approved if not may_replace(row)])
    wrong = {each.place for each in check_table(proposed)[1]}
    return OwnRows(
        tuple(row for row in usable if row.get("evidence")),
        tuple(row for row in (*usable, *protected) if not row.get("evidence")),
        tuple(row for index, row in enumerate(proposed) if index not in wrong),
        tuple(row for row in protected if row.get("evidence")),
    )


def _usable(rows: list[Row]) -> list[Row]:
    refused = {each.place for each in check_table(rows)[1]}
    return [row for index, row in enumerate(rows) if index not in refused]


def factor_book(registry: Registry, subjects: Iterable[str]) -> FactorBook:
    """The book for figures of these subjects; a row that names another subject, or contradicts
    an earlier one, does not count."""
    if not registry.factors:
        return FactorBook.default()
    own = own_rows(registry)
    named = {row.get("subject") for rows in own for row in rows}
    return _book(_Rows(own), tuple(code for code in subjects if code in named))


class _Rows:
    """Own rows as a key: the same rows are the same object as long as they are kept."""

    def __init__(self, own: OwnRows) -> None:
        self.own = own

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rows) and other.own is self.own

    def __hash__(self) -> int:
        return id(self.own)


@lru_cache(maxsize=64)
def _book(rows: _Rows, subjects: tuple[str, ...]) -> OwnBook:
    """Most subjects have no row of their own and share one book."""
    own = rows.own
    return OwnBook(own.counting, Aside(own.unproved, own.proposed, own.protected), subjects)


def list_of_clean_energy(registry: Registry) -> tuple[Text, ...]:
    """What a reader of the clean share should know where the park chose its own list and gave none."""
    if registry.choices.get("clean_energy") != "park_list":
        return ()
    own = own_rows(registry)
    if any(row.get("purpose") == "clean_share" for row in (*own.counting, *own.unproved)):
        return ()
    return (
        Text(
            "园区选择按园区清单归类清洁能源，但 factors.csv 没有 purpose=clean_share 的行，按统计口径计；请补充清单。",
            "the park chose its own list of clean energy, but factors.csv has no row of purpose clean_share: the "
            "statistical class was taken; add the list.",
        ),
    )


def choices_of(registry: Registry) -> Mapping[str, str]:
    """The park's choices with its region, which selects regional factors."""
    return {**registry.choices, "region": registry.region}


def day_of(period: Period) -> date:
    """The last day of a period: it selects the factors and the editions of the rules."""
    return (period.end - timedelta(microseconds=1)).date()
