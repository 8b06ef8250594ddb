"""What the worked cases reach: enough of them, every indicator, every factor table, every reading of the standard."""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from xietong.calc.engine import engine
from xietong.calc.engine.engine import Rule
from xietong.calc.engine.rule_packs import rule_pack
from xietong.calc.engine.rules import TABLES
from xietong.calc.factors.rows import UNIT_OF_PURPOSE
from xietong.calc.figures import Figure
from xietong.calc.judgement.worked import run_case, variants
from xietong.standard.text import interpretations, standards

ROOT = Path(__file__).parents[2]
FACTORS = ROOT / "xietong" / "calc" / "factors"
# Readings that are no arithmetic of a subject and period: other rooms hold to them.
NOT_ARITHMETIC = {
    "statement-grain",
    "zero-drift",
    "whole-hour",
    "regularly",
    "key-subjects",
    "figure-1",
    "used-once",
    "co-effect",
    "completion",
    "concentration-and-amount",
    "monitoring-frequency",
    "no-values-in-the-text",
    "platform-force",
    "text-as-given",
    "words-and-numbers",
}


@cache
def cases() -> list[Mapping[str, Any]]:
    return [
        case
        for path in sorted((ROOT / "tests" / "cases").glob("*.toml"))
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


def below(figure: Figure) -> Iterator[Figure]:
    yield figure
    for child in figure.inputs:
        yield from below(child)


@cache
def worked_figures() -> tuple[Figure, ...]:
    """Every figure with a value in any working of any case."""
    outcomes = [run_case(variant) for case in cases() for variant in variants(case)]
    every = [each for outcome in outcomes for figure in outcome.figures.values() for each in below(figure)]
    return tuple(figure for figure in every if figure.value is not None or figure.kind == "items")


def test_there_are_two_hundred_and_each_can_be_checked() -> None:
    assert len(cases()) >= 200
    assert [case["name"] for case in cases() if not (case.get("source") or case.get("second_method"))] == []


def every_rule() -> list[tuple[str, Rule]]:
    """Every rule of every standard: each edition, each choice; a family of pollutants once a function."""
    for name in standards():
        rule_pack(name)
    return [(name, rule) for name, table in TABLES.items() for rules in table.values() for rule in rules]


def told(rule: Rule) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """The function with the choice and the day that select it."""
    function = rule.function
    return f"{function.__module__}.{function.__qualname__}", tuple(sorted(rule.when.items())), rule.since.isoformat()


def test_every_rule_edition_and_choice_is_worked_by_a_case() -> None:
    worked: set[tuple[str, tuple[tuple[str, str], ...], str]] = set()

    def watched(rule: Rule, *given: Any) -> Figure:
        figure = call(rule, *given)
        if figure.status in ("ok", "partial"):
            worked.add(told(rule))
        return figure

    call = engine._call
    with mock.patch.object(engine, "_call", watched):
        for case in cases():
            for variant in variants(case):
                run_case(variant)
    needed = {told(rule) for _, rule in every_rule()}
    assert len(needed) > 100
    assert needed - worked == set()


def test_every_factor_table_and_purpose_is_used_by_a_case() -> None:
    used = {figure.key for figure in worked_figures() if figure.kind == "factor"}
    assert set(UNIT_OF_PURPOSE) - {key.partition(":")[0] for key in used} == set()
    for path in FACTORS.glob("*.csv"):
        keys = {f"{row['purpose']}:{row['key']}" for row in csv.DictReader(path.open(encoding="utf-8"))}
        assert keys - used == set(), path.name


def test_every_reading_of_each_standard_is_shown_by_a_case() -> None:
    shown = {name for case in cases() for name in case.get("interpretation", [])}
    known = {each.id: each for name in standards() for each in interpretations(name)}
    assert shown - set(known) == set()
    chosen = {(name, value) for case in cases() for each in variants(case) for name, value in _choices(each)}
    for each in known.values():
        if each.choice and any((each.choice, option) in chosen for option in each.options[1:]):
            shown.add(each.id)
    assert set(known) - shown == NOT_ARITHMETIC


def test_every_option_of_a_choice_that_selects_a_rule_is_taken_by_a_case() -> None:
    chosen = {(name, value) for case in cases() for each in variants(case) for name, value in _choices(each)}
    selecting = {pair for _, rule in every_rule() for pair in rule.when.items()}
    assert len(selecting) > 4
    assert selecting - chosen == set()


def _choices(case: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from case.get("choices", {}).items()


# What makes a source findable: a standard with its number and year, a law's article or annex, a numbered notice, an
# address, a named publication, this standard's own clause, or a reading of it by its id.
FINDABLE = re.compile(
    r"(GB(/T)?|HJ|DB\d\d/T) ?\d+(\.\d+)?([-—–]\d{4}|：)|环境保护税法(实施条例)?(第|附表)|"
    r"\u3014\d{4}\u3015\d+号|公告\d{4}年第\d+号|[a-z0-9-]+\.(com|net|cn|org)/|IPCC|IAPWS|《中国统计年鉴》|中电联年度统计|"
    r"核算方法与报告指南|核算与报告指南|清单编制指南|区域电网平均二氧化碳排放因子|本标准(表)? ?\d|化学计量|"
    r"人大常委会关于.*的决定|税额方案（|税额标准等有关问题的通知|污染环境防治法第|可再生能源法第|企业温室气体排放核算|钢铁指南"
)


def test_every_source_can_be_found() -> None:
    readings = {each.id for name in standards() for each in interpretations(name)}
    vague = []
    for case in cases():
        source = str(case.get("source", ""))
        by_reading = re.match(r"解释 ([\w-]+)", source)
        named = bool(by_reading and by_reading[1] in readings) or bool(FINDABLE.search(source))
        if source and not named:
            vague.append(f"{case['name']}: {source}")
    assert vague == []
