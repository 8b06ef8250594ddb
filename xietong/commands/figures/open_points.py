"""How the readings of open points are printed: what was asked, which reading is in force, what else there was."""

from collections.abc import Iterable, Mapping
from typing import Any

from xietong.calc.figures import Figure
from xietong.standard.text import Interpretation, interpretations
from xietong.texts import Language, Text


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


def reading_json(point: Interpretation, choices: Mapping[str, str], language: Language) -> dict[str, Any]:
    """One open point as plain values."""
    return {
        "id": point.id,
        "choice": point.choice,
        "in_force": point.in_force(choices),
        "options": list(point.options),
        "question": point.question.in_language(language),
        "alternatives": point.alternatives.in_language(language),
    }


HEAD = Text("标准没有写定、这里这样读的地方：", "What the standard leaves open, and how it is read here:")


def reading_lines(points: Iterable[Interpretation], choices: Mapping[str, str], language: Language) -> list[str]:
    """The open points as sentences under their heading; nothing where there are none."""
    told = [f"* {each.sentence(choices).in_language(language)} [{each.id}]" for each in points]
    return ["", HEAD.in_language(language), *told] if told else []
