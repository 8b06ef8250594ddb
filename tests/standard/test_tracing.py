"""docs/standard: made from the code and the cases as they are; what it names exists; what is lacking is said."""

import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from xietong.cli import COMMANDS, main
from xietong.commands.standard.tracing import Trace, as_markdown, cases_of, file_of, traces
from xietong.standard.text import clauses, coverage
from xietong.web.urls import urlpatterns

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/standard/clauses.md"


@pytest.fixture(scope="module")
def listed() -> list[Trace]:
    return traces(cases_of((ROOT / "tests/cases").glob("*.toml")))


def test_the_page_is_what_would_be_made_now(listed: list[Trace]) -> None:
    made = "python -m xietong.commands.standard.tracing tests/cases/*.toml > docs/standard/clauses.md"
    assert as_markdown(listed).splitlines() == PAGE.read_text("utf-8").splitlines(), f"make it again: {made}"


def test_every_clause_has_code_and_tests_and_a_place_or_says_what_is_lacking(listed: list[Trace]) -> None:
    assert [trace.clause.id for trace in listed] == list(clauses())
    for trace in listed:
        answered = bool(trace.code and trace.tests and trace.covered.shown)
        assert answered or trace.covered.lacking.en, trace.clause.id


def test_what_is_lacking_is_said_in_both_languages(listed: list[Trace]) -> None:
    for trace in listed:
        lacking = trace.covered.lacking
        assert ("尚无" in lacking.zh) == ("not yet:" in lacking.en) == (trace.state != "covered"), trace.clause.id


def test_every_clause_is_told_once_in_the_data() -> None:
    stated = tomllib.loads((ROOT / "xietong/standard/coverage.toml").read_text("utf-8"))["covered"]
    assert Counter(clause for row in stated for clause in row["clauses"]) == Counter(list(clauses()))


def test_what_the_data_name_exists() -> None:
    pages = {name for pattern in urlpatterns if (name := getattr(pattern, "name", None))}
    for clause, answer in coverage().items():
        assert [module for module in answer.code if not file_of(module)] == [], clause
        assert [file for file in answer.tests if not (ROOT / file).is_file()] == [], clause
        for shown in answer.shown:
            kind, _, name = shown.partition(" ")
            assert name in {"page": pages, "xietong": COMMANDS}[kind], (clause, shown)


def test_rules_and_cases_are_read_off_themselves(listed: list[Trace]) -> None:
    found = {trace.clause.id: trace for trace in listed}
    assert "calc.indicators.energy.energy_per_output_value" in found["6.3.2b"].rules
    assert "tests/cases/energy.toml" in found["6.3.2b"].cases
    assert found["T3-4"].rules[0].startswith("calc.indicators.pollutants.")
    assert (found["4.2.1"].state, found["5.3.2"].state, found["T5-4"].state) == ("lacking", "partly", "covered")


def test_the_command_says_what_covers_a_clause(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clauses", "--json"]) == 0
    answered = {each["clause"]: each["covered_by"] for each in json.loads(capsys.readouterr().out)}
    assert answered["7.4.6"]["code"] == ["calc.judgement.grade"]
    assert "page quality" in answered["4.5.5"]["shown"]
    assert answered["4.2.1"]["lacking"]["en"].startswith("a duty of people; not yet:")
    assert "calc.indicators.recycling.resource_utilization_rate" in answered["T5-4"]["code"]
    assert answered["T5-4"]["shown"] == ["page cockpit", "page figure", "xietong account"]
    assert answered["T5-4"]["lacking"] is None
