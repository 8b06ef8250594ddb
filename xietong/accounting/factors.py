"""The factors of a subject's figures: the shipped book, before it the park's own rows, before them the subject's."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from xietong.calc.factor_table import check_table
from xietong.calc.factors import FactorBook
from xietong.park.nouns import Registry
from xietong.periods import Period


def factor_book(registry: Registry, subjects: Iterable[str]) -> FactorBook:
    """The book for figures of these subjects; a row that names another subject, or contradicts
    an earlier one, does not count."""
    if not registry.factors:
        return FactorBook.default()
    refused = {each.place for each in check_table(registry.factors)[1]}
    usable = [row for index, row in enumerate(registry.factors) if index not in refused]
    return FactorBook.default().with_rows(usable, subjects)


def choices_of(registry: Registry) -> Mapping[str, str]:
    """The park's choices with its region, which selects regional factors."""
    return {**registry.choices, "region": registry.region}


def day_of(period: Period) -> date:
    """The last day of a period: it selects the factors and the editions of the rules."""
    return (period.end - timedelta(microseconds=1)).date()
