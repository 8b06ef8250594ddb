"""Parks whose clocks change: the hour that comes twice is two, the one that never comes is named."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xietong.accounting.sources.meters import hours_due
from xietong.park.nouns import Point
from xietong.park.package.cells import CellError, instant
from xietong.park.package.readings import Converted, Reader, convert
from xietong.park.package.tabular import ROW
from xietong.periods import Period
from xietong.protocols.pushed import decode

BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
POINTS = {
    code: Point(code, "E1", "energy", "electricity_purchased", "kWh", "counter" if code == "C1" else "amount", 900)
    for code in ("A1", "C1")
}


def read(folder: Path, rows: list[tuple[str, str]], zone: ZoneInfo = BERLIN) -> tuple[Converted, list[datetime]]:
    """What a file of (point, at) gives, in pieces of seven rows, and the instants that were kept."""
    target = folder / "readings.parquet"
    pieces = [
        pa.table(
            {
                "point": [code for code, _ in rows[first : first + 7]],
                "at": [at for _, at in rows[first : first + 7]],
                "value": ["1.25"] * len(rows[first : first + 7]),
                ROW: pa.array(range(first + 2, first + 2 + len(rows[first : first + 7])), pa.int64()),
            }
        )
        for first in range(0, len(rows), 7)
    ]
    found = convert(pieces, Reader("readings.csv", zone, POINTS), target)
    return found, pq.read_table(target).column("at").to_pylist()


def local(first: datetime, count: int, step: timedelta, zone: ZoneInfo) -> list[str]:
    """What clocks of the zone show every so often, without an offset."""
    return [(first + step * place).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") for place in range(count)]


@pytest.mark.parametrize(
    ("zone", "first", "count"),
    [
        (BERLIN, datetime(2025, 10, 25, 22, tzinfo=UTC), 100),
        (ZoneInfo("America/Santiago"), datetime(2025, 4, 5, 3, tzinfo=UTC), 100),
        (ZoneInfo("Australia/Sydney"), datetime(2025, 4, 5, 13, tzinfo=UTC), 100),
        (LORD_HOWE, datetime(2025, 4, 5, 13, tzinfo=UTC), 98),
        (BERLIN, datetime(2025, 3, 29, 23, tzinfo=UTC), 92),
        (ZoneInfo("Asia/Shanghai"), datetime(2025, 10, 25, 16, tzinfo=UTC), 96),
    ],
)
def test_a_day_of_quarters_without_offsets_is_whole(
    tmp_path: Path, zone: ZoneInfo, first: datetime, count: int
) -> None:
    """Two points whose rows alternate, counter and amount: every instant of the real day, once each."""
    wanted = [first + timedelta(minutes=15) * place for place in range(count)]
    rows = [(code, at) for at in local(first, count, timedelta(minutes=15), zone) for code in ("A1", "C1")]
    found, instants = read(tmp_path, rows, zone)
    assert (found.accepted, found.rejected, found.remarks) == (2 * count, [], [])
    assert instants[::2] == wanted
    assert instants[1::2] == wanted


def test_what_came_once_is_the_first_and_named(tmp_path: Path) -> None:
    rows = [("A1", f"2025-10-26T{hour:02d}:{minute:02d}") for hour in range(24) for minute in (0, 15, 30, 45)]
    found, instants = read(tmp_path, rows)
    assert (found.accepted, instants[8]) == (96, datetime(2025, 10, 26, 0, tzinfo=UTC))
    (remark,) = found.remarks
    assert remark.rule == "time_twice"
    assert "2025-10-26 02:00" in remark.message.en


@pytest.mark.parametrize("form", ["2025-03-30T02:30", "2025-03-30T02:30:00.5", "20250330T0230"])
def test_a_time_that_never_was_is_named(tmp_path: Path, form: str) -> None:
    found, _ = read(tmp_path, [("A1", "2025-03-30T01:45"), ("A1", form), ("A1", "2025-03-30T03:00")])
    (refused,) = found.rejected
    assert (found.accepted, refused.row) == (2, 3)
    if form != "20250330T0230":
        assert refused.rule == "no_such_time"
    with pytest.raises(CellError):
        instant("2025-03-30T02:30", BERLIN)


def test_offsets_are_taken_as_written(tmp_path: Path) -> None:
    rows = [("A1", f"2025-10-26T02:{minute:02d}{offset}") for offset in ("+02:00", "+01:00") for minute in (0, 30)]
    found, instants = read(tmp_path, rows)
    assert [at.hour * 60 + at.minute for at in instants] == [0, 30, 60, 90]
    assert found.remarks == []


def test_a_pushed_body_is_read_alike() -> None:
    body = b'{"readings":[%s]}' % b",".join(
        b'{"point":"A1","at":"%s","value":1}' % at
        for at in (b"2025-10-26T02:00", b"2025-10-26T02:30", b"2025-10-26T02:00", b"2025-03-30T02:30")
    )
    pushed = decode(body, BERLIN)
    assert [(row.at.hour, row.at.minute) for row in pushed.rows] == [(0, 0), (0, 30), (1, 0)]
    assert [problem.place for problem in pushed.problems] == [3]


@pytest.mark.parametrize(
    ("zone", "period", "hours"),
    [
        (BERLIN, "2025-10-26", 25),
        (BERLIN, "2025-03-30", 23),
        (BERLIN, "2025-03", 743),
        (BERLIN, "2025-10-26T02", 2),
        (BERLIN, "2025", 8760),
        (LORD_HOWE, "2025-04-06", 24),  # and a half
        (ZoneInfo("Asia/Shanghai"), "2025-03-30", 24),
    ],
)
def test_what_is_due_of_a_day_are_its_real_hours(zone: ZoneInfo, period: str, hours: int) -> None:
    assert hours_due(POINTS["A1"], Period.parse(period), zone) == hours
