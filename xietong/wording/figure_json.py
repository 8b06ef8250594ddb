"""A figure as plain values and as one line: what the commands print with --json, and what programs get."""

from typing import Any

from xietong.accounting.figures.cautions import carried
from xietong.calc.engine.names import title_of
from xietong.calc.figures import Figure
from xietong.texts import Language


def figure_json(key: str, figure: Figure, language: Language, group: str = "") -> dict[str, Any]:
    """One figure as plain values; one of several named amounts has them as its lines (group: the key above a line)."""
    lines = [figure_json(line.key, line, language, key) for line in named_amounts(figure)]
    return {
        "key": key,
        "title": title_of(figure, group).in_language(language),
        "value": figure.value,
        "unit": figure.unit,
        "status": figure.status,
        "clause": figure.clause,
        "missing": [reason.in_language(language) for reason in figure.missing],
        "remarks": [remark.in_language(language) for remark in dict.fromkeys((*figure.remarks, *carried(figure)))],
        **({"lines": lines} if figure.kind == "items" else {}),
        **received_json(figure),
    }


def received_json(figure: Figure) -> dict[str, Any]:
    """How much of a group's amount came: units that reported whole of all that were due, the share of what was due and
    by last year's amounts; of a figure with an estimate for the absent, how much of it is estimated."""
    trace = figure.trace
    shares = {name: float(trace[f"coverage_{name}"]) for name in ("number", "weight") if f"coverage_{name}" in trace}
    found: dict[str, Any] = {}
    if "coverage_units" in trace:
        found["coverage"] = {"units": trace["coverage_units"], **shares}
    if "estimated_share" in trace:
        found["estimated_share"] = float(trace["estimated_share"])
    return found


def named_amounts(figure: Figure) -> tuple[Figure, ...]:
    """The lines of a figure of several named amounts that were due; none of any other."""
    if figure.kind != "items":
        return ()
    return tuple(line for line in figure.inputs if line.status != "not_applicable")


def amount_of(figure: Figure) -> str:
    """The value with its unit, all the digits that matter."""
    return "—" if figure.value is None else f"{figure.value:.10g} {figure.unit}".rstrip()
