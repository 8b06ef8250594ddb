"""Prices 价格口径: output and added value at current prices, or at those of a base year by the park's price index.

The index is a factor like any other, dated and sourced (purpose price_index, key = the base year, 1 = the base year's
prices); without one the value is missing and says so, for current prices in its place would be a different number.
"""

from collections.abc import Mapping
from dataclasses import replace

from xietong.accounting.books.consolidation import Books
from xietong.accounting.factors.in_force import choices_of, day_of, factor_book
from xietong.calc.engine.engine import calculate
from xietong.calc.figures import Figure
from xietong.calc.items import item
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

VALUES = ("output_value", "added_value")
_KEY = "value_at_constant_price"
_CURRENT = Text("现价", "at current prices")


def at_chosen_prices(books: Books, subject: Subject, period: Period, found: Mapping[str, Figure]) -> dict[str, Figure]:
    """Output and added value of a subject at the prices that the park chose, each with the conversion below it."""
    base = base_year(books.registry.choices)
    return {
        name: figure if figure.value is None else _priced(books, subject, period, figure, base)
        for name in VALUES
        if (figure := found.get(name)) is not None
    }


def base_year(choices: Mapping[str, str]) -> int | None:
    """The base year of constant prices; None where the park chose current ones."""
    prices, _, year = choices.get("price", "current").partition(":")
    return int(year) if prices == "constant" else None


def _priced(books: Books, subject: Subject, period: Period, figure: Figure, base: int | None) -> Figure:
    if base is None:
        return replace(figure, remarks=(*figure.remarks, _CURRENT))
    first, last = period.start.year, day_of(period).year
    if first == last == base:
        same = Text(f"{base} 年价（基年，即现价）", f"at prices of {base}, the base year: current prices")
        return replace(figure, remarks=(*figure.remarks, same))
    if first != last:
        return replace(figure, value=None, status="missing", missing=(_spans_years(figure, period),))
    return _converted(books, subject, period, figure, base)


def _converted(books: Books, subject: Subject, period: Period, figure: Figure, base: int) -> Figure:
    label = item(figure.key).name
    current = Text(f"{label.zh}（现价）", f"{label.en} at current prices")
    inputs = {
        "value_at_current_price": replace(figure, key="value_at_current_price", title=current),
        "price_base_year": Figure("price_base_year", float(base), "", title=Text("可比价基年", "base year")),
    }
    registry = books.registry
    book = factor_book(registry, [subject.code])
    made = calculate([_KEY], inputs, book, day_of(period), choices_of(registry))[_KEY]
    told = Text(f"{base} 年可比价", f"at prices of {base}")
    return replace(
        made,
        key=figure.key,
        kind="input",
        clause="",
        title=label,
        formula=f"value_at_current_price / price_index['{base}']",
        inputs=tuple(each for each in made.inputs if each.key != "price_base_year"),
        remarks=(*figure.remarks, told),
    )


def _spans_years(figure: Figure, period: Period) -> Text:
    label = item(figure.key).name
    return Text(
        f"{period.label} 跨年，各年价格指数不同，{label.zh}不能一次折成可比价；请按年核算。",
        f"{period.label} reaches over several years with a price index each, so {label.en} cannot be brought to "
        "constant prices at once; ask for one year at a time.",
    )
