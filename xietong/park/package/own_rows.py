"""Own factors and limits of a package held against what they must agree with: the other rows of the table, those that
the park has already, and the library of national limits. Rows in, rejections and remarks out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from xietong.calc.emission_limits import laxer_than_national
from xietong.calc.factor_rows import problem
from xietong.calc.factor_table import Refused, check_table
from xietong.park.fields import plain
from xietong.park.package.cells import CellError
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import Rejection, Row, rejection

_KEY = TABLES["factors"].key
_NAMES = {column.attribute: column.name for column in TABLES["factors"].columns}


def stated(row: Row) -> dict[str, str]:
    """A row of factors.csv as plain words, column by column."""
    return {_NAMES[name]: _word(value) for name, value in row.values.items() if name in _NAMES}


def _word(value: object) -> str:
    if value is None:
        return ""
    return plain(value) if isinstance(value, Decimal) else str(value)


def contradicting(rows: Sequence[Row], held: Iterable[Mapping[str, str]]) -> Iterator[tuple[Row, Rejection]]:
    """The rows of a factors.csv that contradict an earlier one of it, or one that the park has and it does not restate.

    held: the park's own factors in force, as the registry states them.
    """
    sheet = [stated(row) for row in rows]
    restated = {_slot(each) for each in sheet}
    before = [each for each in held if _slot(each) not in restated and problem(each) is None]
    for refused in check_table([*before, *sheet])[1]:
        place = refused.place - len(before)
        if place >= 0 and refused.against >= 0:
            row = rows[place]
            yield row, _rejected(row, refused, _other(refused.against, before, rows))


def _slot(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row.get(_NAMES[name], "") for name in _KEY)


def _other(place: int, before: Sequence[Mapping[str, str]], rows: Sequence[Row]) -> tuple[str, str]:
    """The row it contradicts, in both languages."""
    if place >= len(before):
        number = rows[place - len(before)].number
        return f"第 {number} 行", f"row {number}"
    held = before[place]
    said = f"{held['value']} {held['unit']}, {held['source']}, {held.get('valid_from') or '…'}"
    return f"已载入的一行（{said}；新行接替旧行时，把旧行写上 valid_to 一并载入）", (
        f"a row loaded before ({said}; where the new one follows it, load the old one with it, given a valid_to)"
    )


def _rejected(row: Row, refused: Refused, other: tuple[str, str]) -> Rejection:
    zh = f"{refused.text.zh.rstrip('。')}；与之冲突的是{other[0]}，只用了那一行"
    en = f"{refused.text.en.rstrip('.')}; it contradicts {other[1]}, which was used"
    return row.reject(refused.column, refused.rule, zh, en)


def unproved(row: Row) -> Iterator[Rejection]:
    """Remarks on an own factor that was loaded but does not go before a built-in one."""
    if row.values["approval"] == "proposed":
        yield row.reject(
            "approval",
            "not_approved",
            "系数待批，已载入但不采用，仍按内置系数计算；批准用 xietong factors approve",
            "the factor is proposed: it was loaded but is not used, the built-in one counts; "
            "approve it with xietong factors approve",
        )
    elif not row.values["evidence"]:
        yield row.reject(
            "evidence",
            "no_evidence",
            "系数没有凭证，已载入但不优先于内置系数；请在 evidence 写明化验报告、发票等凭证后再载入",
            "the factor has no evidence: it was loaded but does not go before a built-in one; "
            "name the report or invoice under evidence and load it again",
        )


def lax(row: Row) -> Iterator[Rejection]:
    """A remark on a limit that is laxer than the national standard it names."""
    said = laxer_than_national(row.values)
    if said is not None:
        error = CellError("laxer_than_national", said.zh.rstrip("。"), said.en.rstrip("."))
        yield rejection(row.file, row.number, "value", row.cells.get("value", ""), error)
