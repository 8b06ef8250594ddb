"""How a number is written for a reader: as many digits as mean something, 万 and 亿 or thousands by language.

No markup lives here; templatetags put the parts on the page. Rounding is for the eye only: what is computed on never
passes through here.
"""

import math
import re
from datetime import timedelta
from typing import NamedTuple

from xietong.calc.rounding import told_apart
from xietong.texts import Language, Text

SIGNIFICANT_DIGITS = 4
_YI, _WAN = 1e8, 1e4
_SCALED_ALREADY = re.compile(r"/|%|万|亿|10\^|^1?$|^h$|^pH$|℃")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_BOTH = (("10^4m3", "万m³"), ("m3", "m³"), ("CO2", "CO₂"))
_ENGLISH = (
    ("10^4m3", "10⁴ m³"),
    ("m3", "m³"),
    ("CO2", "CO₂"),
    ("亿元", "100 M CNY"),
    ("万元", "10k CNY"),
    ("元", "CNY"),
    ("污染当量", "pollution eq."),
    ("万", "10⁴ "),
    ("件", "pcs"),
    ("台", "units"),
)


class Shown(NamedTuple):
    """A number ready to be read: its digits, and its unit with the scale in it."""

    text: str
    unit: str

    def __str__(self) -> str:
        return f"{self.text} {self.unit}".strip()


def unit_name(unit: str, language: Language) -> str:
    """The unit as a reader of that language writes it: m3 → m³, 万元 → 10k CNY."""
    if unit == "1":
        return ""
    for written, read in _BOTH if language == "zh" else _ENGLISH:
        unit = unit.replace(written, read)
    return unit


def digits(value: float, unit: str = "", against: float | None = None) -> str:
    """The digits that mean something: four of them, whole numbers whole, per cent to one place; more where another
    number that it is held against would read the same.

    99.97 % is never rounded up to a full 100 %.
    """
    plain = _digits(value, unit)
    if against is None or math.isclose(value, against, rel_tol=1e-9) or _digits(against, unit) != plain:
        return plain
    return told_apart(value, against)[0]


def _digits(value: float, unit: str) -> str:
    if value == 0:
        return "0"
    if unit == "%":
        near_full = 99.95 <= value < 100
        return f"{math.floor(value * 100) / 100:.2f}" if near_full else f"{value:,.1f}"
    if abs(value) < _WAN and abs(value - round(value)) < 1e-9:
        return f"{round(value):,}"
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}") if abs(value) < _WAN else value
    magnitude = math.floor(math.log10(abs(rounded)))
    if magnitude < -5:
        mantissa = rounded / 10**magnitude
        return f"{mantissa:.3g}×10{str(magnitude).translate(_SUPERSCRIPTS)}"
    return f"{rounded:,.{max(0, SIGNIFICANT_DIGITS - 1 - magnitude)}f}"


def scale(largest: float, unit: str, language: Language) -> tuple[float, str]:
    """The divisor and the unit in which numbers up to `largest` are best read together."""
    if unit == "万元":
        return _money_scale(largest, language)
    if language == "zh" and not _SCALED_ALREADY.search(unit):
        for size, word in ((_YI, "亿"), (_WAN, "万")):
            if abs(largest) >= size:
                return size, f"{word} {unit_name(unit, language)}"
    return 1.0, unit_name(unit, language)


def _money_scale(largest: float, language: Language) -> tuple[float, str]:
    if language == "en":
        return 100.0, "million CNY"
    return (_WAN, "亿元") if abs(largest) >= _WAN else (1.0, "万元")


def show(value: float, unit: str, language: Language, against: float | None = None) -> Shown:
    """One number with its unit; against: what it is compared with, from which its digits must tell it."""
    divisor, name = scale(value, unit, language)
    other = None if against is None else against / divisor
    return Shown(digits(value / divisor, unit, other).replace("-", "−"), name)


def in_scale_of(value: float, beside: float, unit: str, language: Language) -> str:
    """The digits of a number in the scale of another one beside it, so that one shown unit holds for both, and as many
    as tell the two apart."""
    divisor, _name = scale(beside, unit, language)
    return digits(value / divisor, unit, beside / divisor).replace("-", "−")


def exact(value: float, unit: str, language: Language) -> Shown:
    """One number with seven digits and no scale, for a reader with a calculator."""
    divisor, name = (100.0, "million CNY") if (unit, language) == ("万元", "en") else (1.0, unit_name(unit, language))
    number = value / divisor
    magnitude = 0 if number == 0 else math.floor(math.log10(abs(number)))
    if magnitude < -5:
        return Shown(digits(number), name)
    text = f"{number:,.{max(0, 6 - magnitude)}f}"
    return Shown((text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−"), name)


def change(ratio: float) -> str:
    """A relative change in per cent with its sign; a true minus, so that columns line up."""
    percent = ratio * 100
    text = f"{abs(percent):.1f} %"
    if text == "0.0 %":
        return text
    return ("+" if percent > 0 else "−") + text


def aligned(value: float, largest: float) -> str:
    """The digits of a number in a column of a ledger: as many decimals as give the largest seven digits, no scale."""
    magnitude = 0 if not largest else math.floor(math.log10(abs(largest)))
    text = f"{value:,.{min(6, max(0, 6 - magnitude))}f}"
    return "0" if not value else text.replace("-", "−")


_AGES = (
    (timedelta(days=2), timedelta(days=1), Text("{} 天前", "{} days ago")),
    (timedelta(hours=2), timedelta(hours=1), Text("{} 小时前", "{} hours ago")),
    (timedelta(minutes=2), timedelta(minutes=1), Text("{} 分钟前", "{} minutes ago")),
)


def age(past: timedelta, language: Language) -> str:
    """How long ago, in the largest unit that gives at least two; a negative age is a clock that runs ahead."""
    for least, step, words in _AGES:
        if past >= least:
            return words.in_language(language).format(int(past / step))
    seconds = max(0, int(past.total_seconds()))
    return Text("{} 秒前", "{} s ago").in_language(language).format(seconds)
