"""Declared stops of production lower what is due: of meters, of outlets and of statements, by hand.

March 2025 has 744 hours; the stop of 10–14 March, 00:00 to 00:00 park time, has 96 of them.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from small_parks import ZONE, HoursLake, hours_of, monthly, park, point, stated, subject

from xietong.accounting import explain
from xietong.accounting.sources.meters import Metered, hours_owed
from xietong.calc.figures import Figure
from xietong.park.nouns import Event, Limit, Registry
from xietong.park.registry.stops import Stops
from xietong.periods import Period

YEAR, MARCH = Period.parse("2025"), Period.parse("2025-03")
STOPPED = range(9 * 24, 13 * 24)
UNITS = (subject("A"), subject("A-1", "outlet", "A", discharges_to="environment"))
POINTS = (
    point("M", "A", "natural_gas", "m3"),
    point("C", "A-1", "so2", "mg/m3", "mean"),
    point("Q", "A-1", "waste_gas", "m3"),
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def stop(start: str, end: str | None, code: str = "A", kind: str = "stop") -> Event:
    event = Event(code, "stop", local(start), local(end) if end else None, "停产检修")
    return event if kind == "stop" else replace(event, kind="maintenance")


STOP = stop("2025-03-10", "2025-03-14")


def measured(*events: Event) -> Registry:
    limit = Limit("A-1", "so2", "concentration", Decimal(35), "mg/m3", "hour")
    return replace(park(*UNITS, points=POINTS, limits=[limit]), events=events)


def march(key: str, *events: Event, without: Iterable[int] = STOPPED, code: str = "A") -> Figure:
    values = {name: hours_of("2025-03", "10", without) for name in ("M", "C", "Q")}
    return explain(measured(*events), HoursLake(values), key, code, MARCH)


@pytest.mark.parametrize("key", ["natural_gas", "so2", "waste_gas"])
def test_a_month_with_a_declared_stop_is_whole_without_the_hours_of_the_stop(key: str) -> None:
    assert march(key).status == "partial"
    assert march(key, STOP).status == "ok"
    assert march(key, STOP).value == march(key).value


@pytest.mark.parametrize("key", ["natural_gas", "so2", "waste_gas"])
def test_what_is_lacking_outside_the_stop_is_still_lacking(key: str) -> None:
    found = march(key, STOP, without=[*STOPPED, 700])
    assert found.status == "partial"
    assert "648" in str(found.missing) or "648" in str([line.missing for line in found.inputs])


def test_only_stops_count_and_only_of_the_subject_and_what_lies_below_it() -> None:
    assert march("natural_gas", stop("2025-03-10", "2025-03-14", kind="maintenance")).status == "partial"
    assert march("natural_gas", stop("2025-03-10", "2025-03-14", code="A-1")).status == "partial"
    assert march("so2", stop("2025-03-10", "2025-03-14", code="A-1")).status == "ok"


def test_completeness_counts_what_was_owed() -> None:
    assert march("data_completeness").value == pytest.approx(648 / 744 * 100)
    assert march("data_completeness", STOP).value == 100.0


def test_stops_that_overlap_count_once_and_an_open_one_lasts() -> None:
    stops = Stops(measured(STOP, stop("2025-03-13", "2025-03-15"), stop("2025-03-30", None, code="A-1")))
    assert stops.hours_within("A", MARCH) == 5 * 24
    assert stops.hours_within("A-1", MARCH) == 7 * 24
    assert stops.hours_within("A-1", Period.parse("2025-04")) == 30 * 24


def test_hours_that_came_during_a_stop_stay_in_the_sum() -> None:
    whole = march("so2", stop("2025-02-01", "2025-05-01"), without=())
    assert whole.status == "ok"
    assert whole.value == pytest.approx(744 * 10 * 10 * 1e-9)


def test_a_stop_that_the_device_reported_too_counts_once() -> None:
    came = Metered(Decimal(1), 720, 720, estimated=False, conflicts=0, day_hours=24 * 31, owed=720)
    assert hours_owed(POINTS[0], MARCH, came, 0) == 720
    assert hours_owed(POINTS[0], MARCH, came, 24) == 720
    assert hours_owed(POINTS[0], MARCH, came, 96) == 648


def test_a_month_at_a_standstill_owes_no_readings() -> None:
    still = march("natural_gas", stop("2025-02-01", "2025-05-01"), without=range(744))
    assert (still.status, still.value) == ("not_applicable", None)
    assert march("natural_gas", without=range(744)).status == "missing"


def test_a_month_at_a_standstill_owes_no_production_but_its_bills() -> None:
    months = [month for month in range(1, 13) if month != 3]
    rows = [
        *monthly("A", "product:steel", "10", "t", months),
        *monthly("A", "electricity_purchased", "5", "MWh", months),
    ]
    still = replace(park(*UNITS, reported=rows), events=(stop("2025-03-01", "2025-04-01"),))
    assert explain(still, None, "product:steel", "A", YEAR).status == "ok"
    assert explain(still, None, "electricity_purchased", "A", YEAR).status == "partial"
    short = replace(still, events=(stop("2025-03-02", "2025-04-01"),))
    assert explain(short, None, "product:steel", "A", YEAR).status == "partial"


def test_what_was_stated_for_a_standstill_counts() -> None:
    rows = [*monthly("A", "product:steel", "10", "t", range(4, 13)), stated("A", "2025-03", "product:steel", "1", "t")]
    still = replace(park(*UNITS, reported=rows), events=(stop("2025-01-01", "2025-04-01"),))
    found = explain(still, None, "product:steel", "A", YEAR)
    assert (found.value, found.status) == (91.0, "ok")
