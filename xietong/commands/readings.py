"""How the readings of open points are printed: what was asked, which reading is in force, what else there was."""

from collections.abc import Iterable, Mapping
from typing import Any

from xietong.calc.figures import Figure
from xietong.commands.asking import said
from xietong.standard.text import Interpretation, interpretations


def readings_of(figures: Iterable[Figure]) -> list[Interpretation]:
    """The open points of the park standard that bear on these figures, by what they and their inputs cite."""
    cited = {clause for figure in figures for clause in _clauses(figure)}
    return [each for each in interpretations() if cited.intersection(each.clauses)]


def readings_at(part: str) -> list[Interpretation]:
    """The open points of the clauses of one part of the park standard, such as "7."."""
    return [each for each in interpretations() if any(clause.startswith(part) for clause in each.clauses)]


def _clauses(figure: Figure) -> Iterable[str]:
    yield figure.clause
    yield from (child.clause for child in figure.inputs)


def reading_json(point: Interpretation, choices: Mapping[str, str], language: str) -> dict[str, Any]:
    """One open point as plain values."""
    return {
        "id": point.id,
        "choice": point.choice,
        "in_force": point.in_force(choices),
        "options": list(point.options),
        "question": said(point.question, language),
        "alternatives": said(point.alternatives, language),
    }


def reading_line(point: Interpretation, choices: Mapping[str, str], language: str) -> str:
    """One open point as a line: the reading in force, the other ones in brackets."""
    taken = point.in_force(choices)
    others = [each for each in point.options if each != taken]
    told = said(point.alternatives, language)
    beside = "; ".join([*others, *([told] if told else [])])
    named = f"{point.choice} = {taken}" if point.choice else taken
    return f"* {point.id}: {named}{f' ({beside})' if beside else ''}"
