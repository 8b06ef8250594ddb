"""One bad target is a remark; the rest is graded, for the subject and for whatever gathers it."""

from dataclasses import replace

import pytest
from small_parks import park, stated, subject

from xietong.evaluation import Evaluation, as_json, evaluate
from xietong.park.nouns import Registry, Target

GOOD = Target("energy_per_output_value", "A", 2025, 0.2, 0.3, main=True)
OF_PARK = replace(GOOD, subject="P")


def firm(*targets: Target) -> Registry:
    rows = [stated("A", "2025", "diesel", "100", "t"), stated("A", "2025", "output_value", "1000", "万元")]
    return park(subject("A"), reported=rows, targets=(GOOD, OF_PARK, *targets))


def evaluated(registry: Registry, code: str) -> Evaluation:
    return evaluate(registry, None, code, 2025)


BAD = {
    "unknown indicator": replace(GOOD, indicator="no_such_thing", main=False),
    "a main one": replace(GOOD, indicator="no_such_thing"),
    "unknown part": replace(GOOD, indicator="no_such_thing:coal"),
    "no value": replace(GOOD, indicator="clean_energy_share", target=None),
    "no number": replace(GOOD, indicator="clean_energy_share", target=float("nan")),
    "endless": replace(GOOD, indicator="clean_energy_share", basic=float("inf")),
    "no base": replace(GOOD, indicator="carbon_emission_total", form="reduction_percent", target=5.0, basic=None),
}

NEVER = {
    "a mean of outlets": replace(GOOD, indicator="cod_concentration", target=50.0, basic=60.0, main=False),
    "a main one of that": replace(GOOD, indicator="so2_concentration", target=50.0, basic=60.0),
    "several amounts": replace(GOOD, indicator="fuel_energy", main=False),
    "several emissions": replace(GOOD, indicator="pollutant_emission", main=False),
    "a ceiling": replace(GOOD, indicator="nox_concentration", form="ceiling", basic=None, main=False),
}


@pytest.mark.parametrize("code", ["A", "P"])
@pytest.mark.parametrize("never", NEVER.values(), ids=NEVER)
def test_a_target_that_never_has_a_figure_is_a_remark(never: Target, code: str) -> None:
    """Was: not assessable for ever."""
    found = evaluated(firm(replace(never, subject=code)), code)
    assert found.grade == "excellent"
    assert [line.judged.key for line in found.lines] == ["energy_per_output_value"]
    assert all(never.indicator in said and "targets.csv" in said for said in found.remarks[0])


def test_a_facility_is_not_graded_by_what_is_not_computed_for_it() -> None:
    registry = firm()
    part = subject("A-1", "process", "A")
    keys = ("comprehensive_energy_consumption", "water_reuse_rate")
    goals = [replace(GOOD, indicator=key, subject="A-1", target=200.0, basic=300.0) for key in keys]
    rows = (*registry.reported, stated("A-1", "2025", "diesel", "100", "t"))
    found = evaluated(park(subject("A"), part, reported=rows, targets=goals), "A-1")
    assert (found.grade, len(found.remarks)) == ("excellent", 1)


def test_what_is_due_and_absent_still_grades_nothing() -> None:
    """Missing is not zero: a lack of data is no reason to leave an indicator out."""
    absent = replace(GOOD, indicator="hazardous_waste_utilization_rate", target=80.0, basic=60.0)
    found = evaluated(firm(absent), "A")
    assert (found.grade, found.remarks) == ("not_assessable", ())


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_bad_target_of_a_firm_is_a_remark_there_and_at_the_park(bad: Target) -> None:
    registry = firm(bad)
    for code in ("A", "P"):
        found = evaluated(registry, code)
        assert found.grade == "excellent"
        assert [line.judged.key for line in found.lines] == ["energy_per_output_value"]
        assert len(found.remarks) == 1
        for said in found.remarks[0]:
            assert bad.indicator in said
            assert "targets.csv" in said
        assert as_json(found)["remarks"] == [found.remarks[0]._asdict()]
    assert [line.subject for line in evaluated(registry, "P").below] == ["A"]


def test_one_bad_target_of_the_park_itself_leaves_its_others() -> None:
    found = evaluated(firm(replace(OF_PARK, indicator="no_such_thing")), "P")
    assert (found.grade, len(found.remarks)) == ("excellent", 1)
    assert evaluated(firm(replace(OF_PARK, indicator="no_such_thing")), "A").remarks == ()


def test_a_target_of_nobody_is_told_with_the_park() -> None:
    registry = firm(replace(GOOD, subject="GONE"))
    assert evaluated(registry, "A").remarks == ()
    found = evaluated(registry, "P")
    assert found.grade == "excellent"
    assert "GONE" in found.remarks[0].zh


def test_a_target_stated_twice_counts_once_by_the_later_row() -> None:
    found = evaluated(firm(replace(GOOD, target=0.1)), "A")
    assert [line.judged.target for line in found.lines] == [0.1]
    assert len(found.remarks) == 1


def test_only_bad_targets_are_no_grade() -> None:
    registry = replace(firm(), targets=(BAD["unknown indicator"],))
    found = evaluated(registry, "A")
    assert found.grade == "not_assessable"
    assert len(found.remarks) == 1
