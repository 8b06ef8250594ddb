"""How 环比, 同比 and 累计同比 of a figure are printed: as a line for a reader, and as plain values."""

from typing import Any

from xietong.accounting.trends import Change, Trend
from xietong.commands.asking import said

_NAMES = (("环比", "previous"), ("同比", "year"), ("累计同比", "cumulative"))


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


def trend_line(of: Trend, language: str) -> str:
    """The three changes and the sum so far on one line; a dash with its reason where there is none."""
    so_far = of.cumulative.now
    total = "—" if so_far.value is None else f"{so_far.value:.10g} {so_far.unit}".rstrip()
    partial = "" if so_far.status in ("ok", "estimated", "not_applicable") else f"（{so_far.status}）"
    told = [f"{name} {_ratio(getattr(of, attribute), language)}" for name, attribute in _NAMES]
    return "  ".join([*told, f"累计 {total}{partial}"])


def _ratio(change: Change | None, language: str) -> str:
    if change is None:
        return "—"
    reason = change.reason
    return f"{change.ratio:+.2%}" if reason is None else f"—（{said(reason, language)}）"
