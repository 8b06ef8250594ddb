"""The factor library as a park uses it on a day: shipped rows, its own before them, and its own that do not count with
the reason. Reading only; the web and the command line list it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from xietong.accounting.factors.in_force import choices_of, own_rows
from xietong.calc.factors.book import FactorBook
from xietong.calc.factors.choice import Listed, listed
from xietong.calc.factors.rows import FactorRow, read_row
from xietong.park.nouns import Registry
from xietong.texts import Text

_NO_EVIDENCE = Text("没有凭证，不优先于内置系数", "no evidence, so it does not go before a built-in one")
_PROTECTED = Text(
    "法定系数：没有法律依据或未经第二人批准，不替换内置系数",
    "statutory: without a legal basis and a second person it does not replace the built-in one",
)
_PROPOSED = Text("待批，未采用", "proposed, not approved, not used")


def library(
    registry: Registry | None, on: date, subject: str = "", purpose: str = "", key: str = ""
) -> Iterator[Listed]:
    """Every row with whether it counts on that day and why; without a registry the shipped rows under usual choices.

    Own rows that cannot count come first, so that nobody overlooks them.
    """
    if registry is None:
        yield from listed(FactorBook.default(), on, {}, purpose, key)
        return
    own = own_rows(registry)
    for rows, why in ((own.proposed, _PROPOSED), (own.protected, _PROTECTED), (own.unproved, _NO_EVIDENCE)):
        for row in rows:
            if purpose in ("", row["purpose"]) and key in ("", row["key"]):
                yield Listed(_own(row), False, why)
    book = FactorBook.default().with_rows(own.counting, [subject] if subject else [])
    yield from listed(book, on, choices_of(registry), purpose, key)


def _own(row: Mapping[str, str]) -> FactorRow:
    return replace(read_row(row), own=True)
