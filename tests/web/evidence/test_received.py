"""Due against received: what a day owes, what came of it, gaps named; expectations counted by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import handmade
import pytest

from xietong.park.nouns import Event, Expected, Point, Registry, ReportedAmount
from xietong.periods import Period
from xietong.web.evidence.due_and_received import (
    Calendar,
    Gap,
    Line,
    days_of_month,
    due_in_hour,
    gaps,
    line,
    share,
    together,
    with_substitutes,
)
from xietong.web.months.months_received import gathered, reported_months

NOW = datetime(2025, 3, 20, 4, 30, tzinfo=UTC)  # 12:30 on 20 March in the park
HOURLY = Point("P", "E01", "energy", "electricity_purchased", "kWh", "amount", 3600)


def row(**changes: Any) -> Mapping[str, Any]:
    return {"readings": 24, "due": 24, "invalid": 0, "estimated": False, **changes}


def month(
    point: Point, rows: Mapping[date, Mapping[str, Any]], first: date | None, park: Registry | None = None
) -> Line:
    return line(point, rows, first, Calendar(park or handmade.park(), days_of_month(2025, 3), NOW))


def march(day: int) -> date:
    return date(2025, 3, day)


def test_a_month_has_its_days() -> None:
    assert [len(days_of_month(2024, number)) for number in (2, 4, 12)] == [29, 30, 31]


def test_a_day_without_a_row_owes_what_its_interval_says() -> None:
    shown = month(HOURLY, {march(1): row(), march(2): row(readings=18, invalid=3)}, march(1))
    assert [(cell.kind, cell.received, cell.due) for cell in shown.cells[:3]] == [
        ("whole", 24, 24),
        ("partial", 18, 24),
        ("missing", 0, 24),
    ]
    assert shown.cells[1].invalid == 3


def test_today_owes_what_is_due_by_now_and_tomorrow_nothing() -> None:
    shown = month(HOURLY, {march(20): row(readings=12)}, march(1))
    assert (shown.cells[19].kind, shown.cells[19].received, shown.cells[19].due) == ("whole", 12, 12)
    assert {cell.kind for cell in shown.cells[20:]} == {"ahead"}


def test_nothing_is_owed_before_the_first_reading_nor_outside_the_points_dates() -> None:
    assert [cell.kind for cell in month(HOURLY, {}, march(3)).cells[:4]] == ["not_due", "not_due", "missing", "missing"]
    dated = replace(HOURLY, since=march(2), until=march(4))
    assert [cell.kind for cell in month(dated, {}, None).cells[:5]] == [
        "not_due",
        "missing",
        "missing",
        "not_due",
        "not_due",
    ]
    never = month(HOURLY, {}, None)
    assert not never.has_anything
    assert share(never.cells) is None


@pytest.mark.parametrize(("interval", "due"), [(60, 1440), (600, 144), (86_400, 1), (0, 0), (2_592_000, 0)])
def test_the_interval_says_how_many_are_due_a_day(interval: int, due: int) -> None:
    assert month(replace(HOURLY, interval_s=interval), {}, march(1)).cells[4].due == due


def test_a_declared_stop_owes_nothing() -> None:
    stop = Event("E01", "stop", datetime(2025, 3, 4, 16, tzinfo=UTC), datetime(2025, 3, 6, 4, tzinfo=UTC))
    shown = month(HOURLY, {}, march(1), replace(handmade.park(), events=(stop,)))
    assert [(cell.kind, cell.due) for cell in shown.cells[3:6]] == [("missing", 24), ("stopped", 0), ("missing", 12)]


def test_a_stop_inside_a_day_of_which_something_came_is_not_due_either() -> None:
    """Twelve of 24 hours stood still, by the declaration or by the device's own mark or by both: twelve came, all."""
    stop = Event("E01", "stop", datetime(2025, 3, 1, 16, tzinfo=UTC), datetime(2025, 3, 2, 4, tzinfo=UTC))
    park = replace(handmade.park(), events=(stop,))
    for owed in (24, 12):
        cell = month(HOURLY, {march(2): row(readings=12, due=owed)}, march(1), park).cells[1]
        assert (cell.kind, cell.received, cell.due, cell.stopped_h) == ("whole", 12, 12, 12)
    assert month(HOURLY, {march(2): row(readings=12, due=6)}, march(1), park).cells[1].due == 6
    silent = month(HOURLY, {march(2): row(readings=0, due=0)}, march(1)).cells[1]
    assert (silent.kind, silent.due) == ("stopped", 0)  # every hour marked F by the device
    daily = month(replace(HOURLY, interval_s=86_400), {march(2): row(readings=1, due=1)}, march(1), park).cells[1]
    assert (daily.kind, daily.due) == ("whole", 1)


def test_a_calibration_is_due_and_named_and_one_of_another_outlet_is_neither() -> None:
    """HJ 75-2017: hours of calibration count as hours of the plant; their data are invalid and are replaced."""
    span = datetime(2025, 3, 2, 1, tzinfo=UTC), datetime(2025, 3, 2, 3, tzinfo=UTC)
    events = (Event("E01", "calibration", *span), Event("PARK", "start_up", *span), Event("PARK", "fault", *span))
    shown = month(HOURLY, {march(2): row(readings=22, invalid=2)}, march(1), replace(handmade.park(), events=events))
    assert [cell.declared for cell in shown.cells[:3]] == [(), ("calibration", "start_up"), ()]
    assert (shown.cells[1].kind, shown.cells[1].due, shown.cells[1].stopped_h) == ("partial", 24, 0)
    assert together([shown, shown])[1].declared == ("calibration", "start_up")


def test_a_surplus_covers_no_gap() -> None:
    full = month(HOURLY, {march(day): row(readings=30) for day in range(1, 20)}, march(1))
    short = month(HOURLY, {march(1): row(readings=12, estimated=True)}, march(1))
    both = together([full, short])
    assert (both[0].received, both[0].due, both[0].kind, both[0].estimated) == (36, 48, "partial", True)
    assert share(both[:1]) == pytest.approx(0.75)
    assert both[20].kind == "ahead"


def test_gaps_are_named_as_stretches() -> None:
    shown = month(HOURLY, {march(day): row() for day in (1, 2, 6, 8)}, march(1))
    assert gaps(shown.cells[:9]) == [Gap(march(3), march(5)), Gap(march(7), march(7)), Gap(march(9), march(9))]


def test_substitutes_are_marked_where_something_lacks() -> None:
    shown = with_substitutes(month(HOURLY, {march(1): row(), march(2): row(readings=20)}, march(1)))
    assert [cell.substituted for cell in shown.cells[:3]] == [False, True, True]
    assert not any(cell.substituted for cell in shown.cells[20:])


def stated(item: str, *periods: str, subject: str = "E01", method: str = "") -> list[ReportedAmount]:
    return [
        ReportedAmount(subject, Period.parse(each), item, Decimal(1), "t", "cli-0/1", 2, NOW, method=method)
        for each in periods
    ]


def test_items_are_due_by_the_list_once_their_span_has_ended() -> None:
    park = replace(
        handmade.park(),
        reported=(*stated("coke", "2025-01"), *stated("raw_coal", "2025-02", method="estimate")),
        expected=(
            Expected("E01", "coke", "month", 10),
            Expected("E01", "raw_coal", "month", 10),
            Expected("E01", "output_value", "quarter", 10),
        ),
    )
    cells = reported_months(park, 2025, march(20))["E01"]
    assert [(cell.due, cell.stated, cell.estimated) for cell in cells[:4]] == [
        (2, 1, 0),
        (2, 1, 1),
        (0, 0, 0),
        (0, 0, 0),
    ]
    assert cells[0].lacking == (("E01", "raw_coal"),)
    april = reported_months(park, 2025, date(2025, 4, 2))["E01"]
    assert [cell.due for cell in april[:4]] == [3, 3, 3, 0]


def test_without_a_list_what_was_stated_lately_is_due_at_its_own_pace() -> None:
    park = replace(handmade.park(), reported=(*stated("coke", "2025-01"), *stated("raw_coal", "2024")))
    cells = reported_months(park, 2025, march(20))["E01"]
    assert [(cell.due, cell.stated) for cell in cells[:3]] == [(1, 1), (1, 0), (0, 0)]


def test_what_lies_below_an_enterprise_counts_with_it() -> None:
    park = replace(
        handmade.park(), reported=(*stated("coke", "2025-01"), *stated("cod_emission", "2025-02", subject="E01-G1"))
    )
    found = gathered(reported_months(park, 2025, march(20)), {"E01": "E01", "E01-G1": "E01"})
    assert [(cell.due, cell.stated) for cell in found["E01"][:2]] == [(2, 1), (2, 1)]


def test_an_hour_owes_by_interval_dates_stops_and_the_clock() -> None:
    stop = Event("E01", "stop", datetime(2025, 3, 4, tzinfo=UTC), datetime(2025, 3, 4, 2, tzinfo=UTC))
    calendar = Calendar(replace(handmade.park(), events=(stop,)), [march(4)], NOW)
    at = datetime(2025, 3, 4, 1, tzinfo=UTC)
    assert due_in_hour(HOURLY, at, calendar) == 0
    assert due_in_hour(HOURLY, at.replace(hour=2), calendar) == 1
    assert due_in_hour(replace(HOURLY, interval_s=60), at.replace(hour=2), calendar) == 60
    assert due_in_hour(replace(HOURLY, interval_s=86_400), at.replace(hour=2), calendar) == 0
    assert due_in_hour(replace(HOURLY, since=march(5)), at.replace(hour=2), calendar) == 0
    assert due_in_hour(replace(HOURLY, until=march(4)), at.replace(hour=2), calendar) == 0
    assert due_in_hour(HOURLY, datetime(2025, 3, 20, 4, tzinfo=UTC), calendar) == 0
