"""Due against received: what is missing, hour by hour, and what is not."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from settle_folder import AT_ONCE, ZONE, Folder

from xietong.lake.points import PointSpec
from xietong.protocols.hj212.building import Speaker, build, number, stamp
from xietong.settle import Settler
from xietong.settle.devices.due import matrix, missing, series

MN = "010000A8900016F000169DC0"
SPEAKER = Speaker(MN, st="31")
NOW = datetime(2026, 3, 20, 4, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


def point(code: str = "a21026", cn: str = "2061", interval_s: int = 3600, **more: Any) -> PointSpec:
    spec = PointSpec(code, f"hj212:{MN}/{code}/Avg@{cn}", shape="mean", interval_s=interval_s)
    return spec._replace(**more)


def send(folder: Folder, instants: Iterable[datetime], cn: str = "2061", codes: tuple[str, ...] = ("a21026",)) -> None:
    folder.write(
        *(
            build(SPEAKER, cn, number(at), f"DataTime={stamp(at)};{';'.join(f'{code}-Avg=1' for code in codes)}")
            for at in instants
        )
    )
    settler = folder.settler()
    while settler.step():
        pass
    settler.finish()


def hours(*numbers: int) -> list[datetime]:
    """Hours before NOW, the first being the oldest."""
    return [NOW - each * HOUR for each in numbers]


def spans(folder: Folder, *points: PointSpec, now: datetime = NOW) -> list[tuple[str, int, int, int]]:
    found = missing(folder.settler().lake, points, now, WEEK)
    return [(each.cn, (NOW - each.begin) // HOUR, (NOW - each.end) // HOUR, each.instants) for each in found]


def test_an_hour_is_due_from_the_first_that_came_until_a_quarter_after_its_end(folder: Folder) -> None:
    send(folder, hours(10, 9, 6, 5, 2))
    assert spans(folder, point()) == [("2061", 8, 7, 2), ("2061", 4, 3, 2)]
    assert spans(folder, point(), now=NOW + timedelta(minutes=14)) == [("2061", 8, 7, 2), ("2061", 4, 3, 2)]
    assert spans(folder, point(), now=NOW + timedelta(minutes=15))[-1] == ("2061", 1, 1, 1)


def test_dates_of_the_point_bound_it(folder: Folder) -> None:
    send(folder, hours(10))
    dated = point(since_utc=NOW - 12 * HOUR, until_utc=NOW - 6 * HOUR)
    assert spans(folder, dated) == [("2061", 12, 11, 2), ("2061", 9, 7, 3)]


def test_nothing_at_all_is_due_where_nothing_ever_came_and_no_date_says_so(folder: Folder) -> None:
    send(folder, hours(3), codes=("w01018",))
    assert spans(folder, point()) == []
    assert len(spans(folder, point(since_utc=NOW - 10 * HOUR))) == 1


def test_a_factor_that_the_device_never_sends_makes_no_hour_missing(folder: Folder) -> None:
    send(folder, hours(4, 3, 2, 1))
    assert spans(folder, point(), point("a21002")) == []
    send(folder, hours(4, 2), codes=("a21002",))
    assert spans(folder, point(), point("a21002")) == [("2061", 3, 3, 1)]


def test_a_long_gap_is_asked_for_a_day_at_a_time(folder: Folder) -> None:
    send(folder, hours(80, 1))
    assert [each[3] for each in spans(folder, point())] == [24, 24, 24, 6]


@pytest.mark.parametrize(
    ("cn", "interval_s", "step", "at_once"),
    [("2051", 600, timedelta(minutes=10), 36), ("2031", 86_400, timedelta(days=1), 31)],
)
def test_minutes_and_days_have_their_own_steps(
    folder: Folder, cn: str, interval_s: int, step: timedelta, at_once: int
) -> None:
    first = datetime(2026, 3, 15, tzinfo=ZONE).astimezone(UTC)  # a park day begins at 16:00 UTC
    send(folder, [first, first + 3 * step], cn)
    (span, *more) = missing(folder.settler().lake, [point(cn=cn, interval_s=interval_s)], NOW, WEEK)
    assert (span.begin, span.end, span.instants) == (first + step, first + 2 * step, 2)
    assert all(each.instants <= at_once for each in more)


def test_what_devices_do_not_keep_is_not_looked_for(folder: Folder) -> None:
    assert series([point(cn="2011"), PointSpec("S", "sheet:S"), point(interval_s=0)]) == []
    assert missing(folder.settler().lake, [point(cn="2011")], NOW, WEEK) == []


def test_the_matrix_says_for_each_address_what_was_due_and_came(folder: Folder) -> None:
    send(folder, hours(4, 2))
    (row,) = matrix(folder.settler().lake, series([point()]), NOW - 5 * HOUR, NOW)
    assert row.address == f"hj212:{MN}/a21026/Avg@2061"
    assert row.due.tolist() == [int((NOW - each * HOUR).timestamp()) for each in (4, 3, 2, 1)]
    assert row.came.tolist() == [True, False, True, False]


def test_what_still_waits_in_the_journal_is_not_missing(folder: Folder) -> None:
    """Settle reads about a megabyte a step: what a device has sent and is not read yet is not asked for."""
    first, *later = hours(9, 8, 7, 6, 5, 4, 3, 2, 1)
    whole = [f"DataTime={stamp(at)};a21026-Avg=1" for at in (first, *later)]
    sent = [build(SPEAKER, "2061", number(NOW), content) for content in whole]
    filler = build(Speaker("OTHER"), "2011", number(NOW), f"DataTime={stamp(NOW)};a21026-Rtd=1" + " " * 700)
    folder.write(sent[0], *[filler] * 2_000, *sent[1:])
    settler = Settler(folder.data, ZONE, lambda: [point(since_utc=first)], lambda: NOW, AT_ONCE)
    requests = folder.data / "requests.json"
    while settler.step():
        assert not requests.exists()
    settler.step()
    assert json.loads(requests.read_bytes())["requests"] == []


def test_a_declared_stop_makes_the_hours_within_it_not_due(folder: Folder) -> None:
    """From nine and a half hours before NOW to three and a half: the two hours that it only cuts stay due."""
    send(folder, hours(12, 11, 2, 1))
    half = timedelta(minutes=30)
    stops = {"a21026": [(NOW - 9 * HOUR - half, NOW - 3 * HOUR - half)]}
    found = missing(folder.settler().lake, [point()], NOW, WEEK, stops)
    assert [((NOW - each.begin) // HOUR, (NOW - each.end) // HOUR) for each in found] == [(10, 10), (4, 3)]
    still = missing(folder.settler().lake, [point()], NOW, WEEK, {"a21026": [(NOW - 9 * HOUR, NOW - 3 * HOUR)]})
    assert [((NOW - each.begin) // HOUR, each.instants) for each in still] == [(10, 1), (3, 1)]


def test_a_stop_of_one_outlet_is_no_stop_of_another_on_the_same_device(folder: Folder) -> None:
    send(folder, hours(6, 1), codes=("a21026", "a21002"))
    stopped = {"a21026": [(NOW - WEEK, NOW)]}
    lake, both = folder.settler().lake, [point(), point("a21002")]
    assert [each.instants for each in missing(lake, both, NOW, WEEK, stopped)] == [4]
    assert missing(lake, both, NOW, WEEK, {**stopped, "a21002": stopped["a21026"]}) == []
    shared = point()._replace(point="ANOTHER")  # another point fed by the same address, which did not stop
    assert [each.instants for each in missing(lake, [point(), shared], NOW, WEEK, stopped)] == [4]


def test_nobody_is_asked_for_the_hours_of_a_stop(folder: Folder) -> None:
    send(folder, hours(6, 1))
    for until, asked in ((5, 1), (2, 1), (1, 0)):
        stops = {"a21026": [(NOW - 5 * HOUR, NOW - until * HOUR)]}
        settler = Settler(folder.data, ZONE, lambda: [point()], lambda: NOW, AT_ONCE, stops.copy)
        while settler.step():
            pass
        settler.step()
        told = json.loads((folder.data / "requests.json").read_bytes())["requests"]
        assert len(told) == asked, until
