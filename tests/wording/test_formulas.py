"""Formulas as people read them: the calculator must give the figure that stands above."""

import ast
import importlib
import importlib.util
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import xietong.calc
from xietong.calc.engine.engine import calculate
from xietong.calc.engine.rules import TABLES
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure
from xietong.calc.judgement.worked import run_case, variants
from xietong.wording.formulas import with_names, with_numbers
from xietong.wording.words import name_of

CALCULATOR = Path(__file__).parents[1] / "independent" / "calculator.py"

ON = date(2025, 12, 31)


@cache
def calculator() -> ModuleType:
    """The clerk's calculator, which imports nothing of ours and is not imported by name."""
    spec = importlib.util.spec_from_file_location("calculator", CALCULATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def worked(key: str, **inputs: Figure) -> Figure:
    return calculate([key], inputs, FactorBook.default(), ON, {"region": "陕西"})[key]


def items(key: str, unit: str, **amounts: float) -> Figure:
    return Figure(key, None, unit, kind="items", inputs=tuple(Figure(k, v, unit) for k, v in amounts.items()))


def named(figure: Figure) -> str:
    return with_names(figure, lambda key: name_of(key).zh)


def test_a_quotient_is_shown_with_its_numbers_and_its_names() -> None:
    figure = worked(
        "energy_per_output_value",
        comprehensive_energy_consumption=Figure("comprehensive_energy_consumption", 958_452.3, "tce"),
        output_value=Figure("output_value", 2_000_000.0, "万元"),
    )
    assert figure.value == 958_452.3 / 2_000_000
    assert with_numbers(figure, "zh") == "958,452.3 tce ÷ 2,000,000 万元"
    assert with_numbers(figure, "en") == "958,452.3 tce ÷ 20,000 million CNY"
    assert named(figure) == "综合能源消耗量 ÷ 工业总产值"


def test_an_input_that_was_not_due_is_left_out_as_the_engine_left_it_out() -> None:
    figure = worked(
        "electricity_consumed",
        electricity_purchased=Figure("electricity_purchased", 1000.0, "MWh"),
        electricity_sold=Figure("electricity_sold", 200.0, "MWh"),
    )
    assert with_numbers(figure, "en") == "1,000 MWh − 200 MWh"
    assert "绿电直连电量" in named(figure)


def test_a_factor_stands_in_the_formula_with_its_own_value() -> None:
    figure = worked("electricity_energy", electricity_consumed=Figure("electricity_consumed", 1000.0, "MWh"))
    assert with_numbers(figure, "en") == "1,000 MWh × 0.1229 tce/MWh"
    assert named(figure) == "电力消费量 × 折标准煤系数（当量值）"


def test_named_amounts_are_summed_in_words_and_numbers() -> None:
    figure = worked(
        "comprehensive_energy_consumption", fuel_consumed=items("fuel_consumed", "t", raw_coal=10.0, coke=2.0)
    )
    assert with_numbers(figure, "en") == "7.143 tce + 1.9428 tce"
    assert named(figure) == "Σ 燃料折标准煤 + 电力折标准煤 + 热力折标准煤"
    line = figure.child("fuel_energy").child("raw_coal")
    assert with_numbers(line, "en") == "10 t × 0.7143 tce/t"
    assert named(figure.child("fuel_energy")) == "燃料消耗量 × 折标准煤系数（当量值）"


def test_brackets_stand_where_the_arithmetic_needs_them() -> None:
    figure = worked(
        "nox_compliance_rate",
        nox_valid_hours=Figure("nox_valid_hours", 8000.0, "h"),
        nox_exceeding_hours=Figure("nox_exceeding_hours", 20.0, "h"),
    )
    assert with_numbers(figure, "en") == "(8,000 h − 20 h) ÷ 8,000 h × 100"


def test_a_figure_without_a_value_has_no_formula_with_numbers() -> None:
    figure = worked("energy_per_output_value", output_value=Figure("output_value", 0.0, "万元"))
    assert figure.value is None
    assert with_numbers(figure, "zh") == ""


def test_a_table_written_out_names_its_parts_and_its_signs() -> None:
    figure = worked("carbon_by_category", co2_recovered=Figure("co2_recovered", 3.0, "t"))
    assert "净购入热力排放; −回收利用的二氧化碳" in named(figure)
    assert with_numbers(figure.child("recovered"), "en") == "−3 t"


def test_every_rule_of_every_standard_can_be_read_with_names_and_shows_no_call() -> None:
    """The formula is read off the rule's source; what it cannot put in words would be printed as Python."""
    for module in pkgutil.walk_packages(xietong.calc.__path__, "xietong.calc."):
        importlib.import_module(module.name)
    wrong, tried = [], 0
    for rule in (rule for table in TABLES.values() for rules in table.values() for rule in rules):
        tried += 1
        told = with_names(Figure(rule.key, None, rule.unit, formula=rule.formula), lambda key: key)
        if not told or re.search(r"\w\(", re.sub(r"\b(max|min)\(", "", told)):
            wrong.append((rule.key, rule.formula, told))
    assert tried > 700
    assert wrong == []


def every_working() -> Iterator[Figure]:
    """Every figure with a value and a formula in the workings of all worked cases."""
    waiting = []
    for path in sorted((Path(__file__).parents[1] / "cases").glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            waiting += [figure for variant in variants(case) for figure in run_case(variant).figures.values()]
    while waiting:
        figure = waiting.pop()
        waiting += figure.inputs
        if figure.value is not None and figure.formula:
            yield figure


def test_every_working_is_written_with_numbers_and_loses_no_constant() -> None:
    lost, tried = [], 0
    for figure in every_working():
        try:
            tree = ast.parse(figure.formula, mode="eval")
        except SyntaxError:
            continue  # words, printed as they are
        tried += 1
        told = with_numbers(figure, "en").replace(",", "")
        numbers = [each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)]
        wanted = [f"{each:.15g}" for each in numbers if isinstance(each, int | float) and each]
        if (
            not told
            or any(each not in told for each in wanted)
            or re.search(r"[a-z_]\(", told.replace("max(", "").replace("min(", ""))
        ):
            lost.append((figure.key, figure.formula, told))
    assert tried > 1000
    assert lost == []


def test_every_working_with_numbers_comes_to_its_figure() -> None:
    """What a page prints, worked out by a calculator that knows nothing of us: it said 10 − 10 − 10 − 10 of 10 t of
    waste of which nothing was used, and multiplied steam "0.8MPa" by its tonnes for its enthalpy."""
    wrong, tried = [], 0
    for figure in every_working():
        told = with_numbers(figure, "zh")
        if not told or re.search("时|; |⁻", told):
            continue  # picked by a condition, a whole table, or a power of ten
        tried += 1
        worked_out = calculator().Clerk(without_units(told)).worked()
        if worked_out != pytest.approx(figure.value, rel=1e-6, abs=1e-9):
            wrong.append((figure.key, figure.formula, told, worked_out, figure.value))
    assert tried > 1000
    assert wrong == []


def without_units(told: str) -> str:
    """The numbers and signs alone; a sum of many terms ("Σ(9) 12.5 t") is one number."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", re.sub(r"Σ\(\d+\) ", "", told))
    return re.sub(r" (?!max|min)[^\W\d_][^\s,()+−×÷]*| [%℃]", "", plain)


def test_what_lies_below_a_limit_keeps_its_subtracted_term() -> None:
    """(100 − 70) ÷ 100: "− 70" was lost, and the page said 100 ÷ 100."""
    figure = calculate(
        ["concentration_below_limit", "payable_share"],
        {"taxable_concentration": items("taxable_concentration", "mg/m3", so2=70.0)}
        | {"taxable_limit": items("taxable_limit", "mg/m3", so2=100.0)},
        FactorBook.default(),
        ON,
        {"region": "陕西"},
    )
    line = figure["concentration_below_limit"].child("so2")
    assert with_numbers(line, "en") == "(100 mg/m³ − 70 mg/m³) ÷ 100 mg/m³ × 100"
    share = figure["payable_share"].child("so2")
    assert with_numbers(share, "zh") == "0 > 0 或 30 % < 30 时 1，否则 30 % < 50 时 0.75，否则 0.5"


def test_the_name_of_a_divisor_follows_the_choice() -> None:
    added = Figure("output_value", 10.0, "万元", trace={"chosen": "added_value"})
    figure = worked(
        "energy_per_output_value",
        comprehensive_energy_consumption=Figure("comprehensive_energy_consumption", 5.0, "tce"),
        output_value=added,
    )
    assert named(figure) == "综合能源消耗量 ÷ 工业增加值"
