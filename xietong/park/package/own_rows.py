"""Own factors and limits of a package held against what they must agree with: the other rows of the table, those that
the park has already, and the library of national limits. Rows in, rejections and remarks out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from xietong.calc.factors.classes import AWAITING, PROPOSED, factor_classes, is_statutory, may_replace
from xietong.calc.factors.rows import problem
from xietong.calc.factors.table import Refused, check_table
from xietong.calc.judgement.emission_limits import laxer_than_national
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
    before = [_ended(each, sheet) for each in held if _slot(each) not in restated and problem(each) is None]
    for refused in check_table([*before, *sheet])[1]:
        place = refused.place - len(before)
        if place >= 0 and refused.against >= 0:
            row = rows[place]
            yield row, _rejected(row, refused, _other(refused.against, before, rows))


def successions(rows: Sequence[Row], held: Iterable[Mapping[str, str]]) -> Iterator[Rejection]:
    """Remarks on rows that follow one of the park's without an end, which ends the day before them; a row that such a
    one was ended by and that is stated without its end again keeps it."""
    known = list(held)
    for row in rows:
        words = stated(row)
        before = next((each for each in known if follows(words, each)), None)
        if before is not None:
            yield _succeeds(row, before)
        again = next((each for each in known if _slot(each) == _slot(words)), None)
        if again is not None and not words["valid_to"] and again["value"] == words["value"]:
            after = next((each for each in known if follows(each, words)), None)
            if after is not None and again["valid_to"] == after["valid_from"]:
                row.values["valid_to"] = date.fromisoformat(after["valid_from"])


def follows(new: Mapping[str, str], old: Mapping[str, str]) -> bool:
    """Whether a row with evidence succeeds an approved one that has no end: it is of the same thing, and later."""
    if any(new.get(name, "") != old.get(name, "") for name in _OF_ONE_THING):
        return False
    is_open = not old.get("valid_to") and old.get("approval") not in (AWAITING, PROPOSED)
    return is_open and bool(new.get("evidence")) and (new.get("valid_from") or "") > (old.get("valid_from") or "")


def _ended(row: Mapping[str, str], sheet: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """The park's row as it will stand when the first of its successors is in."""
    ends = sorted(each["valid_from"] for each in sheet if follows(each, row))
    return {**row, "valid_to": ends[0]} if ends else row


def _succeeds(row: Row, before: Mapping[str, str]) -> Rejection:
    day = row.cells.get("valid_from", "")
    old = f"{before['value']} {before['unit']}, {before['source']}, {before.get('valid_from') or '…'}"
    waits = row.values["approval"] == "proposed"
    zh = f"接替已载入的一行（{old}），该行用到 {day} 前一天" + (
        "；批准之前仍用该行" if waits else "；如不是接替，请核对"
    )
    en = f"it follows a row loaded before ({old}), which counts up to the day before {day}" + (
        "; until it is approved that row goes on counting" if waits else "; check it if that is not meant"
    )
    return row.reject("valid_from", "succeeds", zh, en)


_OF_ONE_THING = ("key", "purpose", "subject", "region")


def _slot(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row.get(_NAMES[name], "") for name in _KEY)


def _other(place: int, before: Sequence[Mapping[str, str]], rows: Sequence[Row]) -> tuple[str, str]:
    """The row it contradicts, in both languages."""
    if place >= len(before):
        number = rows[place - len(before)].number
        return f"第 {number} 行", f"row {number}"
    held = before[place]
    said = f"{held['value']} {held['unit']}, {held['source']}, {held.get('valid_from') or '…'}"
    return f"已载入的一行（{said}；新行接替旧行时，请写明凭证和更晚的起始日，旧行便到前一天为止）", (
        f"a row loaded before ({said}; where the new one follows it, name its evidence and a later first day, and the "
        "old one ends the day before)"
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
    elif is_statutory(row.values["purpose"]) or not may_replace(stated(row)):
        yield from _statutory(row)
    elif not row.values["evidence"]:
        yield row.reject(
            "evidence",
            "no_evidence",
            "系数没有凭证，已载入但不优先于内置系数；请在 evidence 写明化验报告、发票等凭证后再载入",
            "the factor has no evidence: it was loaded but does not go before a built-in one; "
            "name the report or invoice under evidence and load it again",
        )


def _statutory(row: Row) -> Iterator[Rejection]:
    """Remarks on an own row of a factor that law, ministry or edition sets."""
    set_by = factor_classes()[row.values["purpose"]].set_by
    if row.values["legal_basis"] and row.values["evidence"]:
        yield row.reject(
            "approval",
            "second_person",
            f"法定系数（{set_by.zh}）有第二人批准才采用；批准用 xietong factors approve，批准过而未改的照旧",
            f"a statutory factor ({set_by.en}) is used once a second person has approved it with xietong factors "
            "approve; one approved before and unchanged stays so",
        )
        return
    yield row.reject(
        "evidence" if row.values["legal_basis"] else "legal_basis",
        "statutory",
        f"这是法定系数（{set_by.zh}），没有写明法律依据和凭证，已载入但不替换内置系数；有法律或公告的请写明文号",
        f"this factor is statutory ({set_by.en}); without its legal basis and evidence it was loaded but does not "
        "replace the built-in one; name the law or notice and its number where there is one",
    )


def lax(row: Row) -> Iterator[Rejection]:
    """A remark on a limit that is laxer than the national standard it names."""
    said = laxer_than_national(row.values)
    if said is not None:
        error = CellError("laxer_than_national", said.zh.rstrip("。"), said.en.rstrip("."))
        yield rejection(row.file, row.number, "value", row.cells.get("value", ""), error)
