"""What the worked cases reach: enough of them, every indicator, every factor table, every reading of the standard."""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from xietong.calc import engine
from xietong.calc.engine import RULES, Rule
from xietong.calc.factor_rows import UNIT_OF_PURPOSE
from xietong.calc.figures import Figure
from xietong.calc.items import pollutants
from xietong.calc.worked import run_case, variants
from xietong.standard.text import interpretations, terms

ROOT = Path(__file__).parents[2]
FACTORS = ROOT / "xietong" / "calc" / "factors"
# Readings that are no arithmetic of a subject and period: other rooms hold to them.
NOT_ARITHMETIC = {"regularly", "key-subjects", "figure-1"}


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


def test_every_rule_is_worked_by_a_case() -> None:
    families = {form.format(each.item): form for form in terms()["family"] for each in pollutants()}
    worked: set[tuple[str, tuple[tuple[str, str], ...]]] = set()

    def watched(rule: Rule, *given: Any) -> Figure:
        figure = call(rule, *given)
        if figure.status in ("ok", "partial"):
            worked.add((families.get(rule.key, rule.key), tuple(sorted(rule.when.items()))))
        return figure

    call = engine._call
    with mock.patch.object(engine, "_call", watched):
        for case in cases():
            run_case(case)
    needed = {
        (families.get(key, key), tuple(sorted(rule.when.items()))) for key, rules in RULES.items() for rule in rules
    }
    assert needed - worked == set()


def test_every_factor_table_and_purpose_is_used_by_a_case() -> None:
    used = {figure.key for figure in worked_figures() if figure.kind == "factor"}
    assert set(UNIT_OF_PURPOSE) - {key.partition(":")[0] for key in used} == {"fossil_emission"}
    for path in FACTORS.glob("*.csv"):
        keys = {f"{row['purpose']}:{row['key']}" for row in csv.DictReader(path.open(encoding="utf-8"))}
        assert keys - used <= {"fossil_emission:electricity"}, path.name


def test_every_reading_of_the_standard_is_shown_by_a_case() -> None:
    shown = {name for case in cases() for name in case.get("interpretation", [])}
    known = {each.id for each in interpretations()}
    assert shown - known == set()
    chosen = {(name, value) for case in cases() for name, value in case.get("choices", {}).items()}
    for each in interpretations():
        if each.choice and any((each.choice, option) in chosen for option in each.options[1:]):
            shown.add(each.id)
    assert known - shown == NOT_ARITHMETIC


# What makes a source findable: a standard with its number and year, a law's article or annex, a numbered notice, an
# address, a named publication, this standard's own clause, or a reading of it by its id.
FINDABLE = re.compile(
    r"(GB(/T)?|HJ|DB\d\d/T) ?\d+(\.\d+)?([-—–]\d{4}|：)|环境保护税法(实施条例)?(第|附表)|"
    r"\u3014\d{4}\u3015\d+号|公告\d{4}年第\d+号|[a-z0-9-]+\.(com|net|cn|org)/|IPCC|IAPWS|《中国统计年鉴》|中电联年度统计|"
    r"核算方法与报告指南|核算与报告指南|清单编制指南|区域电网平均二氧化碳排放因子|本标准(表)? ?\d|化学计量|"
    r"污染环境防治法第|可再生能源法第|企业温室气体排放核算|钢铁指南"
)


def test_every_source_can_be_found() -> None:
    readings = {each.id for each in interpretations()}
    vague = []
    for case in cases():
        source = str(case.get("source", ""))
        by_reading = re.match(r"解释 ([\w-]+)", source)
        named = bool(by_reading and by_reading[1] in readings) or bool(FINDABLE.search(source))
        if source and not named:
            vague.append(f"{case['name']}: {source}")
    assert vague == []
