"""Cells: what people type becomes exact values, or a sentence."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.park.fields import plain
from xietong.park.package.cells import Amount, CellError, amount, decimal, instant, read, stated
from xietong.park.package.schema import TABLES

FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "value", "below"),
    [
        ("12.50", "12.5", None),
        (" 12.5 ", "12.5", None),
        ("12.5".translate(FULL_WIDTH), "12.5", None),
        ("+7", "7", None),
        (".5", "0.5", None),
        ("1.2e3", "1200", None),
        ("0", "0", None),
        ("<0.025", None, "0.025"),
        ("<0.025".translate(FULL_WIDTH), None, "0.025"),
        ("0.025L", None, "0.025"),
        ("ND", None, "0"),
        ("nd", None, "0"),
    ],
)
def test_amounts_as_people_write_them(text: str, value: str | None, below: str | None) -> None:
    expected = [None if each is None else Decimal(each) for each in (value, below)]
    assert amount(text) == Amount(*expected)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1,234", "thousands"),
        ("1,234".translate(FULL_WIDTH), "thousands"),
        ("12,5", "thousands"),
        ("1'234.5", "thousands"),
        ("12.5 t", "number"),
        ("12%", "number"),
        ("inf", "number"),
        ("nan", "number"),
        ("<", "number"),
        ("L", "number"),
        ("<-1", "negative"),
        ("-0.1", "negative"),
        ("1" * 26, "number"),
        ("1e99", "number"),
        ("1e-99", "number"),
    ],
)
def test_what_is_no_amount_says_why(text: str, rule: str) -> None:
    with pytest.raises(CellError) as refused:
        amount(text)
    assert refused.value.rule == rule


def test_a_thousands_separator_is_named_and_no_number_suggested() -> None:
    with pytest.raises(CellError, match="write it without separators"):
        decimal("1,234.5")


def test_a_reading_may_be_negative() -> None:
    assert stated("-5.5").value == Decimal("-5.5")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**11), max_value=10**11, places=6))
def test_a_decimal_survives_its_text(value: Decimal) -> None:
    assert decimal(plain(value)) == value
    assert plain(decimal(plain(value))) == plain(value)
    assert "E" not in plain(value)


@given(st.text(max_size=12))
def test_no_text_brings_the_reader_down(text: str) -> None:
    found = None
    with suppress(CellError):
        found = amount(text)
    assert found is None or (found.value is None) != (found.below is None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-14T07:00", datetime(2025, 3, 13, 23, tzinfo=UTC)),
        ("2025-03-14 07:00:30", datetime(2025, 3, 13, 23, 0, 30, tzinfo=UTC)),
        ("2025-03-14T07:00+08:00", datetime(2025, 3, 13, 23, tzinfo=UTC)),
        ("2025-03-14T07:00:00Z", datetime(2025, 3, 14, 7, tzinfo=UTC)),
    ],
)
def test_times_are_park_time_unless_they_say_otherwise(text: str, expected: datetime) -> None:
    assert instant(text, SHANGHAI) == expected


@pytest.mark.parametrize("text", ["14/03/2025 07:00", "20250314", "2025-02-30T00:00", "0225-03-14T07:00", "7 o'clock"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="2025-03-14T07:00"):
        instant(text, SHANGHAI)


@pytest.mark.parametrize("table", ["subjects", "points"])
@pytest.mark.parametrize(
    ("code", "is_taken"),
    [
        ("E/1", False),
        ("E\\1", False),
        (".", False),
        ("..", False),
        ("E.1", True),
        ("甲厂-1#", True),
        ("a%2Fb?&;~", True),
    ],
)
def test_a_code_is_one_that_an_address_can_carry(table: str, code: str, is_taken: bool) -> None:
    column = TABLES[table].column("code")
    if is_taken:
        assert read(column, code, SHANGHAI) == code
        return
    with pytest.raises(CellError, match="address"):
        read(column, code, SHANGHAI)
