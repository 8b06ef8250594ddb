"""Estimates for the absent 缺报估算: beside a group's received sum, never inside it, what its absent units are likely
to have had: what the utility's list says of them, else last year's amount times the trend of their sector.

See docs/decisions/0012. Nothing here enters a figure that is shown without the word; a unit of which nothing is known
of last year is named and not guessed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from xietong.accounting.amounts import Amount
from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.sources.statement_figures import name_stated, stated_item
from xietong.accounting.sources.statements import spans_of
from xietong.calc.figures import Figure
from xietong.calc.keys import group_of
from xietong.park.nouns import ReportedAmount, Subject
from xietong.periods import Period
from xietong.readings import MILLIONTH
from xietong.texts import Text

# What one side buys is what the other side sells.
_PENDANTS: Mapping[str, str] = {
    "electricity_purchased": "electricity_sold",
    "heat_purchased": "heat_sold",
    "steam_purchased": "steam_sold",
}
_COMPLETE = ("ok", "estimated")
_LACKING = ("missing", "partial")


class Trend(NamedTuple):
    """How an item moved since last year: the ratio, of how many units, and whose they are (sector's name or park's)."""

    ratio: Decimal
    units: int
    whose: str


class Estimate(NamedTuple):
    """What is added for one absent unit: its exact amount (None where nothing is known) and the line that shows how."""

    unit: Subject
    exact: Decimal | None
    figure: Figure


def estimates(books: Books, group: Subject, name: str, period: Period) -> tuple[Estimate, ...]:
    """One estimate for each unit of a group whose amount of an item is absent or incomplete; none where all came."""
    if group.kind not in GROUPS or books.amount(group.code, name, period).figure.status not in _LACKING:
        return ()
    key = ("estimates", group.code, name, period)
    return books.keep(key, lambda: tuple(_estimates(books, group, name, period)))


def any_estimate(books: Books, group: Subject, period: Period) -> bool:
    """Whether anything at all can be estimated for a group's absent units: cheaper than to compute it all again."""
    return any(each.exact is not None for name in books.names for each in estimates(books, group, name, period))


def _estimates(books: Books, group: Subject, name: str, period: Period) -> Iterable[Estimate]:
    for unit in books.boundary.units(group.code):
        if unit.kind == "outlet" and books.boundary.works_of(unit) is not None:
            continue
        if books.amount(unit.code, name, period).figure.status in _LACKING:
            yield _of_unit(books, unit, name, period)


def with_estimate(books: Books, group: Subject, name: str, period: Period) -> Amount:
    """A group's amount with the estimates for its absent units, marked as estimated; as it is where there are none."""
    received, found = books.amount(group.code, name, period), estimates(books, group, name, period)
    added = sum((each.exact for each in found if each.exact is not None), Decimal(0))
    if not found or all(each.exact is None for each in found):
        return received
    exact = (received.exact or Decimal(0)) + added
    unknown = [each for each in found if each.exact is None]
    share = added / exact if exact else Decimal(0)
    figure = replace(
        received.figure,
        value=float(exact),
        unit=received.figure.unit or found[0].figure.unit,
        status="partial" if unknown else "estimated",
        inputs=(received.figure, *(each.figure for each in found)),
        formula="收到 received + Σ 估算 estimated",
        missing=tuple(reason for each in unknown for reason in each.figure.missing),
        remarks=(_said(name, received, found, share),),
        trace={**received.figure.trace, "estimated_share": f"{share:.6f}"},
    )
    return received._replace(exact=exact, figure=figure)


def with_added(part: Amount | None, estimate: Estimate) -> Amount:
    """An amount with one unit's estimate added to it; the estimate alone where there is none."""
    line, added = estimate.figure, estimate.exact or Decimal(0)
    if part is None:
        return Amount(line, added)
    exact = (part.exact or Decimal(0)) + added
    inputs = (part.figure, line)
    figure = replace(part.figure, value=float(exact), unit=line.unit, status="estimated", inputs=inputs, missing=())
    return part._replace(exact=exact, figure=figure)


def _said(name: str, received: Amount, found: Iterable[Estimate], share: Decimal) -> Text:
    known = [each for each in found if each.exact is not None]
    unit = known[0].figure.unit
    came = "—" if received.exact is None else f"{float(received.exact):.6g}"
    added = sum((each.exact or Decimal(0) for each in known), Decimal(0))
    zh = "、".join(
        f"{each.unit.name} {float(each.exact or 0):.6g}（{each.figure.formula.partition(' ')[0]}）" for each in known
    )
    en = ", ".join(
        f"{each.unit.name_en or each.unit.name} {float(each.exact or 0):.6g} ({each.figure.formula})" for each in known
    )
    label = name_stated(name)
    return Text(
        f"{label.zh}收到 {came} {unit}，另为缺报者估算 {float(added):.6g} {unit}，占 {share:.2%}：{zh}。",
        f"{label.en}: {came} {unit} came, {float(added):.6g} {unit} ({share:.2%}) is estimated for the absent: {en}.",
    )


# ---- one unit ----


def _of_unit(books: Books, unit: Subject, name: str, period: Period) -> Estimate:
    """The unit's lacking spans, each by the utility's list or last year's; the period where last year had no months."""
    spans = spans_of(period)
    lacking = [span for span in spans if books.amount(unit.code, name, span).figure.status in _LACKING] or list(spans)
    found = [_of_span(books, unit, name, span) for span in lacking]
    if all(each is not None for each in found):
        lines = [each for each in found if each is not None]
    else:
        whole = _of_span(books, unit, name, period) if len(lacking) == len(spans) else _share(books, unit, name, period)
        lines = [whole] if whole is not None else []
    if not lines:
        return Estimate(unit, None, _nothing_known(unit, name, period))
    exact = sum((amount for amount, _ in lines), Decimal(0))
    figures = tuple(figure for _, figure in lines)
    methods = " / ".join(dict.fromkeys(figure.formula for figure in figures))
    line = Figure(
        unit.code,
        float(exact),
        figures[0].unit,
        "estimated",
        title=Text(f"{unit.name}（估算）", f"{unit.name_en or unit.name} (estimated)"),
        formula=methods,
        inputs=figures,
        trace={"subject": unit.code, "item": name, "period": period.label},
    )
    return Estimate(unit, exact, line)


Line = tuple[Decimal, Figure]


def _of_span(books: Books, unit: Subject, name: str, span: Period) -> Line | None:
    """What is to be added for one span of a unit: less what came of it."""
    came = books.amount(unit.code, name, span).exact or Decimal(0)
    listed = _listed(books, unit, name, span)
    if listed is not None:
        amount, figures = listed
        return _line(name, span, (max(Decimal(0), amount - came), "账单清单 utility's list"), figures)
    before = books.amount(unit.code, name, span.previous_year())
    if before.exact is None or before.figure.status not in _COMPLETE:
        return None
    trend = _trend(books, unit, name, span)
    if trend is None:
        return None
    exact = max(Decimal(0), (before.exact * trend.ratio).quantize(MILLIONTH) - came)
    return _line(name, span, (exact, _METHOD), (_last_year(before.figure, span), _trend_line(trend)))


_METHOD = "上年量×趋势 last year × trend"


def _line(name: str, span: Period, of: tuple[Decimal, str], inputs: tuple[Figure, ...]) -> Line:
    exact, method = of
    unit = inputs[0].unit or stated_item(name).unit
    title = Text(span.label, span.label)
    return exact, Figure(name, float(exact), unit, "estimated", title=title, formula=method, inputs=inputs)


def _share(books: Books, unit: Subject, name: str, period: Period) -> Line | None:
    """Where last year is known as a whole only: that much of it as is lacking now."""
    whole = _of_span(books, unit, name, period)
    part = books.amount(unit.code, name, period)
    if whole is None or not part.due or part.exact is None:
        return None
    before = books.amount(unit.code, name, period.previous_year()).exact or Decimal(0)
    trend = _trend(books, unit, name, period)
    ratio = trend.ratio if trend else Decimal(1)
    exact = (before * ratio * (1 - part.received / part.due)).quantize(MILLIONTH)
    return exact, replace(whole[1], value=float(exact), formula=f"{_METHOD} × 缺报份额 share lacking")


def _last_year(figure: Figure, span: Period) -> Figure:
    label = span.previous_year().label
    return replace(figure, key="last_year", title=Text(f"上年同期 {label}", f"last year, {label}"))


def _trend_line(trend: Trend) -> Figure:
    title = Text(f"{trend.whose}{trend.units} 家同比", f"change of {trend.units} units of {trend.whose}")
    return Figure("trend", float(trend.ratio), "1", "estimated", kind="factor", title=title)


def _nothing_known(unit: Subject, name: str, period: Period) -> Figure:
    label = name_stated(name)
    reason = Text(
        f"{unit.name}的{label.zh}缺报，也没有上年量或账单清单可据以估算；请催报 {period.label}。",
        f"{label.en} of {unit.name_en or unit.name} is absent and neither last year's amount nor a utility's list "
        f"allows an estimate; ask for {period.label}.",
    )
    title = Text(unit.name, unit.name_en or unit.name)
    trace = {"subject": unit.code, "item": name, "period": period.label}
    return Figure(unit.code, None, stated_item(name).unit, "missing", title=title, missing=(reason,), trace=trace)


# ---- the utility's list ----


def _listed(books: Books, unit: Subject, name: str, span: Period) -> tuple[Decimal, tuple[Figure, ...]] | None:
    """What others billed to the unit for the span: rows of another subject that name it as counterparty."""
    rows: Mapping[str, list[ReportedAmount]] = books.keep("utility list", lambda: _by_counterparty(books))
    wanted = {name, _PENDANTS.get(name, name)}
    fitting = [
        row
        for row in (*rows.get(unit.code, ()), *rows.get(unit.name, ()))
        if row.subject != unit.code and group_of(row.item) in wanted and span.contains(row.period)
    ]
    leaves = [books.statements.leaf(row) for row in fitting]
    values = [leaf.exact for leaf in leaves if leaf.exact is not None]
    covered = sum((row.period.end - row.period.start for row in fitting), span.end - span.end)
    if not values or covered < span.end - span.start:
        return None
    return sum(values, Decimal(0)), tuple(leaf.figure for leaf in leaves)


def _by_counterparty(books: Books) -> dict[str, list[ReportedAmount]]:
    found: dict[str, list[ReportedAmount]] = defaultdict(list)
    for row in books.registry.reported:
        if row.counterparty:
            found[row.counterparty].append(row)
    return found


# ---- trends ----


def _trend(books: Books, unit: Subject, name: str, span: Period) -> Trend | None:
    """The trend of the unit's sector, of those in it that came whole in both years; else of the park; else None."""
    for sector in dict.fromkeys((unit.sector, "")):
        found = books.keep(("trend", sector, name, span), partial(_moved, books, sector, name, span))
        if found is not None:
            return found
    return None


def _moved(books: Books, sector: str, name: str, span: Period) -> Trend | None:
    now, before, count = Decimal(0), Decimal(0), 0
    for unit in books.boundary.units(books.registry.park.code):
        if sector and unit.sector != sector:
            continue
        pair = [books.amount(unit.code, name, each) for each in (span, span.previous_year())]
        if any(part.exact is None or part.figure.status not in _COMPLETE for part in pair):
            continue
        now, before, count = now + (pair[0].exact or 0), before + (pair[1].exact or 0), count + 1
    return Trend(now / before, count, sector or books.registry.name) if before > 0 else None


def label_of(name: Text) -> Text:
    """What a figure with an estimate is called."""
    return Text(f"{name.zh}（含缺报估算）", f"{name.en} (with an estimate for the absent)")
