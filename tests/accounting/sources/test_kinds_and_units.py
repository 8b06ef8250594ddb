"""Products stay in the unit they are stated in; a facility or an outlet is asked only for what applies to its kind."""

import re

import pytest
from small_parks import HoursLake, hours_of, monthly, park, point, stated, subject

from xietong.accounting import explain, figures
from xietong.accounting.figures.tables import table_keys
from xietong.calc.judgement.indicator_kinds import BEYOND, applies
from xietong.park.nouns import Registry
from xietong.periods import Period

YEAR = Period.parse("2025")
KEY = re.compile(r"[a-z]+_[a-z_]+")
OUTLET = subject("A-1", "outlet", "A", discharges_to="environment")
MACHINE = subject("A-2", "process", "A")


def makers() -> Registry:
    rows = [
        *monthly("A", "product:wafers", "100", "件"),
        stated("A", "2025", "cod", "3", "t"),
        stated("A", "2025", "output_value", "600", "万元"),
        stated("B", "2025", "product:water", "2", "万m3"),
    ]
    return park(subject("A"), subject("B"), MACHINE, OUTLET, reported=rows)


def test_a_product_counted_or_measured_by_volume_keeps_its_unit_up_to_the_park() -> None:
    for code in ("A", "P"):
        assert explain(makers(), None, "product:wafers", code, YEAR).unit == "件"
    water = explain(makers(), None, "product:water", "P", YEAR)
    assert (water.value, water.unit) == (20000.0, "m3")


def test_a_missing_month_of_a_counted_product_is_missing_in_its_unit() -> None:
    registry = park(subject("A"), reported=monthly("A", "product:wafers", "100", "件", range(1, 12)))
    absent = explain(registry, None, "product:wafers", "A", Period.parse("2025-12"))
    assert (absent.value, absent.unit, absent.status) == (None, "件", "missing")


def test_a_counter_of_pieces_counts_pieces() -> None:
    registry = park(subject("A"), points=[point("K", "A", "product:wafers", "件")])
    found = explain(
        registry, HoursLake({"K": hours_of("2025-03", "2")}), "product:wafers", "A", Period.parse("2025-03")
    )
    assert (found.value, found.unit) == (1488.0, "件")


def test_pieces_and_tonnes_of_one_product_are_not_added() -> None:
    rows = [stated("A", "2025", "product:steel", "5", "t"), stated("B", "2025", "product:steel", "7", "件")]
    both = explain(park(subject("A"), subject("B"), reported=rows), None, "product:steel", "P", YEAR)
    assert (both.value, both.status) == (None, "missing")
    assert "件" in both.missing[0].zh


def test_an_emission_per_product_is_per_piece_where_pieces_are_counted() -> None:
    """3 t on 12 × 100 pieces is 2.5 kg a piece."""
    found = figures(makers(), None, "A", YEAR)["cod_emission_per_product"]
    assert (found.value, found.unit) == (2.5, "kg/件")


@pytest.mark.parametrize(
    ("code", "absent"),
    [("A-1", "energy_per_output_value"), ("A-2", "carbon_emission_intensity"), ("A-1", "cod_emission")],
)
def test_what_says_nothing_of_a_facility_is_not_listed(code: str, absent: str) -> None:
    assert absent not in figures(makers(), None, code, YEAR)
    assert absent in figures(makers(), None, "A", YEAR)


def test_asked_for_it_is_not_applicable_and_names_who_has_it() -> None:
    found = explain(makers(), None, "energy_per_output_value", "A-1", YEAR)
    assert (found.status, found.missing[0].zh) == (
        "not_applicable",
        "单位产值能耗不按排放口核算；请看A公司（A）。",
    )


def test_a_facility_that_states_output_has_its_intensity() -> None:
    rows = [
        stated("A-2", "2025", "electricity_purchased", "10", "MWh"),
        stated("A-2", "2025", "output_value", "5", "万元"),
    ]
    listed = figures(park(subject("A"), MACHINE, reported=rows), None, "A-2", YEAR)
    assert listed["energy_per_output_value"].value == pytest.approx(10 * 0.1229 / 5)


def test_every_key_applies_to_enterprises_and_groups() -> None:
    keys = {key for keys in table_keys("park").values() for key in keys} | set(BEYOND)
    assert all(applies(key, kind) for key in keys for kind in ("park", "zone", "sector", "enterprise", "supply"))
    assert applies("cod_concentration", "outlet")
    assert applies("electricity_purchased", "outlet")
    assert not applies("cod_compliance_rate", "process")


@pytest.mark.parametrize("code", ["P", "A", "B", "A-1", "A-2"])
def test_no_sentence_names_an_engine_key(code: str) -> None:
    for key, figure in figures(makers(), None, code, YEAR).items():
        for reason in (*figure.missing, *figure.remarks):
            assert not KEY.search(reason.zh + reason.en), (key, reason)
