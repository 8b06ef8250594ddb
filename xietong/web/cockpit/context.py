"""The cockpit's context: models turned into what its templates print, with every value's way down to its working."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from xietong.accounting.figures.tables import CLAUSES
from xietong.calc.figures import Figure
from xietong.calc.indicators.pollutants import TABLE_3
from xietong.park.nouns import Registry
from xietong.texts import Language, Text
from xietong.web.cockpit import model
from xietong.web.cockpit.headlines import STATE_WORDS, amount_headline, joint_headline, road
from xietong.web.cockpit.model import AmountMonths, Panel, Row, Year
from xietong.web.months.deadlines import Owed
from xietong.web.shell.links import figure_href
from xietong.wording.charts import IndexLine, chart_table, index_chart, indexed, month_mean, month_names, partials
from xietong.wording.numbers import digits
from xietong.wording.places import full_name
from xietong.wording.words import name_of, spoken, title_of

CAPTIONS: Mapping[int, Text] = {
    1: Text("减污降碳协同控制主要指标", "main indicators of coordinated control"),
    2: Text("能源利用监测指标", "monitoring of energy use"),
    3: Text("污染物排放监测指标", "monitoring of pollutant emissions"),
    4: Text("碳排放监测指标", "monitoring of carbon emissions"),
    5: Text("协同管控绩效评估指标", "performance evaluation"),
}
_JOINT = (
    ("energy", gettext_lazy("能源"), "comprehensive_energy_consumption"),
    ("carbon", gettext_lazy("碳"), "carbon_emission_total"),
    ("air", gettext_lazy("大气污染物"), "nox_emission"),
    ("water", gettext_lazy("水污染物"), "cod_emission"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose page this is: the park, the subject in it, its year's figures and the reader's language."""

    registry: Registry
    subject: str
    year: Year
    language: Language

    def href(self, key: str) -> str:
        """The working of one of the subject's figures."""
        return figure_href(self.subject, key, self.year.span)


def columns(place: Place, panels: Iterable[Panel]) -> list[dict[str, Any]]:
    """The three columns as their template wants them."""
    return [
        {
            "css": panel.plan.css,
            "title": panel.plan.title,
            "judged": panel.judged,
            "judged_change": panel.change,
            "href": place.href(panel.plan.judged),
            "bar": panel.bar,
            "target": panel.goal,
            "road": road(panel, place.year, place.language),
            "charts": [_chart(place, months) for months in panel.amounts],
        }
        for panel in panels
    ]


def _chart(place: Place, months: AmountMonths) -> dict[str, Any]:
    year = place.year.year
    return {
        "id": f"chart-{months.css}",
        "href": place.href(months.amount.key),
        "headline": amount_headline(months, place.language),
        "option": months.option,
        "twin": months.twin,
        "heads": [str(year), str(year - 1)],
        "unit": months.amount.unit,
        "largest": _largest(months.twin),
        "source": _source(months),
        "locale": place.language.upper(),
    }


def _largest(twin: list[dict[str, Any]]) -> float:
    return max((abs(number) for line in twin for number in line["numbers"] if number is not None), default=0.0)


def _source(months: AmountMonths) -> str:
    told = {"clause": months.amount.clause}
    if months.has_last_year:
        return gettext("依据条款 %(clause)s 核算；灰线为上年。") % told
    return gettext("依据条款 %(clause)s 核算。") % told


def joint_chart(place: Place) -> dict[str, Any]:
    """Energy, carbon and pollutants on one axis, the base year's mean month = 100."""
    year = place.year
    has_last = any(month_mean(year.months_before_of(key)) for _, _, key in _JOINT)
    lines = []
    for css, name, key in _JOINT:
        this, last = year.months_of(key), year.months_before_of(key)
        base = month_mean(last) if has_last else month_mean(this)
        numbers = indexed([*last, *this] if has_last else this, base)
        if any(number is not None for number in numbers):
            lines.append(IndexLine(str(name), f"--{css}", numbers, partials([*last, *this] if has_last else this)))
    months = month_names(place.language)
    names = [f"{year.year - 1} {month}" for month in months] if has_last else []
    names += [f"{year.year} {month}" for month in months]
    base_word = gettext("%(year)s 年月均 = 100") % {"year": year.year - 1 if has_last else year.year}
    this_year = [IndexLine(line.name, line.colour, line.numbers[-12:]) for line in lines]
    return {
        "id": "chart-joint",
        "headline": joint_headline(this_year, has_last),
        "option": index_chart(lines, names, base_word),
        "twin": chart_table({line.name: line.numbers for line in lines}, names),
        "heads": [line.name for line in lines],
        "unit": "",
        "largest": None,
        "source": gettext("各线以 %(base)s；空心点的月份数据不完整，缺数据的月份断开。") % {"base": base_word},
        "locale": place.language.upper(),
    }


def table(place: Place, number: int, rows: Iterable[Row]) -> dict[str, Any]:
    """One of tables 1 to 5 as its template wants it."""
    return {
        "number": number,
        "caption": CAPTIONS[number],
        "note": gettext("条款 %(clause)s") % {"clause": CLAUSES[number]},
        "rows": [_line(place, row) for row in rows],
    }


def _line(place: Place, row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "figure": row.figure,
        "href": place.href(row.key),
        "target": row.judged,
        "against": row.judged.target if row.judged else None,
        "state": row.state,
        "word": str(STATE_WORDS[row.state]),
        "reason": row.figure.missing[0] if row.figure.value is None and row.figure.missing else None,
        "spark": row.spark,
        "spark_label": gettext("%(title)s逐月走势") % {"title": spoken(title_of(row.figure), place.language)},
    }


def pollutant_table(place: Place, rows: Iterable[Row]) -> dict[str, Any]:
    """Table 3, a line a pollutant: the keys that share its name stand beside each other."""
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        pollutant = next(name for name in TABLE_3 if row.key.startswith(f"{name}_"))
        line = lines.setdefault(pollutant, {"name": name_of(pollutant), "key": pollutant})
        ending = row.key.removeprefix(f"{pollutant}_")
        line[ending] = _line(place, row)
    for line in lines.values():
        line["outlet"] = _outlet(place, line)
        if line["outlet"]:
            line["highest_outlet"]["against"] = line["outlet"]["limit_value"]
    context = table(place, 3, ())
    return context | {
        "pollutants": list(lines.values()),
        "is_outlet": any("concentration" in each for each in lines.values()),
    }


def _outlet(place: Place, line: dict[str, Any]) -> dict[str, Any] | None:
    """Which outlet the highest concentration belongs to, its limit, and whether an exceedance was judged there.

    A limit on daily means may stand below the highest hour without any exceedance.
    """
    highest: Figure | None = line["highest_outlet"]["figure"] if "highest_outlet" in line else None
    if highest is None or highest.value is None or "limit" not in highest.trace:
        return None
    hours = line["exceedance_hours"]["figure"].value
    above = highest.value > float(highest.trace["limit"])
    return {
        "name": full_name(place.registry, highest.trace["subject"]),
        "limit": digits(float(highest.trace["limit"]), against=highest.value),
        "limit_value": float(highest.trace["limit"]),
        "is_above": above and bool(hours),
        "is_daily": above and not hours,
    }


def mover_lines(place: Place, found: Iterable[model.Mover]) -> list[dict[str, Any]]:
    """Movers with the way to their working."""
    return [{"figure": each.figure, "change": each.change, "href": place.href(each.figure.key)} for each in found]


MOST_OWED, MOST_OWED_FOLDED, MOST_ITEMS = 3, 21, 3


def owed_lines(place: Place, owed: Iterable[Owed], today: date) -> dict[str, Any]:
    """What the subject and those below it owe: due this week, overdue of the year shown, overdue of other years."""
    below = {each.code for each in place.registry.below(place.subject)}
    mine = [each for each in owed if each.subject in below]
    late = [each for each in mine if each.is_overdue(today)]
    shown = [each for each in late if each.period.start.year == place.year.year]
    return {
        "has_due_list": any(each.subject in below for each in place.registry.expected),
        "soon": _owed_fold(place, [each for each in mine if not each.is_overdue(today)]),
        "late": _owed_fold(place, shown),
        "late_items": sum(len(each.items) for each in shown),
        "late_elsewhere": sum(len(each.items) for each in late) - sum(len(each.items) for each in shown),
    }


def _owed_fold(place: Place, owed: list[Owed]) -> dict[str, Any]:
    lines = [_owed_line(place, each) for each in owed[:MOST_OWED_FOLDED]]
    return {"first": lines[:MOST_OWED], "rest": lines[MOST_OWED:], "more": len(owed) - len(lines)}


def _owed_line(place: Place, owed: Owed) -> dict[str, Any]:
    return {
        "subject": full_name(place.registry, owed.subject),
        "period": owed.period.label,
        "due": owed.due.isoformat(),
        "items": [
            {"name": name_of(item), "href": figure_href(owed.subject, item, owed.period)}
            for item in owed.items[:MOST_ITEMS]
        ],
        "more": max(0, len(owed.items) - MOST_ITEMS),
    }
