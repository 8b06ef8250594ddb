"""What the pages of balances and of one total print: sheets, trades and reconciliations turned into headlines, rows and
links to the working of each number. No figure is made here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from xietong.accounting.balances.balance_sheet import MediumYear, Sheet, Side
from xietong.accounting.balances.one_total import Reconciliation, View
from xietong.accounting.balances.statistical import Steps
from xietong.accounting.balances.submeters import MeterCheck
from xietong.accounting.trade.inside_trade import Trade
from xietong.accounting.trade.media import Medium
from xietong.calc.engine.engine import RULES
from xietong.calc.figures import Figure
from xietong.calc.items import all_items
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.texts import Language
from xietong.web.shell.links import figure_href, subject_name
from xietong.wording.charts import months_chart
from xietong.wording.numbers import digits, show

MOST_LINES, MOST_REASONS = 6, 4
_COLOURS = {"water": "--water"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at what: the park, the subject, the period and the page's language."""

    registry: Registry
    subject: Subject
    period: Period
    language: Language

    def number(self, figure: Figure) -> str:
        """A figure's value with its unit, or a dash."""
        return "—" if figure.value is None else str(show(figure.value, figure.unit, self.language))

    def page(self, name: str, subject: str) -> str:
        """The page of that name for another subject and the same period."""
        return f"{reverse(name)}?{urlencode({'subject': subject, 'period': self.period.label})}"


def medium_section(reader: Reader, of: MediumYear) -> dict[str, Any]:
    """One medium: its finding, its months, its lines, its meters and its trade."""
    whole = of.whole
    sheets = (whole, *of.months)
    totals = [figure.value for sheet in (of.months or sheets) for figure in sheet.totals.values()]
    largest = max((abs(value) for value in totals if value is not None), default=0.0)
    sides = [side for side in whole.totals if any(each.totals[side].status != "not_applicable" for each in sheets)]
    has_residual = any(each.residual.status != "not_applicable" for each in sheets)
    return {
        "key": of.medium.key.replace(":", "-").replace(".", "-"),
        "css": "water" if of.medium.kind == "water" else "energy",
        "name": of.medium.name,
        "unit": of.medium.unit,
        "largest": largest,
        "status": whole.status,
        "headline": headline(reader, whole),
        "residual": whole.residual,
        "reasons": _reasons(whole),
        "heads": [whole.totals[side].title for side in sides],
        "rows": [_row(sheet, sides) for sheet in of.months],
        "sum": _row(whole, sides),
        "has_residual": has_residual,
        "is_open": has_residual or whole.status == "partial",
        "chart": _chart(reader, of),
        "sides": list(_sides(reader, of.medium, whole)),
        "meters": _meters(reader, whole.meters),
        "trade": _trade(reader, whole.trade),
        "memo": [_line(reader, of.medium, figure) for figure in whole.memo],
    }


def headline(reader: Reader, sheet: Sheet) -> str:
    """The finding of a balance as a sentence."""
    told = {"supply": reader.number(sheet.totals["supply"]), "residual": reader.number(sheet.residual)}
    if sheet.residual.value is not None:
        share = "—" if sheet.share.value is None else f"{digits(sheet.share.value, '%')} %".replace("-", "−")
        return gettext("供入 %(supply)s，差额 %(residual)s，占 %(share)s。") % {**told, "share": share}
    if sheet.status == "partial":
        return gettext("数据不全，不算差额。")
    return gettext("供入 %(supply)s；没有第二处计量，差额无从检验。") % told


def _reasons(sheet: Sheet) -> list[Any]:
    found = sheet.missing or sheet.residual.missing
    return [*found[:MOST_REASONS], *sheet.residual.remarks]


def _row(sheet: Sheet, sides: Iterable[Side]) -> dict[str, Any]:
    return {
        "label": sheet.period.label,
        "cells": [sheet.totals[side] for side in sides],
        "residual": sheet.residual,
        "share": sheet.share,
        "status": sheet.status,
    }


def _chart(reader: Reader, of: MediumYear) -> dict[str, Any] | None:
    """Twelve months: supply as bars, what is accounted for as the grey line; the gap between them is the residual."""
    if len(of.months) != 12 or of.months[0].period.start.month != 1:
        return None
    supply = [sheet.totals["supply"] for sheet in of.months]
    accounted = [_accounted(sheet) for sheet in of.months]
    colour = _COLOURS.get(of.medium.key, "--energy")
    return {
        "id": f"chart-{of.medium.key.replace(':', '-').replace('.', '-')}",
        "option": months_chart(supply, accounted, of.medium.unit, colour, reader.language),
        "locale": reader.language.upper(),
        "source": gettext("柱为供入；灰线为使用、外供与损失之和，两者之间是差额。"),
    }


def _accounted(sheet: Sheet) -> Figure:
    others = [sheet.totals[side] for side in ("use", "sold", "loss")]
    whole = [figure.value for figure in others if figure.value is not None]
    if not whole or any(figure.status == "missing" for figure in others):
        return replace(sheet.totals["supply"], value=None, status="missing")
    return replace(sheet.totals["supply"], value=sum(whole))


def _sides(reader: Reader, medium: Medium, sheet: Sheet) -> Iterable[dict[str, Any]]:
    for side, figures in sheet.lines.items():
        if figures:
            lines = [_line(reader, medium, figure) for figure in figures]
            lines.sort(key=lambda line: -abs(line["figure"].value or 0.0))
            yield {"total": sheet.totals[side], "first": lines[:MOST_LINES], "rest": lines[MOST_LINES:]}


def _line(reader: Reader, medium: Medium, figure: Figure) -> dict[str, Any]:
    return {"title": figure.title, "figure": figure, "href": _href(reader, medium, figure)}


def _href(reader: Reader, medium: Medium, figure: Figure) -> str:
    """Where a line is explained: a meter's page, a unit's own balance, or the working of the item behind it."""
    meter = figure.trace.get("meter")
    if meter:
        return f"{reverse('point', args=[meter])}?period={reader.period.label}"
    prefix, _, unit = figure.key.partition(":")
    if prefix == f"{medium.key}_use" and unit in reader.registry.subjects:
        return reader.page("balance", unit)
    key = figure.key if _is_known(figure.key) else _behind(medium, figure.key)
    return figure_href(reader.subject.code, key, reader.period) if key else ""


def _behind(medium: Medium, key: str) -> str:
    ending = key.removeprefix(f"{medium.key}_")
    bought = ("imported", "fence", "units_bought", "received", "burnt")
    return medium.bought if ending in bought else medium.sold.partition("#")[0] if ending == "exported" else ""


def _is_known(key: str) -> bool:
    return key in RULES or key.partition(":")[0] in all_items()


def _meters(reader: Reader, check: MeterCheck | None) -> dict[str, str] | None:
    if check is None:
        return None
    share = "—" if check.share.value is None else f"{digits(check.share.value, '%')} %".replace("-", "−")
    return {
        "head": reader.number(check.head),
        "subs": reader.number(check.subs),
        "rest": reader.number(check.rest),
        "share": share,
        "count": str(len(check.subs.inputs)),
    }


def _trade(reader: Reader, dealt: Trade | None) -> dict[str, Any] | None:
    if dealt is None or not dealt.is_checked:
        return None
    return {
        "sellers": [
            {
                "name": subject_name(each.subject, reader.language),
                "href": reader.page("balance", each.subject.code),
                "sold": each.sold.figure,
                "bought": each.bought.figure,
                "residual": each.residual.figure,
                "remarks": each.sold.figure.remarks,
            }
            for each in dealt.sellers
        ],
        "sold": dealt.sold.figure,
        "bought": dealt.bought.figure,
        "residual": dealt.residual.figure,
        "share": dealt.share,
        "reasons": dealt.residual.figure.missing[:MOST_REASONS],
    }


# ---- one total ----


def total_section(reader: Reader, found: Reconciliation) -> dict[str, Any]:
    """One total from both ends."""
    largest = max((abs(line.value or 0.0) for line in found.from_units.lines), default=0.0)
    return {
        "key": found.key,
        "css": "energy" if found.key.startswith("comp") else "carbon",
        "whole": found.whole,
        "href": figure_href(reader.subject.code, found.key, reader.period),
        "headline": _total_headline(reader, found),
        "unit": found.whole.unit,
        "largest": largest,
        "views": [_view(view) for view in (found.from_units, found.from_fence)],
        "units": [_unit(reader, found, figure) for figure in _by_size(found.units)],
        "reasons": found.whole.missing[:MOST_REASONS],
    }


def _total_headline(reader: Reader, found: Reconciliation) -> str:
    total = reader.number(found.whole)
    differences = [view.difference.value for view in (found.from_units, found.from_fence)]
    if None in differences:
        return gettext("数据不全，不能勾稽。")
    moved = sum(abs(line.value or 0.0) for line in found.from_units.lines if line.key.startswith("inside"))
    inside = str(show(moved, found.whole.unit, reader.language))
    if any(differences):
        return gettext("总量 %(total)s，两种算法之间有差额，见下。") % {"total": total}
    return gettext("总量 %(total)s，从各单位和从边界算得相同；内部转移 %(inside)s 只计一次。") % {
        "total": total,
        "inside": inside,
    }


def _view(view: View) -> dict[str, Any]:
    return {"title": view.title, "lines": view.lines, "result": view.result, "difference": view.difference}


def _by_size(units: Sequence[Figure]) -> list[Figure]:
    return sorted(units, key=lambda figure: -abs(figure.value or 0.0))


def _unit(reader: Reader, found: Reconciliation, figure: Figure) -> dict[str, Any]:
    return {
        "title": figure.title,
        "figure": figure,
        "href": figure_href(figure.trace["subject"], found.key, reader.period),
    }


def steps_section(way: Steps) -> dict[str, Any]:
    """The way to the statistical figure."""
    largest = max(abs(figure.value or 0.0) for figure in (way.platform, way.statistical, *way.beside))
    return {
        "platform": way.platform,
        "steps": way.steps,
        "end": way.statistical,
        "beside": way.beside,
        "largest": largest,
    }
