"""The statements of a small park as they were handed in: by subject, month and item, with what is due for whom.

Read are the CSV files of the park package alone; nothing of the platform is imported.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from handed_in import D, Row, table

_OPTIONAL = ("opening", "closing", "counterparty", "use", "unit")


class Opinion(NamedTuple):
    """A figure's value (None: it has none) and whether all that was due for it came."""

    value: Decimal | None
    whole: bool


class Books(NamedTuple):
    """Statements by (subject, month, item), what is due by (subject, item), the subjects, and the months asked for."""

    rows: dict[tuple[str, str, str], list[Row]]
    due: set[tuple[str, str]]
    subjects: dict[str, Row]
    months: list[str]

    def kind(self, code: str) -> str:
        """The kind of a subject; a park without a row of its own is one."""
        return self.subjects[code]["kind"] if code in self.subjects else "park"

    def members(self, code: str) -> list[str]:
        """The firms of a zone or of the park, or the firm itself."""
        firms = [each for each in self.subjects if self.kind(each) == "enterprise"]
        if self.kind(code) == "enterprise":
            return [code]
        return [firm for firm in firms if self.kind(code) == "park" or self.subjects[firm]["zone"] == code]

    def outlets(self, firm: str) -> list[str]:
        """The outlets of a firm."""
        return [each for each, row in self.subjects.items() if row["kind"] == "outlet" and row["parent"] == firm]

    def came(self, subjects: Iterable[str], months: Iterable[str], *items: str) -> bool:
        """Whether each of the items that is due of the subjects was stated for every month."""
        wanted = [(subject, item) for subject in subjects for item in items if (subject, item) in self.due]
        return all((subject, month, item) in self.rows for subject, item in wanted for month in months)

    def total(
        self,
        subjects: Iterable[str],
        months: Iterable[str],
        item: str,
        which: Callable[[Row], bool] = lambda row: True,
    ) -> Decimal:
        """The sum of an item's statements in its own unit; a stock turns what was received into what was used."""
        found = D(0)
        for subject in subjects:
            for month in months:
                for row in filter(which, self.rows.get((subject, month, item), [])):
                    found += D(row["amount"]) * (D("0.001") if row["unit"] == "kg" else 1)
                    if row["opening"]:
                        found += D(row["opening"]) - D(row["closing"])
        return found

    def stated(self, subjects: Iterable[str], months: Iterable[str], item: str) -> bool:
        """Whether anybody stated the item at all."""
        return any((subject, month, item) in self.rows for subject in subjects for month in months)


def read(folder: Path, period: str) -> Books:
    """The books of a package for a quarter of 2025 or the year."""
    rows: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in table(folder, "reported"):
        rows[row["subject"], row["period"], row["item"]].append({**dict.fromkeys(_OPTIONAL, ""), **row})
    usual = {"zone": "", "parent": "", "discharges_to": ""}
    subjects = {row["code"]: usual | row for row in table(folder, "subjects")}
    due = {(row["subject"], row["item"]) for row in table(folder, "expected")}
    first, last = (1, 12) if period == "2025" else (int(period[-1]) * 3 - 2, int(period[-1]) * 3)
    return Books(rows, due, subjects, [f"2025-{month:02}" for month in range(first, last + 1)])
