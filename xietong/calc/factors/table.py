"""A factor table as a whole: which of its rows may enter, and for each that may not the sentence that says why.

Rows that cannot stand alone are found by calc.factor_rows; here the rows are compared with each other. The second half
reads emission tables of other publishers, whose units are theirs.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from xietong.calc.factors.physics import disagree
from xietong.calc.factors.rows import FactorRow, convert_ratio, overlaps, problem, read_row, unit_needed
from xietong.texts import Text


class Refused(NamedTuple):
    """A row that does not enter: its place among the rows (from 0), the column at fault, the rule, the sentence.

    against: the place of the row that it contradicts, −1 where it cannot stand alone.
    """

    place: int
    column: str
    rule: str
    text: Text
    against: int = -1


def check_table(rows: Iterable[Mapping[str, str]]) -> tuple[list[FactorRow], list[Refused]]:
    """The rows that may enter and those refused; of two rows that contradict each other the later is refused."""
    kept: _Kept = defaultdict(list)
    entered: list[FactorRow] = []
    refused: list[Refused] = []
    for index, stated in enumerate(rows):
        wrong = problem(stated)
        if wrong is not None:
            refused.append(Refused(index, *wrong))
            continue
        row = read_row(stated)
        clash = _clash(index, row, kept)
        if clash is not None:
            refused.append(clash)
            continue
        kept[row.purpose, row.key, row.subject].append((index, row))
        entered.append(row)
    return entered, refused


_Kept = dict[tuple[str, str, str], list[tuple[int, FactorRow]]]


def _clash(place: int, row: FactorRow, kept: _Kept) -> Refused | None:
    for index, each in kept.get((row.purpose, row.key, row.subject), []):
        twice = overlaps([each, row])
        if twice is not None:
            return Refused(place, "valid_from", "overlap", twice, index)
    other = {"coal_equivalent": "calorific_value", "calorific_value": "coal_equivalent"}.get(row.purpose, "")
    for index, each in kept.get((other, row.key, row.subject), []):
        if max(each.valid_from, row.valid_from) < min(each.valid_to, row.valid_to):
            pair = {each.purpose: _canonical(each), row.purpose: _canonical(row)}
            said = disagree(row.key, pair["coal_equivalent"], pair["calorific_value"])
            if said is not None:
                return Refused(place, "value", "physics", said, index)
    return None


def _canonical(row: FactorRow) -> Decimal:
    return convert_ratio(row.value, row.unit, unit_needed(row.purpose, row.key))


class Published(NamedTuple):
    """A row of another publisher's emission table: what is done, per what, which gas, the value as printed."""

    activity: str
    per: str
    gas: str
    value: str
    source: str


PUBLISHED_UNITS = frozenset(
    {
        "km",
        "miles",
        "tonne.km",
        "passenger.km",
        "tonnes",
        "kg",
        "kWh",
        "GJ",
        "litres",
        "cubic metres",
        "million litres",
        "Room per night",
    }
)
PUBLISHED_GASES = frozenset({"kg CO2e", "kg CO2", "kg CH4", "kg N2O", "kWh", "kWh (Net CV)"})


def published_problem(row: Published) -> Text | None:
    """Why a published row cannot be read: no source, an unknown unit, a value that is no number; None where it can."""
    if not row.source.strip():
        return Text("没有写来源；请补全。", "it names no source; fill it in.")
    for unit, known in ((row.per, PUBLISHED_UNITS), (row.gas, PUBLISHED_GASES)):
        if unit not in known:
            return Text(
                f"{row.activity}：单位“{unit}”不认识，无法换算；请对照原表改正。",
                f'{row.activity}: the unit "{unit}" is not known, so nothing can be converted; see the original.',
            )
    try:
        usable = Decimal(row.value).is_finite()
    except InvalidOperation:
        usable = False
    if usable:
        return None
    return Text(f"{row.activity}：“{row.value}”不是数字。", f'{row.activity}: "{row.value}" is not a number.')


def gases_that_do_not_close(rows: Iterable[Published], tolerance: Decimal) -> list[Text]:
    """Activities whose CO2e is not the sum of CO2, CH4 and N2O (each in CO2e) within the tolerance."""
    groups: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        groups[row.activity, row.per][row.gas] = Decimal(row.value)
    found: list[Text] = []
    for (activity, per), gases in groups.items():
        if not {"kg CO2e", "kg CO2", "kg CH4", "kg N2O"} <= set(gases):
            continue
        parts = gases["kg CO2"] + gases["kg CH4"] + gases["kg N2O"]
        if abs(gases["kg CO2e"] - parts) > tolerance:
            found.append(
                Text(
                    f"{activity}（{per}）：CO2e {gases['kg CO2e']} 不等于各气体之和 {parts}；请对照原表。",
                    f"{activity} per {per}: CO2e {gases['kg CO2e']} is not the sum of its gases, {parts}; check it.",
                )
            )
    return found
