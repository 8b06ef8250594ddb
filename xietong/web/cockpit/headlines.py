"""The sentence above a chart: the finding, computed, in the page's language. A chart's drawing is in charts."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext, gettext_lazy

from xietong.calc.figures import Figure
from xietong.calc.rounding import share_apart
from xietong.texts import Language
from xietong.web.cockpit.model import AmountMonths, Panel, Year
from xietong.wording.charts import IndexLine
from xietong.wording.numbers import change, show
from xietong.wording.words import spoken, title_of

_SAME = 0.0005


def _amount(figure: Figure, language: Language) -> str:
    return str(show(figure.value or 0, figure.unit, language))


def amount_headline(months: AmountMonths, language: Language) -> str:
    """What the months of an amount add up to, beside the year before."""
    title = spoken(title_of(months.amount), language)
    if months.amount.value is None:
        return gettext("%(title)s没有数值，原因见依据。") % {"title": title}
    told = {"title": title, "amount": _amount(months.amount, language)}
    if months.change is None:
        return gettext("%(title)s %(amount)s，没有可比的上年数据。") % told
    ratio = months.change.ratio
    told["percent"] = change(abs(ratio)).lstrip("+")
    if abs(ratio) < _SAME:
        said = gettext("%(title)s %(amount)s，与上年同期持平。") % told
    elif ratio < 0:
        said = gettext("%(title)s %(amount)s，比上年同期少 %(percent)s。") % told
    else:
        said = gettext("%(title)s %(amount)s，比上年同期多 %(percent)s。") % told
    return said if months.change.whole else f"{said}{gettext('（数据不完整）')}"


def joint_headline(lines: Sequence[IndexLine], base_is_last_year: bool) -> str:
    """Whether the subjects fell together, and by how much against the base."""
    means = [(line.name, _mean(line)) for line in lines]
    known = [(name, mean) for name, mean in means if mean is not None]
    if not known:
        return gettext("月度数据不足，不能放在一起比较。")
    listed = gettext("、").join(f"{name} {change(mean / 100 - 1)}" for name, mean in known)
    if not base_is_last_year:
        return gettext("没有上年数据，以当年月均为 100：看三者是否同起同落。")
    if all(mean < 100 for _, mean in known):
        return gettext("与上年月均相比一起下降：%(listed)s。") % {"listed": listed}
    if all(mean >= 100 for _, mean in known):
        return gettext("与上年月均相比一起上升：%(listed)s。") % {"listed": listed}
    return gettext("与上年月均相比有升有降：%(listed)s。") % {"listed": listed}


def _mean(line: IndexLine) -> float | None:
    known = [number for number in line.numbers if number is not None]
    return sum(known) / len(known) if known else None


STATE_WORDS: Mapping[str, object] = {
    "met": gettext_lazy("达到目标"),
    "basic": gettext_lazy("达到基本要求"),
    "short": gettext_lazy("未达基本要求"),
    "missed": gettext_lazy("未达目标"),
    "undecided": gettext_lazy("数据不全，不能认定"),
    "unset": gettext_lazy("未设目标"),
    "none": gettext_lazy("无数值"),
}


def road(panel: Panel, year: Year, language: Language) -> str:
    """The road to the year's end: where the months gone lead to, or how the year ended against its target."""
    if not year.is_over:
        return _projected(panel.amounts[0], year, language)
    bound = panel.goal.target if panel.goal else None
    if not bound or panel.judged.value is None:
        return gettext("全年已结束，没有设目标。") if bound is None else ""
    gap = share_apart(abs(panel.judged.value / bound - 1), 0.0).replace("%", " %")
    if panel.judged.value <= bound:
        return gettext("全年已结束，比目标低 %(gap)s。") % {"gap": gap}
    return gettext("全年已结束，比目标高 %(gap)s。") % {"gap": gap}


def _projected(months: AmountMonths, year: Year, language: Language) -> str:
    if months.projection is None:
        return ""
    told = {
        "gone": year.months_gone,
        "amount": str(show(months.projection, months.amount.unit, language)),
        "title": spoken(title_of(months.amount), language),
    }
    return gettext("已过 %(gone)s 个月；余下各月照旧，%(title)s全年约 %(amount)s。") % told
