"""The working of figures: it adds up on every level, ends in evidence, and is remembered only as long as it is true."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from small_parks import HoursLake, hours_of, monthly, park, point, stated, subject

from xietong.accounting import explain, figures, table_keys
from xietong.accounting.books.memory import fingerprint
from xietong.accounting.evidence import open_readings
from xietong.calc.figures import Figure
from xietong.park.nouns import Effect, Measure, Registry
from xietong.periods import Period

YEAR, MARCH = Period.parse("2025"), Period.parse("2025-03")
SUBJECTS = (subject("A"), subject("B"), subject("A-1", "outlet", "A", discharges_to="environment"))
POINTS = (
    point("M", "A", "natural_gas", "m3"),
    point("C", "A-1", "so2", "mg/m3", "mean"),
    point("Q", "A-1", "waste_gas", "m3"),
)
LAKE = HoursLake({"M": hours_of("2025-03", "10"), "C": hours_of("2025-03", "8"), "Q": hours_of("2025-03", "900")})


def small() -> Registry:
    rows = [*monthly("A", "electricity_purchased", "7.1", "MWh"), *monthly("B", "electricity_purchased", "3", "MWh")]
    rows += [stated(code, "2025-03", "output_value", "50", "万元") for code in ("A", "B")]
    return park(*SUBJECTS, points=POINTS, reported=rows)


def leaves(figure: Figure) -> Iterator[Figure]:
    if not figure.inputs:
        yield figure
    for child in figure.inputs:
        yield from leaves(child)


@pytest.mark.parametrize(
    "key", ["energy_per_output_value", "carbon_emission_intensity", "pollutant_emission_intensity"]
)
def test_every_leaf_is_a_factor_with_a_source_or_ends_in_evidence(key: str) -> None:
    found = list(leaves(explain(small(), LAKE, key, "P", MARCH)))
    assert len(found) > 4
    for leaf in found:
        if leaf.kind == "factor":
            assert leaf.source
        elif leaf.status != "not_applicable":
            assert leaf.trace.get("entry") or leaf.trace.get("point")


def test_amounts_add_up_on_every_level() -> None:
    figure = explain(small(), LAKE, "electricity_purchased", "P", YEAR)
    assert figure.value == pytest.approx(sum(child.value or 0 for child in figure.inputs))
    assert [child.title.zh for child in figure.inputs] == ["A公司", "B公司"]
    assert all(len(child.inputs) == 12 for child in figure.inputs)


def test_every_table_key_is_answered_for_every_kind_of_subject() -> None:
    registry = small()
    for code in ("P", "A", "A-1"):
        keys = {key for keys in table_keys(registry.subjects[code].kind).values() for key in keys}
        found = figures(registry, LAKE, code, MARCH, sorted(keys))
        assert set(found) == keys
        for figure in found.values():
            assert (figure.value is None) == (figure.status in ("missing", "not_applicable"))
            assert figure.value is not None or figure.missing


def test_without_keys_the_tables_come_first_and_amounts_follow() -> None:
    found = list(figures(small(), LAKE, "P", MARCH))
    assert found[: len(table_keys()[1])] == table_keys()[1]
    assert {"so2_emission", "electricity_purchased", "natural_gas"} <= set(found)
    assert "diesel" not in found


def test_nothing_is_asked_of_the_lake_twice() -> None:
    lake = HoursLake(LAKE.hours)
    for _ in range(3):
        figures(small(), lake, "P", MARCH)
        figures(small(), lake, "A", MARCH)
    assert lake.asked == 2


def test_new_readings_and_new_facts_give_new_figures() -> None:
    registry = small()
    lake = HoursLake(LAKE.hours)
    before = explain(registry, lake, "natural_gas", "A", MARCH).value
    lake.say({**LAKE.hours, "M": hours_of("2025-03", "20")})
    assert explain(registry, lake, "natural_gas", "A", MARCH).value == pytest.approx(2 * (before or 0))
    changed = replace(registry, reported=(*registry.reported, stated("A", "2025-03", "natural_gas", "9", "10^4m3")))
    assert explain(changed, lake, "natural_gas", "A", MARCH).value == 9.0


def test_equal_registries_have_one_fingerprint_and_others_another() -> None:
    assert fingerprint(small()) == fingerprint(small())
    row = small().reported[0]
    other = replace(small(), reported=(replace(row, amount=Decimal("7.2")), *small().reported[1:]))
    assert fingerprint(other) != fingerprint(small())


@pytest.mark.parametrize(("one", "other"), [("-1", "-2"), ("1", "2"), ("0", "-1")])
def test_a_corrected_effect_is_another_figure_whatever_python_hashes_it_to(one: str, other: str) -> None:
    """hash(-1) == hash(-2): a tonne of coal verified as saved, corrected to two, kept the old reduction."""

    def reduction(amount: str) -> float | None:
        measure = Measure("M1", "A", "电机改造", status="in_service", commissioned=date(2024, 1, 1))
        effect = Effect("M1", "raw_coal", Decimal(amount), "t", "verified")
        made = replace(small(), measures={"M1": measure}, effects=(effect,))
        return explain(made, None, "measure_reductions", "P", Period.parse("2025")).items().get("M1")

    unit = 1.902703
    found = [reduction(amount) for amount in (one, other)]
    assert found == pytest.approx([float(amount) * unit for amount in (one, other)], rel=1e-4)
    assert fingerprint(replace(small(), region="1")) != fingerprint(replace(small(), region="-1"))


def test_a_registry_is_known_by_what_it_was_read_at_until_it_is_changed() -> None:
    read = small().as_read_at("act 7")
    assert fingerprint(read) == "act 7"
    assert fingerprint(replace(read, region="山西")) not in ("act 7", fingerprint(small()))
    assert read == small()


class SilentLake(HoursLake):
    def readings(
        self, addresses: Iterable[str], start: datetime, end: datetime, as_of: datetime | None = None
    ) -> pa.Table:
        raise AssertionError


def test_there_is_nothing_to_open_where_nothing_came() -> None:
    start, end = MARCH.utc(small().zone)
    assert open_readings(SilentLake({}), POINTS[0], start, end).hours == ()


def test_measures_count_once_verified_and_by_the_rules_of_the_emission() -> None:
    from_measures = explain(with_measures(), None, "carbon_emission_reduction", "P", YEAR)
    burner = park(subject("A"), reported=[stated("A", "2025", "natural_gas", "10", "10^4m3")])
    gas = explain(burner, None, "energy_carbon_emission", "A", YEAR)
    assert gas.value is not None
    assert from_measures.value == pytest.approx(gas.value + 50)


def with_measures() -> Registry:
    from_2024 = Period.parse("2024").start.date()
    measures = {code: Measure(code, "A", f"措施{code}", commissioned=from_2024) for code in ("M1", "M2", "M3")}
    effects = (
        Effect("M1", "natural_gas", Decimal(10), "10^4m3", "verified"),
        Effect("M1", "natural_gas", Decimal(99), "10^4m3", "expected"),
        Effect("M2", "electricity_purchased", Decimal(99), "MWh", "expected"),
        Effect("M3", "co2e", Decimal(50), "tCO2e", "verified"),
        Effect("M3", "nox", Decimal(3), "t", "verified"),
    )
    return replace(park(subject("A")), measures=measures, effects=effects)


def test_a_measure_counts_from_the_month_after_it_started() -> None:
    late = {"M3": Measure("M3", "A", "措施", commissioned=Period.parse("2025-06").start.date().replace(day=15))}
    figure = explain(replace(with_measures(), measures=late), None, "carbon_emission_reduction", "P", YEAR)
    assert figure.value == pytest.approx(50 * 6 / 12)
