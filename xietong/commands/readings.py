"""How the readings of open points are printed: what was asked, which reading is in force, what else there was."""

from collections.abc import Iterable, Mapping
from typing import Any

from xietong.calc.figures import Figure
from xietong.commands.asking import said
from xietong.standard.text import Interpretation, interpretations
from xietong.texts import Text


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


HEAD = Text("标准没有写定、这里这样读的地方：", "What the standard leaves open, and how it is read here:")


def reading_lines(points: Iterable[Interpretation], choices: Mapping[str, str], language: str) -> list[str]:
    """The open points as sentences under their heading; nothing where there are none."""
    told = [f"* {said(reading_sentence(each, choices), language)} [{each.id}]" for each in points]
    return ["", said(HEAD, language), *told] if told else []


def reading_sentence(point: Interpretation, choices: Mapping[str, str]) -> Text:
    """What an open point asks, the reading in force, and what else there was or can be chosen.

    A point of a park's choice names the key and the values of park.toml; any other states its own reading.
    """
    other, question = point.alternatives, point.question
    if not point.choice:
        return Text(f"{question.zh}未取：{other.zh}。", f"{question.en} Not taken: {other.en}.")
    taken = point.in_force(choices)
    word, rest = point.word_of(taken), [each for each in point.options if each != taken]
    rest = [each for each in rest if each.partition(":")[0] != taken.partition(":")[0]]
    named = [(point.word_of(each), each) for each in rest]
    return Text(
        f"{question.zh}现取：{word.zh}（{point.choice} = {taken}）；"
        f"也可选：{'、'.join(f'{each.zh}（{key}）' if each.zh != key else key for each, key in named)}。",
        f"{question.en} Taken: {word.en} ({point.choice} = {taken}); "
        f"can be chosen: {', '.join(f'{each.en} ({key})' if each.en != key else key for each, key in named)}.",
    )
