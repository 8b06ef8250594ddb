"""One total from both ends, by hand: coal 0.7143, power 0.1229 and heat 0.03412 tce a unit (GB/T 2589 appendix A).

W burns 1,000 t of coal and sells 5,000 GJ: 4,000 to A, 900 to B, 100 are lost and stay the park's; A buys 200 MWh over
the fence.
"""

from dataclasses import replace

import pytest
from small_parks import park, stated, subject

from xietong.accounting.balances.breakdown import KINDS, By, NotSummableError, breakdown
from xietong.accounting.balances.one_total import TOTALS, NotAGroupError, Reconciliation, reconcile
from xietong.accounting.balances.statistical import Steps, statistical
from xietong.park.nouns import Registry, ReportedAmount, Subject
from xietong.periods import Period

YEAR = Period.parse("2025")
ENERGY, CARBON = TOTALS
ROWS = [
    stated("W", "2025", "raw_coal", "1000", "t"),
    stated("W", "2025", "heat_sold", "5000", "GJ"),
    stated("A", "2025", "heat_purchased", "4000", "GJ", counterparty="W"),
    stated("B", "2025", "heat_purchased", "900", "GJ", counterparty="W"),
    stated("A", "2025", "electricity_purchased", "200", "MWh", counterparty="outside:国网"),
]
UNITS = (subject("A", zone="东", sector="钢铁"), subject("B", zone="东", sector="化工"), subject("W", zone="西"))
GROUPS = (
    Subject("东", "zone", "东", parent="P"),
    Subject("西", "zone", "西", parent="P"),
    Subject("钢铁", "sector", "钢铁", parent="P"),
    Subject("化工", "sector", "化工", parent="P"),
)


def registry(*more: ReportedAmount, choices: dict[str, str] | None = None) -> Registry:
    return park(*UNITS, *GROUPS, reported=[*ROWS, *more], choices=choices)


def lines(found: Reconciliation, view: str = "from_units") -> dict[str, float | None]:
    return {line.key: line.value for line in getattr(found, view).lines}


def test_energy_from_the_units() -> None:
    """Alone: W 714.3, A 24.58 + 136.48, B 30.708; less 5,000 GJ passed on, 100 of them kept: 738.88."""
    found = reconcile(registry(), None, "P", YEAR, ENERGY)
    assert lines(found) == pytest.approx({"units_gross": 906.068, "inside_1": -170.6, "lost_1": 3.412})
    assert found.whole.value == pytest.approx(738.88)
    assert (found.from_units.difference.value, found.from_fence.difference.value) == (0.0, 0.0)
    assert {unit.trace["subject"]: unit.value for unit in found.units} == pytest.approx(
        {"A": 161.06, "B": 30.708, "W": 714.3 - 170.6}
    )


def test_energy_from_the_fence_is_what_came_over_it_and_what_is_burnt() -> None:
    """714.3 of coal + 24.58 over the fence: the 100 GJ that the network lost are in the coal."""
    found = reconcile(registry(), None, "P", YEAR, ENERGY)
    assert lines(found, "from_fence") == pytest.approx({"direct": 714.3, "import_0": 24.58})


def test_carbon_is_reconciled_the_same_way() -> None:
    found = reconcile(registry(), None, "P", YEAR, CARBON)
    assert (found.from_units.difference.value, found.from_fence.difference.value) == (0.0, 0.0)
    assert lines(found)["inside_1"] == pytest.approx(-550.0)
    assert lines(found)["lost_1"] == pytest.approx(100 * 0.11)
    assert found.whole.value == pytest.approx(sum(unit.value or 0 for unit in found.units) + 100 * 0.11)


def test_power_made_here_came_over_no_fence_and_counts_as_energy_alone() -> None:
    """40 MWh × 0.1229 = 4.916 tce."""
    with_own = registry(stated("A", "2025", "electricity_renewable_self_used", "40", "MWh"))
    energy, carbon = (reconcile(with_own, None, "P", YEAR, total) for total in TOTALS)
    assert lines(energy, "from_fence")["own_power"] == pytest.approx(4.916)
    assert not lines(carbon, "from_fence").get("own_power")


@pytest.mark.parametrize("key", TOTALS)
@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"electricity_basis": "equal_value"},
        {"carbon_view": "market"},
        {"working_media": "counted"},
        {"ghg_edition": "2025"},
    ],
)
def test_both_views_close_under_every_choice(key: str, choices: dict[str, str]) -> None:
    more = [
        stated("A", "2025", "green_certificates", "50", "MWh"),
        stated("A", "2025", "electricity_renewable_self_used", "40", "MWh"),
        stated("B", "2025", "oxygen", "90000", "m3"),
        stated("B", "2025", "limestone", "300", "t"),
        stated("W", "2025", "electricity_sold", "70", "MWh", counterparty="outside:国网"),
        stated("B", "2025", "electricity_purchased", "60", "MWh"),
    ]
    for group in ("P", "东", "西", "钢铁"):
        found = reconcile(registry(*more, choices=choices), None, group, YEAR, ENERGY if key == ENERGY else CARBON)
        assert (found.from_units.difference.value, found.from_fence.difference.value) == (0.0, 0.0), group


@pytest.mark.parametrize("key", TOTALS)
def test_a_unit_with_its_own_heat_factor_is_a_line_with_a_name(key: str) -> None:
    """Of what it bought over the fence; its factor makes nothing of what W sold it inside."""
    purpose = "equal_value" if key == ENERGY else "heat_emission"
    unit = "tce/GJ" if key == ENERGY else "tCO2/GJ"
    row = {"key": "heat", "value": "0.045" if key == ENERGY else "0.06", "unit": unit, "purpose": purpose}
    row |= {"subject": "A", "source": "供热企业实测", "valid_from": "2020-01-01", "evidence": "D1", "approval": "D1"}
    total = ENERGY if key == ENERGY else CARBON
    town = [stated(code, "2025", "heat_purchased", "500", "GJ", counterparty="outside:城市热网") for code in "AB"]
    inside = registry(choices={"electricity_basis": "equal_value"})
    assert reconcile(replace(inside, factors=(row,)), None, "P", YEAR, total).whole.value == pytest.approx(
        reconcile(inside, None, "P", YEAR, total).whole.value
    )
    usual = registry(*town, choices={"electricity_basis": "equal_value"})
    found = reconcile(replace(usual, factors=(row,)), None, "P", YEAR, total)
    assert found.whole.value != reconcile(usual, None, "P", YEAR, total).whole.value
    assert any(line.key.startswith("own_factors") for line in found.from_fence.lines)
    assert (found.from_units.difference.value, found.from_fence.difference.value) == (0.0, 0.0)


def test_what_the_park_states_for_itself_is_a_line_between() -> None:
    found = reconcile(registry(stated("P", "2025", "diesel", "10", "t")), None, "P", YEAR, ENERGY)
    assert lines(found)["group_fuel_energy:diesel"] == pytest.approx(14.571)
    assert found.from_units.difference.value == 0.0


def test_steam_is_passed_on_by_its_heat() -> None:
    more = [
        stated("W", "2025", "steam_sold:saturated_1.0MPa", "100", "t"),
        stated("A", "2025", "steam_purchased:saturated_1.0MPa", "100", "t", counterparty="W"),
    ]
    without = reconcile(registry(), None, "P", YEAR, ENERGY)
    found = reconcile(registry(*more), None, "P", YEAR, ENERGY)
    assert found.whole.value == pytest.approx(without.whole.value)
    assert (lines(found)["inside_1"] or 0) < (lines(without)["inside_1"] or 0)
    assert "trade_1" not in lines(found, "from_fence")


def test_an_absent_unit_makes_it_partial_and_is_named() -> None:
    found = reconcile(registry(stated("B", "2024", "diesel", "10", "t")), None, "P", YEAR, ENERGY)
    assert (found.whole.status, found.from_units.result.status) == ("partial", "partial")
    assert "B公司" in str(found.from_units.lines[0].missing)
    assert found.from_units.difference.value == 0.0


def test_an_enterprise_has_nothing_to_reconcile() -> None:
    with pytest.raises(NotAGroupError, match="gathers no units"):
        reconcile(registry(), None, "A", YEAR, ENERGY)


# ---- breakdowns ----


@pytest.mark.parametrize("by", KINDS)
@pytest.mark.parametrize("key", [*TOTALS, "heat_purchased", "electricity_consumed"])
def test_a_breakdown_closes(by: By, key: str) -> None:
    found = breakdown(registry(), None, "P", YEAR, key, by)
    total = sum(part.value or 0 for part in found.parts) + (found.remainder.value or 0)
    assert total == pytest.approx(found.whole.value, rel=1e-12)
    assert found.parts


def test_parts_of_a_breakdown() -> None:
    by_zone = breakdown(registry(), None, "P", YEAR, ENERGY, "zone")
    assert {part.title.zh: part.value for part in by_zone.parts} == pytest.approx({"东": 191.768, "西": 543.7})
    by_sector = breakdown(registry(), None, "P", YEAR, ENERGY, "sector")
    assert {part.title.zh: part.value for part in by_sector.parts} == pytest.approx(
        {"钢铁": 161.06, "化工": 30.708, "未划分": 543.7}
    )
    by_source = breakdown(registry(), None, "P", YEAR, ENERGY, "source")
    assert {part.key: part.value for part in by_source.parts} == pytest.approx(
        {"fuel_energy:raw_coal": 714.3, "electricity_energy": 24.58, "heat_energy": 0.0}
    )


def test_what_the_park_states_for_itself_remains() -> None:
    found = breakdown(registry(stated("P", "2025", "diesel", "10", "t")), None, "P", YEAR, ENERGY, "enterprise")
    assert found.remainder.value == pytest.approx(14.571 + 3.412)


def test_a_zone_by_sector_is_made_of_its_units() -> None:
    found = breakdown(registry(), None, "东", YEAR, ENERGY, "sector")
    assert {part.title.zh: part.value for part in found.parts} == pytest.approx({"钢铁": 161.06, "化工": 30.708})
    assert found.remainder.value == 0.0


def test_a_ratio_has_no_parts() -> None:
    rows = [stated("A", "2025", "output_value", "100", "万元")]
    with pytest.raises(NotSummableError, match="ratio"):
        breakdown(registry(*rows), None, "P", YEAR, "energy_per_output_value", "zone")


def test_emissions_by_outlet() -> None:
    outlets = (subject("A-1", "outlet", "A", "environment"), subject("A-2", "outlet", "A", "environment"))
    rows = [stated("A-1", "2025", "so2", "3", "t"), stated("A-2", "2025", "so2", "4", "t")]
    found = breakdown(park(subject("A"), *outlets, reported=rows), None, "P", YEAR, "so2_emission", "source")
    assert [part.value for part in found.parts] == [4, 3]
    assert found.remainder.value == 0.0


# ---- the statistical figure ----


def steps(found: Steps) -> dict[str, float | None]:
    return {step.key: step.value for step in found.steps}


def test_the_way_to_the_statistical_figure() -> None:
    """Power 200 MWh: 24.58 tce at its calorific value; feedstock 50 t of coal, 35.715 tce."""
    rows = [stated("A", "2025", "raw_coal", "50", "t", use="feedstock"), stated("A", "2025", "oxygen", "1000", "m3")]
    choices = {"electricity_basis": "equal_value", "working_media": "counted"}
    found = statistical(registry(*rows, choices=choices), None, "P", YEAR)
    assert found.statistical.value == pytest.approx(738.88 + 35.715)
    assert steps(found)["feedstock"] == pytest.approx(35.715)
    assert steps(found)["without_media"] == pytest.approx(-0.4)
    assert (steps(found)["basis"] or 0) < 0
    walked = sum(value or 0 for value in (found.platform.value, *steps(found).values()))
    assert walked == pytest.approx(found.statistical.value)
    beside = {figure.key: figure.value for figure in found.beside}
    assert beside["dual_control"] == pytest.approx(738.88)
    assert (beside["statistical_equal_value"] or 0) > (found.statistical.value or 0)
    assert found.steps[3].status == "not_applicable"


def test_only_units_above_the_statistical_size_where_they_are_marked() -> None:
    marked = [replace(each, reporting_class="规上工业") if each.code != "B" else each for each in UNITS]
    found = statistical(park(*marked, reported=ROWS), None, "P", YEAR)
    assert steps(found)["below_size"] == pytest.approx(-30.708)
    assert found.statistical.value == pytest.approx(738.88 - 30.708)
    assert found.steps[3].inputs[0].title.zh == "B公司"
    beside = {figure.key: figure.value for figure in found.beside}
    everyone = statistical(park(*UNITS, reported=ROWS), None, "P", YEAR)
    of_b = statistical(park(*UNITS, reported=ROWS), None, "B", YEAR)
    equal = {figure.key: figure.value or 0 for figure in everyone.beside}["statistical_equal_value"]
    less = {figure.key: figure.value or 0 for figure in of_b.beside}["statistical_equal_value"]
    assert beside["statistical_equal_value"] == pytest.approx(equal - less)
