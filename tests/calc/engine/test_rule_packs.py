"""Rule packs: several standards on one engine, none leaking into the other, a third with no change of the engine."""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from xietong.calc.engine.engine import Calculation
from xietong.calc.engine.rule_packs import PARK_STANDARD, RulePack, rule_pack
from xietong.calc.engine.rules import RULES, TABLES, RuleTable
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure
from xietong.calc.items import all_items
from xietong.calc.items import inputs as item_inputs
from xietong.calc.judgement.verdicts import Frame, better_of, judged
from xietong.standard import text
from xietong.standard.text import MAIN, clauses, interpretations, standards, table_rows, terms

ON = date(2025, 12, 31)
OTHERS = [name for name in standards() if name != MAIN]


def calculation(pack: RulePack, **given: float) -> Calculation:
    figures = {key: Figure(key, value, "", source="given") for key, value in given.items()}
    return Calculation(figures, FactorBook.default(), ON, {}, pack)


def test_there_is_a_second_standard() -> None:
    assert next(iter(standards())) == MAIN
    assert "zero-carbon-park" in OTHERS


@pytest.mark.parametrize("name", OTHERS)
def test_no_rule_of_a_pack_is_known_to_the_park_standard(name: str) -> None:
    own = set(rule_pack(name).rules)
    assert own
    assert own & set(RULES) == set()
    assert own & PARK_STANDARD.keys == set()
    for key in own:
        assert calculation(PARK_STANDARD, electricity_purchased=1).figure(key).status == "missing"


@pytest.mark.parametrize("name", OTHERS)
def test_a_pack_knows_of_the_park_standard_only_what_it_takes_over(name: str) -> None:
    pack = rule_pack(name)
    assert "carbon_emission_intensity" in RULES
    assert "carbon_emission_intensity" not in pack.keys
    asked = calculation(pack, electricity_purchased=1000, output_value=100)
    assert asked.figure("carbon_emission_intensity").status == "missing"
    assert asked.figure("carbon_emission_total").status == "missing"
    assert asked.figure("comprehensive_energy_consumption").value == pytest.approx(122.9)


def test_a_rule_of_its_own_goes_before_one_taken_over_and_changes_nothing_there() -> None:
    own = RuleTable()

    @own.indicator(clause="X", unit="tce")
    def electricity_energy(electricity_purchased: float) -> float:
        """电力: a rule of its own."""
        return electricity_purchased * 1000

    pack = RulePack("own", own, RULES, ("comprehensive_energy_consumption",))
    assert calculation(pack, electricity_purchased=1).figure("comprehensive_energy_consumption").value == 1000
    usual = calculation(PARK_STANDARD, electricity_purchased=1).figure("comprehensive_energy_consumption").value
    assert usual == pytest.approx(0.1229)
    assert "electricity_energy" not in pack.taken_over


@pytest.mark.parametrize("name", OTHERS)
def test_everything_that_a_pack_needs_is_its_own_taken_over_or_an_input(name: str) -> None:
    pack = rule_pack(name)
    needed = {
        argument.source.partition(":")[0]
        for rules in pack.rules.values()
        for rule in rules
        for argument in rule.arguments
        if argument.shape != "factors"
    }
    assert needed - pack.keys - set(item_inputs()) - set(all_items()) == set()
    assert {rule.clause for rules in pack.rules.values() for rule in rules} <= set(clauses(name))
    for row in table_rows(name):
        assert set(row.indicators) <= pack.keys
        assert row.id in clauses(name)
        assert row.indicators or row.note.en
        assert {threshold.by for threshold in row.thresholds} <= {*pack.keys, ""}


@pytest.mark.parametrize("name", OTHERS)
def test_the_data_of_a_standard_are_whole(name: str) -> None:
    assert set(terms(name)["indicator"]) == set(rule_pack(name).rules)
    for clause in clauses(name).values():
        assert clause.force in ("应", "宜", "可", "不得", "")
        assert clause.confidence in ("verified", "knowledge")
        assert clause.gloss.zh
        assert clause.gloss.en
    for point in interpretations(name):
        assert set(point.clauses) <= set(clauses(name))
        assert point.printed
    ids = [point.id for standard in standards() for point in interpretations(standard)]
    assert len(ids) == len(set(ids))


def test_a_park_too_small_is_not_classed_and_part_of_a_year_neither() -> None:
    pack = rule_pack("zero-carbon-park")
    rows = table_rows("zero-carbon-park")
    given = calculation(pack, comprehensive_energy_consumption=150_000, park_co2_emission=1_000)
    better = better_of(pack, ON, {})
    small = {each.row.id: each for each in judged(rows, Frame("park", True, given.figure, better))}
    assert small["A3-1"].verdict == "not_classed"
    assert "200000" in small["A3-1"].reason.en
    assert small["A3-3"].verdict == "not_assessable"
    assert small["A3-3"].figure is None
    part = judged(rows, Frame("park", False, given.figure, better))[0]
    assert (part.verdict, "calendar year" in part.reason.en) == ("not_classed", True)
    tenant = judged(rows, Frame("enterprise", True, given.figure, better))[0]
    assert (tenant.verdict, "as a whole" in tenant.reason.en) == ("not_classed", True)


def test_an_incomplete_consumption_gives_no_class() -> None:
    pack = rule_pack("zero-carbon-park")
    inputs = {
        "comprehensive_energy_consumption": Figure("comprehensive_energy_consumption", 500_000, "tce", "partial"),
        "park_co2_emission": Figure("park_co2_emission", 1_000, "tCO2"),
    }
    given = Calculation(inputs, FactorBook.default(), ON, {}, pack)
    found = judged(table_rows("zero-carbon-park"), Frame("park", True, given.figure, better_of(pack, ON, {})))[0]
    assert found.verdict == "not_assessable"
    assert "incomplete" in found.reason.en


# ---- a third standard, made here of data and functions alone ----

_FILES = {
    "standard.toml": """
        name = "tiny"
        zh = "小标准"
        en = "a tiny standard"
        source = "a test"
        edition = "1"
        confidence = "knowledge"
        module = "tiny_rules"
        takes_over = ["electricity_consumed"]
        """,
    "clauses.toml": """
        [[clause]]
        id = "1"
        force = "应"
        zh = "每人用电"
        en = "electricity a head"
        """,
    "tables.toml": """
        [[row]]
        id = "1"
        indicators = ["electricity_per_head"]
        main = true
        [[row.threshold]]
        value = 5
        """,
    "terms.toml": """
        [indicator]
        electricity_per_head = { zh = "人均用电", en = "electricity a head" }
        """,
}
_RULES = '''
    from xietong.calc.engine.rules import rule_table

    @rule_table("tiny").indicator(clause="1", unit="MWh", better="lower")
    def electricity_per_head(electricity_consumed: float, heads: float) -> float:
        """人均用电: electricity a head."""
        return electricity_consumed / heads
    '''


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "shelf" / "tiny"
    folder.mkdir(parents=True)
    for name, content in _FILES.items():
        (folder / name).write_text(dedent(content), "utf-8")
    (tmp_path / "tiny_rules.py").write_text(dedent(_RULES), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(text, "SHELVES", [*text.SHELVES, tmp_path / "shelf"])
    text.standards.cache_clear()
    yield "tiny"
    monkeypatch.undo()
    text.standards.cache_clear()
    rule_pack.cache_clear()
    TABLES.pop("tiny", None)
    sys.modules.pop("tiny_rules", None)


def test_a_third_standard_is_data_and_functions(tiny: str) -> None:
    pack = rule_pack(tiny)
    given = calculation(pack, electricity_purchased=100, electricity_sold=20, heads=10)
    assert given.figure("electricity_per_head").value == 8
    found = judged(table_rows(tiny), Frame("park", True, given.figure, better_of(pack, ON, {})))
    assert [(each.verdict, each.row.main) for each in found] == [("not_met", True)]
    assert "electricity_per_head" not in rule_pack("zero-carbon-park").keys | PARK_STANDARD.keys
