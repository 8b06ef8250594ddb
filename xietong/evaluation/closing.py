"""What is kept of a year's evaluation when it is closed: its verdict as it was given, and the figures it judged with
their whole working. Closing itself is a verb of accounting."""

from collections.abc import Mapping, Sequence
from typing import Any

from xietong.accounting.closed.reports import Basis, document
from xietong.evaluation.evaluation import as_json, evaluate
from xietong.periods import Period


def evaluation_document(basis: Basis, subject: str, period: Period) -> dict[str, Any]:
    """The document of a year's evaluation; figures go under "SUBJECT KEY". Raises UnknownNameError."""
    answer = evaluate(basis.registry, basis.lake, subject, period.start.year)
    found = {f"{line.subject} {line.judged.key}": line.figure for line in (*answer.lines, *answer.below)}
    return document("evaluation", basis, subject, period, found, evaluation=_as_text(as_json(answer)))


def _as_text(value: object) -> object:
    """Plain values with every float as the shortest text that reads back as the same number."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {name: _as_text(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_as_text(each) for each in value]
    return value
