"""How 环比, 同比 and 累计同比 of a figure are printed: as a line for a reader, and as plain values."""

from typing import Any

from xietong.accounting.figures.trends import Change, Trend
from xietong.standard.text import terms
from xietong.texts import Language, Text

_NAMES = (("环比", "previous"), ("同比", "year"), ("累计同比", "cumulative"))
_WORDS = {
    "previous": Text("环比", "on the span before"),
    "year": Text("同比", "on the year before"),
    "cumulative": Text("累计同比", "so far, on the year before"),
}


def trend_json(of: Trend) -> dict[str, Any]:
    """The changes of a figure as plain values, by 环比, 同比 and 累计同比; ratio 0.05 is 5 % more."""
    changes: dict[str, Change | None] = {name: getattr(of, name) for _, name in _NAMES}
    return {name: None if change is None else _change(change) for name, change in changes.items()}


def _change(change: Change) -> dict[str, Any]:
    reason = change.reason
    return {
        "period": change.period.label,
        "value": change.now.value,
        "status": change.now.status,
        "period_before": change.period_before.label,
        "value_before": change.before.value,
        "status_before": change.before.status,
        "ratio": change.ratio,
        "reason": None if reason is None else {"zh": reason.zh, "en": reason.en},
    }


def trend_line(of: Trend, language: Language) -> str:
    """The three changes and the sum so far on one line; a dash with its reason where there is none."""
    so_far = of.cumulative.now
    total = "—" if so_far.value is None else f"{so_far.value:.10g} {so_far.unit}".rstrip()
    state = terms()["status"][so_far.status]
    is_told = so_far.status in ("ok", "estimated", "not_applicable")
    told = [f"{word.in_language(language)} {_ratio(getattr(of, name), language)}" for name, word in _WORDS.items()]
    if language == "zh":
        return "  ".join([*told, f"累计 {total}{'' if is_told else f'（{state.zh}）'}"])
    return "  ".join([*told, f"so far {total}{'' if is_told else f' ({state.en})'}"])


def _ratio(change: Change | None, language: Language) -> str:
    if change is None:
        return "—"
    reason = change.reason
    if reason is None:
        return f"{change.ratio:+.2%}"
    return f"—（{reason.zh}）" if language == "zh" else f"— ({reason.en})"
