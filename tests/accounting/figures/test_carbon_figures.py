"""Carbon figures of a park as `account` shows them: gases and categories that close, both views, biomass apart."""

from collections.abc import Mapping

import pytest
from small_parks import park, stated, subject

from xietong.accounting.figures.account import account, figures
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

YEAR = Period.parse("2025")
STATED = (
    ("natural_gas", "100", "万m3"),
    ("biomass", "500", "t"),
    ("electricity_purchased", "2000", "MWh"),
    ("green_certificates", "500", "MWh"),
    ("electricity_sold", "100", "MWh"),
    ("heat_purchased", "1000", "GJ"),
    ("limestone", "100", "t"),
    ("wastewater_organics:anaerobic_reactor", "100", "t"),
    ("nitric_acid", "100", "t"),
    ("sf6", "0.01", "t"),
    ("hfc_134a", "0.1", "t"),
    ("co2_recovered", "20", "t"),
)


def rows() -> list[ReportedAmount]:
    return [stated("E1", "2025", item, amount, unit) for item, amount, unit in STATED]


def small(choices: Mapping[str, str] | None = None) -> Registry:
    return park(subject("E1"), reported=rows(), choices=choices)


def values(figure: Figure) -> dict[str, float]:
    return figure.items()


@pytest.mark.parametrize(
    "choices",
    [{}, {"carbon_view": "market"}, {"gwp": "AR6"}, {"biomass_gases": "counted"}, {"ghg_edition": "2025"}],
)
@pytest.mark.parametrize("at", ["E1", "P"])
def test_gases_and_categories_add_up_to_the_total(choices: dict[str, str], at: str) -> None:
    own = account(small(choices), None, at, YEAR)
    total = own.figure("carbon_emission_total").value
    assert total is not None
    assert sum(values(own.figure("greenhouse_gases")).values()) == pytest.approx(total, rel=1e-12)
    assert sum(values(own.figure("carbon_by_category")).values()) == pytest.approx(total, rel=1e-12)


def test_both_views_stand_side_by_side_whatever_the_choice() -> None:
    for chosen in ("location", "market"):
        own = account(small({"carbon_view": chosen}), None, "P", YEAR)
        found = {view: own.figure(f"purchased_electricity_emission_{view}").value for view in ("location", "market")}
        assert found == {"location": pytest.approx(1061.2), "market": pytest.approx(914.4)}
        totals = {view: own.figure(f"carbon_emission_total_{view}").value for view in ("location", "market")}
        assert own.figure("carbon_emission_total").value == totals[chosen]


def test_what_is_worth_showing_shows_them() -> None:
    wanted = {"greenhouse_gases", "gases_released", "biomass_co2_emission", "carbon_emission_total_market"}
    assert wanted <= set(account(small(), None, "E1", YEAR).keys())
    assert wanted | {"carbon_by_category"} <= set(account(small(), None, "P", YEAR).keys())
    for at in ("E1", "P"):
        bare = account(park(subject("E1")), None, at, YEAR)
        assert not (wanted | {"carbon_by_category"}) & set(bare.keys())


def test_a_subject_without_other_gases_or_biomass_is_not_asked_for_them() -> None:
    power = park(subject("E1"), reported=[stated("E1", "2025", "electricity_purchased", "10", "MWh")])
    keys = set(account(power, None, "P", YEAR).keys())
    assert {"carbon_emission_total_market", "carbon_by_category"} <= keys
    assert not {"greenhouse_gases", "gases_released", "biomass_co2_emission", "cumulative_carbon_reduction"} & keys


def test_biomass_is_apart_and_in_no_total() -> None:
    found = figures(small(), None, "E1", YEAR, ["biomass_co2_emission", "co2_emission"])
    assert values(found["biomass_co2_emission"]) == {"biomass": pytest.approx(7318 * 0.0305 * 44 / 12)}
    without = park(subject("E1"), reported=[row for row in rows() if row.item != "biomass"])
    co2 = figures(without, None, "E1", YEAR, ["co2_emission"])["co2_emission"]
    assert found["co2_emission"].value == co2.value


def test_a_gas_that_nobody_owes_has_no_line() -> None:
    lines = {line.key: line for line in account(small(), None, "E1", YEAR).figure("greenhouse_gases").inputs}
    assert set(values(account(small(), None, "E1", YEAR).figure("greenhouse_gases"))) == {
        "co2",
        "methane",
        "nitrous_oxide",
        "hfcs",
        "sulfur_fluoride",
    }
    assert "pfcs" not in lines or lines["pfcs"].status == "not_applicable"


def test_a_province_without_a_residual_mix_takes_the_countrys_and_says_so() -> None:
    own = account(small({"carbon_view": "market", "grid_area": "provincial"}), None, "E1", YEAR)
    figure = own.figure("purchased_electricity_emission_market")
    assert figure.value == pytest.approx(1500 * 0.6096)
    factor = figure.child("residual_emission:electricity")
    assert any("陕西" in remark.zh and "factors.csv" in remark.zh for remark in factor.remarks)


def test_the_edition_of_2025_changes_what_it_changes() -> None:
    old, new = (account(small({"ghg_edition": edition}), None, "E1", YEAR) for edition in ("2015", "2025"))
    assert old.figure("process_co2_emission").value == pytest.approx(44)
    assert new.figure("process_co2_emission").value == pytest.approx(43.97)
    assert new.figure("purchased_electricity_emission").value == pytest.approx(1500 * 0.5306)
    assert new.figure("purchased_heat_emission").value == old.figure("purchased_heat_emission").value
