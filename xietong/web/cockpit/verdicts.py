"""The top line and the news of the cockpit: the grade with its reason, how complete the data are, what to look at."""

from typing import Any

from xietong.accounting.figures.account import Coverage
from xietong.evaluation import Evaluation
from xietong.evaluation.weakness import Weakness
from xietong.periods import Period
from xietong.texts import Language
from xietong.web.cockpit.context import Place
from xietong.web.shell.folding import Findings, folded
from xietong.web.shell.links import figure_href
from xietong.wording.numbers import digits
from xietong.wording.places import full_name
from xietong.wording.words import spoken, term

MOST_WEAK, MOST_ADVICE, MOST_ABSENT = 5, 2, 3


def verdict(evaluation: Evaluation, language: Language) -> dict[str, Any]:
    """The grade by the park's chosen reading of clause 7.4, its reason, and all three readings beside it."""
    readings = [
        {"name": spoken(term("grade", rule), language), "word": spoken(term("grade", graded.grade), language)}
        for rule, graded in evaluation.grades.items()
    ]
    return {
        "grade": evaluation.grade,
        "word": spoken(term("grade", evaluation.grade), language),
        "because": spoken(evaluation.reason, language),
        "readings": readings,
    }


def completeness(coverage: Coverage) -> dict[str, Any]:
    """How much of what was due came, as a share with its bar; a share of None where nothing was due."""
    if coverage.share is None:
        return {"text": "—", "width": "", "due": "", "received": ""}
    percent = coverage.share * 100
    return {
        "text": f"{digits(percent, '%')} %",
        "width": f"{min(100.0, max(0.0, percent)):.2f}",
        "due": digits(coverage.due),
        "received": digits(coverage.received),
    }


def findings(evaluation: Evaluation, place: Place) -> dict[str, Findings]:
    """What the evaluation found weak with the way to each figure, what it advises, and what did not come."""
    weak = (_weak_line(each, evaluation, place) for each in evaluation.weak if each.kind != "data")
    return {
        "weak": folded(weak, MOST_WEAK),
        "advice": folded(({"sentence": each} for each in evaluation.advice), MOST_ADVICE),
        "unjudged": folded(({"sentence": each} for each in evaluation.remarks), MOST_ADVICE),
        "absent": folded(({"sentence": each} for each in evaluation.coverage.absent), MOST_ABSENT),
    }


def _weak_line(weak: Weakness, evaluation: Evaluation, place: Place) -> dict[str, Any]:
    """A weak point in short: its figure beside its target and how much of that was reached; else its sentence.

    Hours above a limit are the subject's own figure, whose working names the outlets.
    """
    every = (*evaluation.lines, *evaluation.below)
    line = next((each for each in every if (each.subject, each.judged.key) == (weak.subject, weak.key)), None)
    if line is not None:
        whose = "" if weak.subject == place.subject else full_name(place.registry, weak.subject)
        href = figure_href(weak.subject, weak.key, Period.year(evaluation.year))
        reached = line.judged.completion
        percent = None if reached is None else f"{digits(reached * 100, '%')} %"
        return {"figure": line.figure, "whose": whose, "href": href, "goal": line.judged, "reached": percent} | {
            "sentence": weak.sentence,
            "kind": weak.kind,
        }
    own = place.year.whole.get(weak.key)
    if own is not None and own.value is not None:
        return {"figure": own, "href": place.href(weak.key), "sentence": weak.sentence, "kind": weak.kind}
    return {"sentence": weak.sentence, "href": figure_href(weak.subject, weak.key, Period.year(evaluation.year))}
