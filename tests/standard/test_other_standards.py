"""The page of every standard beside the park's own: made from code and cases as they are, nothing left unexplained."""

from pathlib import Path

import pytest

from xietong.commands.standard.tracing import cases_of, file_of
from xietong.commands.standard.tracing_others import as_markdown, point_traces
from xietong.standard.text import MAIN, about, standards

ROOT = Path(__file__).parent.parent.parent
CASES = cases_of((ROOT / "tests/cases").glob("*.toml"))
OTHERS = [name for name in standards() if name != MAIN]


@pytest.mark.parametrize("name", OTHERS)
def test_the_page_is_what_would_be_made_now(name: str) -> None:
    page = ROOT / f"docs/standard/{name}.md"
    made = f"python -m xietong.commands.standard.tracing_others {name} tests/cases/*.toml > docs/standard/{name}.md"
    assert as_markdown(name, point_traces(name, CASES)) == page.read_text("utf-8"), f"make it again: {made}"


@pytest.mark.parametrize("name", OTHERS)
def test_every_point_has_code_and_a_case_or_says_what_is_lacking(name: str) -> None:
    for trace in point_traces(name, CASES):
        assert (trace.rules and trace.cases) or trace.clause.lacking.en, trace.clause.id
        assert bool(trace.clause.lacking.zh) == bool(trace.clause.lacking.en)
        for rule in trace.rules:
            assert file_of(rule.rpartition(".")[0]), rule


def test_what_was_not_held_against_the_original_says_so() -> None:
    known = about("zero-carbon-park")
    assert known.confidence == "knowledge"
    traced = {trace.clause.id: trace for trace in point_traces("zero-carbon-park", CASES)}
    assert traced["A3-1"].clause.confidence == "verified"
    assert traced["A4-5"].clause.confidence == "knowledge"
    assert "calc.indicators.zero_carbon.unit_energy_carbon" in traced["A3-1"].rules
    assert traced["A3-1"].cases == ("tests/cases/zero_carbon.toml",)
    assert "calc.indicators.recycling.solid_waste_utilization_rate" in traced["A3-4"].rules
