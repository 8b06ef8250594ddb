"""Numbers, texts and small pictures for templates; how a number is written is decided in wording.numbers."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.translation import gettext

from xietong.calc.figures import Figure
from xietong.texts import Text
from xietong.web.shell.languages import reading_language
from xietong.wording import numbers, words
from xietong.wording.charts import SPARK_HEIGHT, SPARK_WIDTH, Sparkline

register = template.Library()


@register.filter
def text(pair: Text | None) -> str:
    """A Text in the page's language."""
    return words.spoken(pair, reading_language()) if pair else ""


@register.filter
def said(verdict: dict[str, Any]) -> str:
    """The sentence of a verdict on a typed row."""
    return words.spoken(Text(**verdict["sentence"]), reading_language())


@register.filter
def name(figure: Figure) -> str:
    """What a figure is called."""
    return words.spoken(words.title_of(figure), reading_language())


@register.filter
def status_word(status: str) -> str:
    """The word of a figure's status."""
    return words.term("status", status).in_language(reading_language())


@register.filter
def unit(written: str) -> str:
    """A unit as the reader writes it."""
    return numbers.unit_name(written, reading_language())


@register.filter
def change(ratio: float) -> str:
    """A relative change in per cent with its sign."""
    return numbers.change(ratio)


@register.filter
def ago(past: timedelta) -> str:
    """An age in words."""
    return numbers.age(past, reading_language())


@register.filter
def count(number: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}"


@register.filter
def moment(at: datetime) -> str:
    """An instant that is already in park time, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


@register.simple_tag
def bare(value: float | None, of_unit: str, beside: float | None) -> str:
    """A number without its unit, in the scale (万, 亿) of the number beside it whose unit is shown; a dash for none."""
    return (
        "—"
        if value is None
        else numbers.in_scale_of(value, value if beside is None else beside, of_unit, reading_language())
    )


@register.simple_tag
def scaled_unit(of_unit: str, largest: float | None) -> str:
    """The unit in which numbers up to the largest are written."""
    return numbers.scale(largest or 0.0, of_unit, reading_language())[1]


@register.inclusion_tag("web/_amount.html")
def amount(
    value: float | None, of_unit: str, href: str = "", status: str = "ok", against: float | str | None = None
) -> dict[str, Any]:
    """A number with its unit, a link to its working where `href` is given; ≈ and italics for an estimate; against: what
    it is compared with, "" where the template has nothing."""
    other = against if isinstance(against, int | float) else None
    shown = None if value is None else numbers.show(value, of_unit, reading_language(), other)
    return {"shown": shown, "href": href, "status": status, "dash": gettext("无数值，点开看原因")}


@register.inclusion_tag("web/_exact.html")
def exact(value: float | None, of_unit: str) -> dict[str, Any]:
    """A number with seven digits, for a reader with a calculator."""
    return {"shown": None if value is None else numbers.exact(value, of_unit, reading_language())}


@register.simple_tag
def aligned(value: float | None, largest: float | None) -> str:
    """A number in a column of a ledger; a dash for none."""
    return "—" if value is None else numbers.aligned(value, largest or 0.0)


@register.inclusion_tag("web/_sparkline.html")
def spark(line: Sparkline | None, label: str) -> dict[str, Any]:
    """Twelve months in a word-sized picture."""
    return {"spark": line, "width": SPARK_WIDTH, "height": SPARK_HEIGHT, "label": label}
