"""Numbers as a reader sees them, checked against what a person would write by hand."""

from datetime import timedelta

import pytest

from xietong.texts import Language
from xietong.wording.numbers import age, change, digits, in_scale_of, scale, show, unit_name


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (958_452.3, "tce", "95.85 万 tce", "958,452 tce"),
        (123_456_789.0, "m3", "1.235 亿 m³", "123,456,789 m³"),
        (9_876.6, "t", "9,877 t", "9,877 t"),
        (0.23456, "tce/万元", "0.2346 tce/万元", "0.2346 tce/10k CNY"),
        (25_000.0, "m3/万元", "25,000 m³/万元", "25,000 m³/10k CNY"),
        (2_345_678.0, "万元", "234.6 亿元", "23,457 million CNY"),
        (9_400.0, "万元", "9,400 万元", "94 million CNY"),
        (12.0, "h", "12 h", "12 h"),
        (0.0, "t", "0 t", "0 t"),
        (97.349, "%", "97.3 %", "97.3 %"),
        (-15_000.0, "tCO2e", "−1.500 万 tCO₂e", "−15,000 tCO₂e"),
    ],
)
def test_a_number_is_written_as_its_reader_writes_it(value: float, unit: str, zh: str, en: str) -> None:
    assert str(show(value, unit, "zh")) == zh
    assert str(show(value, unit, "en")) == en


def test_almost_full_is_never_shown_as_full() -> None:
    assert digits(99.996, "%") == "99.99"
    assert digits(100.0, "%") == "100.0"


@pytest.mark.parametrize(
    ("value", "text"),
    [(9.99996, "10.00"), (0.00012345, "0.0001234"), (1.2e-7, "1.2×10⁻⁷"), (31.0, "31"), (1234.56, "1,235")],
)
def test_four_digits_mean_something(value: float, text: str) -> None:
    assert digits(value) == text


def test_numbers_of_one_chart_share_one_scale() -> None:
    assert scale(123_456, "tCO2e", "zh") == (1e4, "万 tCO₂e")
    assert scale(123_456, "tCO2e", "en") == (1.0, "tCO₂e")


def test_a_target_is_written_in_the_scale_of_the_value_beside_it() -> None:
    assert in_scale_of(10_100, 9_900, "tce", "zh") == "10,100"
    assert in_scale_of(9_900, 10_100, "tce", "zh") == "0.9900"
    assert in_scale_of(9_900, 10_100, "tce", "en") == "9,900"


def test_units_have_a_name_in_each_language() -> None:
    assert unit_name("10^4m3", "zh") == "万m³"
    assert unit_name("污染当量/万元", "en") == "pollution eq./10k CNY"
    assert unit_name("1", "zh") == ""


@pytest.mark.parametrize(("ratio", "text"), [(0.0312, "+3.1 %"), (-0.0312, "−3.1 %"), (0.0001, "0.0 %")])
def test_a_change_carries_its_sign(ratio: float, text: str) -> None:
    assert change(ratio) == text


@pytest.mark.parametrize(
    ("seconds", "language", "text"),
    [
        (7, "zh", "7 秒前"),
        (119, "en", "119 s ago"),
        (180, "zh", "3 分钟前"),
        (3 * 3600, "en", "3 hours ago"),
        (4 * 86400, "zh", "4 天前"),
        (-5, "zh", "0 秒前"),
    ],
)
def test_an_age_is_told_in_the_unit_that_fits(seconds: int, language: Language, text: str) -> None:
    assert age(timedelta(seconds=seconds), language) == text
