"""`xietong evaluate`: a year against its targets, with the grade in three readings of clause 7.4."""

import argparse
import json
from typing import Any

from xietong.accounting.closed.reports import BrokenReportError, in_force, opened
from xietong.accounting.figures.account import UnknownNameError
from xietong.calc.judgement.grade import GRADE_NAMES
from xietong.calc.rounding import told_apart
from xietong.cli import UsageError
from xietong.commands.closed.reports import (
    add_deed_arguments,
    add_revision_arguments,
    close,
    reopen,
    row_json,
    show,
)
from xietong.commands.figures.open_points import reading_json, reading_lines, readings_at
from xietong.commands.terminal.asking import add_asking_arguments, lake_in_use, registry_in_use, unknown
from xietong.commands.terminal.columns import padded, to_the_right
from xietong.commands.terminal.excluding import refuse_beside, refuse_together, refuse_without
from xietong.evaluation import Evaluation, as_json, evaluate
from xietong.evaluation.closing import evaluation_document
from xietong.evaluation.evaluation import Line
from xietong.periods import Period
from xietong.standard.text import terms
from xietong.texts import Language, Text
from xietong.wording.words import spoken

EVALUATING = "7."
HEADS = (
    Text("指标（* 主要指标）", "indicator (* main)"),
    Text("实际", "actual"),
    Text("目标", "target"),
    Text("基本要求", "basic"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose year."""
    add_asking_arguments(parser)
    parser.add_argument("--year", metavar="Y", help="年度 · the year")
    parser.add_argument("--close", action="store_true", help="封存这一年的评估 · keep this evaluation for good")
    parser.add_argument("--reopen", action="store_true", help="重开已封存的评估 · reopen the closed evaluation")
    parser.add_argument("--closed", action="store_true", help="显示已封存的评估 · show what is closed")
    add_deed_arguments(parser)
    add_revision_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison, the grades, what is weak and what to do; or close, reopen and show what is closed."""
    _check(arguments)
    year = Period.year(int(arguments.year)) if arguments.year else None
    if arguments.closed:
        return show(arguments, "evaluation", year)
    if year is None:
        raise UsageError("请写明年度，如 --year 2025 · name the year, such as --year 2025")
    if arguments.close:
        return close(arguments, year, evaluation_document)
    if arguments.reopen:
        return reopen(arguments, "evaluation", year)
    return _print_evaluation(arguments)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse a year that is none, and options that exclude each other or say nothing alone."""
    if arguments.year is not None and not (arguments.year.isdecimal() and len(arguments.year) == 4):
        raise UsageError(f"“{arguments.year}”不是年度，请写成 2025 · is no year, write 2025")
    verbs = ("close", "reopen", "closed")
    refuse_together(arguments, verbs)
    for verb in verbs:
        refuse_beside(arguments, verb, ("as_of",))
    refuse_without(arguments, ("person", "reason"), ("close", "reopen"))
    refuse_without(arguments, ("revision", "difference"), ("closed",))
    refuse_without(arguments, ("revision", "difference"), ("year",))


def _print_evaluation(arguments: argparse.Namespace) -> int:
    registry = registry_in_use(arguments.lang, arguments.as_of)
    subject = arguments.subject or registry.park.code
    try:
        answer = evaluate(registry, lake_in_use(registry, arguments.as_of), subject, int(arguments.year))
    except UnknownNameError as error:
        raise unknown(error, arguments.lang) from error
    points = readings_at(EVALUATING)
    closed = _closed_beside(subject, arguments.year, arguments.lang)
    if arguments.json:
        told = [reading_json(each, registry.choices, arguments.lang) for each in points]
        beside = {"closed": closed} if closed else {}
        print(json.dumps({**as_json(answer), **beside, "readings": told}, ensure_ascii=False, indent=1))
    else:
        if closed:
            print(
                f"已封存 closed：第 {closed['revision']} 版，{closed['person']}，{closed['reason']}，{closed['grade']}"
            )
        own = registry.subjects[subject]
        _print(answer, arguments.lang, own.name if arguments.lang == "zh" else own.name_en or own.name)
        print("\n".join(reading_lines(points, registry.choices, arguments.lang)))
    return 0


def _closed_beside(subject: str, year: str, language: Language) -> dict[str, Any]:
    """The closed evaluation that stands, to be named beside the fresh one; {} where none does."""
    row = in_force("evaluation", subject, year)
    if row is None:
        return {}
    try:
        document = opened(row).document
    except BrokenReportError as error:
        raise UsageError(error.text.in_language(language)) from error
    return {**row_json(row), "grade": document["evaluation"]["grade"]}


def _print(answer: Evaluation, language: Language, whose: str) -> None:
    print(
        f"{answer.subject} {whose} {answer.year}: {GRADE_NAMES[answer.grades[answer.rule].grade].in_language(language)}"
    )
    for rule, graded in answer.grades.items():
        reason = spoken(graded.reason, "zh" if language == "zh" else "en")
        named = padded(terms()["grade"][rule].in_language(language), 18)
        print(f"  {named}{padded(GRADE_NAMES[graded.grade].in_language(language), 20)}{reason}")
    print(_row(("", "", *(head.in_language(language) for head in HEADS), "")))
    for line in (*answer.lines, *answer.below):
        print(_line(line, language))
    for weakness in answer.weak:
        print(f"! {weakness.sentence.in_language(language)}")
    for remark in answer.remarks:
        print(f"* {remark.in_language(language)}")
    for advice in answer.advice:
        print(f"→ {advice.in_language(language)}")


def _line(line: Line, language: Language) -> str:
    judged = line.judged
    met = {True: "✓", False: "✗", None: "?"}
    actual, target, basic = told_apart(judged.actual, judged.target, judged.basic, digits=6, thousands="")
    mark = "*" if judged.main else " "
    targets = (f"{target} {met[judged.meets_target]}", f"{basic} {met[judged.meets_basic]}")
    return _row(
        (
            mark,
            line.subject,
            line.title.in_language(language),
            actual,
            *targets,
            f"{padded(judged.unit, 14)}{judged.key}",
        )
    )


def _row(cells: tuple[str, ...]) -> str:
    mark, subject, title, *numbers, unit = cells
    right = " ".join(to_the_right(each, 13) for each in numbers)
    return f"  {mark:<1} {padded(subject, 9)}{padded(title, 40)}{right}  {unit}".rstrip()
