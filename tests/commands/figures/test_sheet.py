"""The sheet of a working: what is printed gives what is shown, worked out by a calculator that knows nothing of us."""

import importlib.util
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from xietong.calc.figures import Figure
from xietong.calc.judgement.worked import run_case, variants
from xietong.wording.sheets import sheet

TESTS = Path(__file__).parents[2]
# What a rule picks rather than calculates: its sheet says by what it was picked.
PICKED = {"payable_share"}


@cache
def calculator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("calculator", TESTS / "independent" / "calculator.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def worked() -> Iterator[tuple[str, Figure]]:
    """Every figure with a value that any worked case expects."""
    for path in sorted((TESTS / "cases").glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            for variant in variants(case):
                for figure in run_case(variant).figures.values():
                    if figure.value is not None:
                        yield f"{path.stem}: {case['name']}: {figure.key}", figure


def test_the_sheet_of_every_worked_case_comes_to_its_figure() -> None:
    wrong, tried = [], 0
    for name, figure in worked():
        lines = "\n".join(sheet(figure, "zh", 12))
        tried += 1
        wrong += [f"{name}: {fault}" for fault in calculator().faults(lines)]
        if calculator().answer(lines) != pytest.approx(figure.value, rel=1e-9, abs=1e-12):
            wrong.append(f"{name}: {calculator().answer(lines)} instead of {figure.value}")
    assert tried > 300
    assert wrong == []


def test_only_what_a_rule_picks_is_taken_as_it_is() -> None:
    taken = {
        figure.key.partition(":")[0]
        for _, figure in worked()
        if figure.formula and not calculator().steps("\n".join(sheet(figure, "zh", 12)))[-1].expressions
    }
    assert taken - PICKED == set()


def test_a_sheet_names_formula_numbers_factor_source_and_both_roundings() -> None:
    figure = run_case({"name": "t", "given": {"electricity_purchased": 1234.5}, "expect": {"electricity_energy": 1}})
    lines = sheet(figure.figures["electricity_energy"], "zh", 12)
    text = "\n".join(lines)
    assert "1234.5 [MWh]" in text
    assert "× 0.1229 [tce/MWh]" in text
    assert "→ 151.72005 [tce]" in text
    assert "≈ 151.7 [tce]" in text
    assert "GB/T 2589" in text
    assert "table_row=" in text


def test_a_wrong_line_is_noticed_by_the_calculator() -> None:
    figure = run_case({"name": "t", "given": {"electricity_purchased": 1234.5}, "expect": {"electricity_energy": 1}})
    text = "\n".join(sheet(figure.figures["electricity_energy"], "zh", 12))
    assert calculator().faults(text) == []
    assert calculator().faults(text.replace("0.1229 [tce", "0.1228 [tce"))
    assert calculator().faults(text.replace("≈ 151.7 ", "≈ 151.8 "))
    assert calculator().faults(text.replace("→ 151.72005", "→ 151.72006"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 × 4", 14),
        ("(2 + 3) × 4 [t]⟨1⟩", 20),
        ("(−5) − (−2)", -3),
        ("max(1 [t], 2) ÷ 4", 0.5),
        ("min(3, −1)", -1),
    ],
)
def test_the_calculator_reads_as_a_clerk_does(text: str, value: float) -> None:
    assert calculator().Clerk(text).worked() == value


def test_a_figure_without_a_value_says_why() -> None:
    outcome = run_case({"name": "t", "given": {"cod": 1}, "expect": {"cod_emission_intensity": {"status": "missing"}}})
    lines = sheet(outcome.figures["cod_emission_intensity"], "en", 12)
    assert any(line.strip().startswith("! ") for line in lines)
