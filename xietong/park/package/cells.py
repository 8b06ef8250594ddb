"""One cell of a sheet becomes one value, or a sentence that says why not. Knows types, not tables."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from xietong.detection import limit_in
from xietong.park.package.schema import Column
from xietong.periods import Period, PeriodError, is_skipped
from xietong.texts import Text
from xietong.units import UnitError, canonical


class CellError(Exception):
    """A cell that cannot be used: the rule it breaks and the sentence for the person who typed it."""

    def __init__(self, rule: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.rule, self.text = rule, Text(zh, en)


class Amount(NamedTuple):
    """An amount as stated: the number, or None with the detection limit it lies below (0 where none was stated)."""

    value: Decimal | None
    below: Decimal | None = None


Value = str | int | float | bool | Decimal | Amount | date | datetime | None

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}([,' _]\d{3})+(\.\d+)?|.*\d,\d.*")
_SERIAL = re.compile(r"[2-7]\d{4}(\.\d+)?")
SOURCES = ("hj212:", "mqtt:", "modbus:", "opcua:")
MOST_DIGITS, MOST_DECIMALS = 25, 12


def tidy(text: str) -> str:
    """Full-width digits, signs and letters as their plain ones; no space around."""
    return unicodedata.normalize("NFKC", text).strip()


def decimal(text: str) -> Decimal:
    """A plain decimal number; raises CellError for anything else, thousands separators included."""
    text = tidy(text).replace("−", "-")
    if not NUMBER.fullmatch(text):
        if THOUSANDS.fullmatch(text):
            raise CellError(
                "thousands",
                "数字里有逗号之类的分隔符，看不出是千位还是小数，不能猜；请核对原始凭证，写成不带分隔符的数，小数点用“.”",
                "the number has a comma or such in it, and nobody can tell thousands from decimals; look at the "
                "original document and write it without separators, with “.” as decimal point",
            )
        raise CellError(
            "number", "不是数字；请只写数字，如 12.5", "it is not a number; write digits only, such as 12.5"
        )
    value = Decimal(text)
    if len(value.as_tuple().digits) > MOST_DIGITS or (value and value.adjusted() >= MOST_DIGITS):
        raise CellError(
            "number",
            f"数字超过 {MOST_DIGITS} 位，不可能是真实数量；请核对",
            f"the number has more than {MOST_DIGITS} digits, which no real amount has; check it",
        )
    if value and value.adjusted() < -MOST_DECIMALS:
        raise CellError(
            "number",
            f"数字太小，小数点后前 {MOST_DECIMALS} 位都是零，不可能是真实数量；请核对数值和单位",
            f"the number is too small: its first {MOST_DECIMALS} decimals are zeros, which no real amount has; check "
            "it and its unit",
        )
    return value


def stated(text: str) -> Amount:
    """A number, or `<0.025`, `0.025L`, `ND` for below detection; raises CellError otherwise."""
    text = tidy(text)
    limit = limit_in(text)
    return Amount(decimal(text)) if limit is None else Amount(None, decimal(limit))


def amount(text: str) -> Amount:
    """As `stated`, and not negative; raises CellError otherwise."""
    found = stated(text)
    if (found.value or 0) < 0 or (found.below or 0) < 0:
        raise CellError(
            "negative",
            "数量为负；数量和检出限都不会小于零，请核对符号（调减请改写原行）",
            "the amount is negative, which an amount cannot be; check the sign, and correct the original row instead",
        )
    return found


def _boolean(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
    if text.lower() not in known:
        raise CellError("boolean", "不是“是/否”；请写 true 或 false", "it is neither true nor false; write one of them")
    return known[text.lower()]


def _whole(text: str, low: int, high: int) -> int:
    value = decimal(text)
    if value != value.to_integral_value() or not low <= value <= high:
        raise CellError(
            "integer",
            f"不是 {low} 到 {high} 的整数；请核对",
            f"it is not a whole number from {low} to {high}; check it",
        )
    return int(value)


def _date(text: str) -> date:
    wrong = CellError("date", "不是日期；请写成 2025-03-14", "it is not a date; write it as 2025-03-14")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise wrong
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong from None


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 date and time as an instant (UTC): park time unless an offset is written; raises CellError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None and _SERIAL.fullmatch(text):
        raise CellError(
            "instant",
            "像是 Excel 的日期序号而不是时刻；请把这一列设成日期时间格式后存盘，再导入",
            "it looks like a date as Excel counts it and not like a time; give the column a date format, save it, and "
            "import it again",
        )
    if at is None or not re.match(r"(19|2[01])\d{2}-\d{2}-\d{2}", text):
        raise CellError(
            "instant",
            "不是时刻；请写成 2025-03-14T07:00（园区时间）或 2025-03-14T07:00+08:00",
            "it is not a date and time; write 2025-03-14T07:00 (park time) or 2025-03-14T07:00+08:00",
        )
    if at.tzinfo is None and is_skipped(at, zone):
        raise no_such_time()
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def no_such_time() -> CellError:
    """A park time over which clocks go forward."""
    return CellError(
        "no_such_time",
        "这一天时钟拨快，没有这个时刻，不知道它是哪一刻；请写明时区偏移（如 +02:00）后再导入",
        "clocks go forward over this time, so the park's day has none such and nobody can say which instant it is; "
        "write it with its offset (such as +02:00) and import it again",
    )


# How a period is written in Chinese, and how a spreadsheet or a supplier writes a month.
_CHINESE = re.compile(
    r"(?P<year>(?:19|20|21)\d\d)(?:年(?P<part>第?[一二三四1-4]季度|[上下]半年)?|[年/]?(?P<month>0[1-9]|1[0-2]|(?<=[年/])[1-9])月?份?)"
)
_PARTS = {"一": "Q1", "二": "Q2", "三": "Q3", "四": "Q4", "上": "H1", "下": "H2"}


def _in_digits(text: str) -> str:
    """2025年3月, 2025/3 and 202503 as 2025-03; 2025年一季度 as 2025-Q1; any other text as it is."""
    found = _CHINESE.fullmatch(text)
    if found is None:
        return text
    if found["month"]:
        return f"{found['year']}-{int(found['month']):02d}"
    part = (found["part"] or "").removeprefix("第")[:1]
    return f"{found['year']}-{_PARTS.get(part) or f'Q{part}'}" if part else found["year"]


def _period(text: str) -> str:
    try:
        return Period.parse(_in_digits(text)).label
    except PeriodError as error:
        raise CellError(
            "period",
            "不是期间；请写成 2025、2025-H1、2025-Q1、2025-03、2025-01..2025-06 或 2025-03-14",
            "it is not a period; write 2025, 2025-H1, 2025-Q1, 2025-03, 2025-01..2025-06 or 2025-03-14",
        ) from error


def _unit(text: str) -> str:
    try:
        return canonical(text)
    except UnitError as error:
        raise CellError(
            "unit",
            "单位表中没有这个单位，数值无法换算；请改用单位表中的单位，如 kWh、t、m3、mg/m3、万元",
            "the table of units has no such unit, so the value cannot be converted; "
            "use one of its names, such as kWh, t, m3, mg/m3 or 万元",
        ) from error


def _source(text: str) -> str:
    device = text.startswith("hj212:") and text.count("/") == 2
    if text == "sheet" or device or text.startswith(SOURCES[1:]):
        return text
    raise CellError(
        "source",
        "来源不认识，这个点将收不到数据；"
        "请写 sheet、hj212:MN/编码/字段、mqtt:主题#路径、modbus:设备/名称 或 opcua:服务器/名称",
        "no such source is known, so the point would receive nothing; "
        "write sheet, hj212:MN/code/field, mqtt:topic#path, modbus:DEVICE/name or opcua:SERVER/name",
    )


def _text(text: str) -> str:
    if any(unicodedata.category(each) == "Cc" and each not in "\t\r\n" for each in text):
        raise CellError("text", "含控制字符；请删去", "it holds control characters; delete them")
    return text


def _code(text: str) -> str:
    if any(each.isspace() or each in ',"' for each in _text(text)):
        raise CellError("code", "代码含空白、逗号或引号；请删去", "the code holds a space, comma or quote; take it out")
    return text


def _address(text: str) -> str:
    """A code that is a step of an address: of a subject or a point."""
    if _code(text) in (".", "..") or any(each in "/\\" for each in text):
        raise CellError(
            "code",
            "代码含“/”或“\\”，或只是点，网址里写不下，它的页面打不开；请换成“-”等字符",
            "the code holds / or \\, or is nothing but dots, which an address cannot carry, so its pages could not be "
            "opened; use another character, such as -",
        )
    return text


def _bounded(text: str, low: int, high: int) -> float:
    value = float(decimal(text))
    if not low <= value <= high:
        raise CellError("range", f"不在 {low} 到 {high} 之间；请核对", f"it is not between {low} and {high}; check it")
    return value


_READERS: Mapping[str, Callable[[str], Value]] = {
    "code": _code,
    "address": _address,
    "item": _code,
    "text": _text,
    "unit": _unit,
    "source": _source,
    "boolean": lambda text: _boolean(tidy(text)),
    "integer": lambda text: _whole(text, 0, 2_000_000_000),
    "small": lambda text: _whole(text, 0, 366),
    "year": lambda text: _whole(text, 1900, 2200),
    "decimal": decimal,
    "amount": amount,
    "float": lambda text: _bounded(text, -180, 180),
    "date": lambda text: _date(tidy(text)),
    "period": lambda text: _period(tidy(text)),
}


def _choice(column: Column, text: str) -> str | int:
    found = tidy(text)
    if found not in column.values:
        allowed = "、".join(column.values), ", ".join(column.values)
        raise CellError(
            "choice",
            f"不是可选的值；请从 {allowed[0]} 中选一个",
            f"it is not one of the values allowed; choose one of {allowed[1]}",
        )
    return int(found) if column.name == "sign" else found


def read(column: Column, text: str, zone: ZoneInfo) -> Value:
    """The value of one cell by its column's kind; empty gives the default, else None ("" for words).

    Raises CellError where the cell cannot be used.
    """
    text = text.strip() or column.default
    if not text:
        if column.required:
            raise CellError(
                "required",
                "是空的，这一行没有它就不能用（缺失不等于零）；请补填",
                "it is empty and the row means nothing without it (missing is not zero); fill it in",
            )
        return "" if column.kind in ("code", "address", "text", "item", "unit", "choice") else None
    if len(text) > column.most:
        raise CellError(
            "length",
            f"有 {len(text)} 个字符，最多 {column.most} 个；请缩短",
            f"it has {len(text)} characters and may have {column.most}; shorten it",
        )
    if column.kind == "choice":
        return _choice(column, text)
    if column.kind == "instant":
        return instant(tidy(text), zone)
    return _READERS[column.kind](text)
