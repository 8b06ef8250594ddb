"""hourly and daily are pure functions of readings and mapping: however they came, in however many steps."""

import gzip
import os
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from laid_beside import laid_beside
from lake_samples import ADDRESS, ZONE, Row, batch, days, every, hours, lake, park, point, totals

from xietong.lake.points import MeterChange, PointSpec
from xietong.lake.rollup.rollup import RollUp, Tables
from xietong.lake.store import Lake

SPAN = park("2024-12-01"), park("2025-12-01")
COUNTER, SHEET, LEVEL = "hj212:M/c/Cou@2051", "sheet:C", "hj212:M/l/Avg@2051"
RESET = "hj212:M/r/Cou@2051"
CODES = ["C", "D", "L", "R", "S"]
POINTS = [
    PointSpec("C", COUNTER, shape="counter", interval_s=3600, multiplier=Decimal("1.5")),
    PointSpec("C", "sheet:C", shape="counter", interval_s=3600, multiplier=Decimal("1.5")),
    PointSpec("D", COUNTER, shape="counter", interval_s=1800, until_utc=park("2025-02-01"), digits=2),
    PointSpec(
        "D",
        SHEET,
        shape="counter",
        interval_s=1800,
        since_utc=park("2025-02-01"),
        digits=2,
        changes=(MeterChange(park("2025-02-01 02:30"), Decimal(4), Decimal(1)),),
    ),
    PointSpec("L", LEVEL, shape="mean", interval_s=3600, low=Decimal(0)),
    # Registers that start again every midnight; of S one was changed for a plain one, and back.
    PointSpec("R", RESET, shape="counter", interval_s=3600, daily_reset=True),
    PointSpec(
        "S",
        SHEET,
        shape="counter",
        interval_s=1800,
        until_utc=park("2025-02-01 06:30"),
        daily_reset=True,
        digits=2,
        changes=(MeterChange(park("2025-01-31 21:15"), Decimal(8), Decimal(0)),),
    ),
    PointSpec("S", RESET, shape="counter", interval_s=3600, since_utc=park("2025-02-01 06:30"), multiplier=Decimal(60)),
]


def tables(made: Lake) -> tuple[pa.Table, pa.Table]:
    return made.hourly(CODES, *SPAN), made.daily(CODES, *SPAN)


def from_scratch(batches: Sequence[pa.Table]) -> tuple[pa.Table, pa.Table]:
    with tempfile.TemporaryDirectory() as folder:
        made = lake(Path(folder))
        made.append(pa.concat_tables(batches), {})
        made.roll_up(POINTS)
        return tables(made)


# Hours over some months, dense enough to collide, with long silences; registers that climb, fall, stop and glitch.
_HOURS = st.one_of(st.integers(0, 30), st.integers(700, 760), st.integers(1400, 1410))
_ROWS = st.builds(
    lambda hour, minute, value, flag, address, received: Row(
        (datetime.fromisoformat("2025-01-31") + timedelta(hours=hour, minutes=minute)).isoformat(sep=" "),
        str(value),
        flag,
        address,
        f"intake-0/{received}",
        (datetime.fromisoformat("2025-06-01") + timedelta(minutes=received)).isoformat(sep=" "),
    ),
    _HOURS,
    st.sampled_from([0, 0, 7, 30]),
    st.sampled_from([0, 0, 1, 2, 3, 5, 8, 13, 97, 99, 100, -1]),
    st.sampled_from(["N", "N", "N", "", "D", "F"]),
    st.sampled_from([COUNTER, COUNTER, SHEET, LEVEL, RESET, RESET]),
    st.integers(0, 20),
)


_STEPS = st.lists(st.lists(_ROWS, min_size=1, max_size=12), min_size=2, max_size=4)


@pytest.mark.slow
@settings(max_examples=3, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
@given(_STEPS)
def test_in_steps_or_at_once_is_the_same(steps: list[list[Row]]) -> None:
    in_steps_as_at_once(steps)


@pytest.mark.long
@settings(
    max_examples=int(os.environ.get("XIETONG_EXAMPLES", "120")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(_STEPS)
def test_in_steps_or_at_once_is_the_same_at_length(steps: list[list[Row]]) -> None:
    in_steps_as_at_once(steps)


def in_steps_as_at_once(steps: list[list[Row]]) -> None:
    batches = [batch(rows) for rows in steps]
    with tempfile.TemporaryDirectory() as folder:
        made = lake(Path(folder))
        for index, part in enumerate(batches):
            made.append(part, {"intake-0": index + 1})
            if index % 2:
                made.compact()
            made.roll_up(POINTS)
            expected = from_scratch(batches[: index + 1])
            hourly, daily = tables(made)
            assert hourly.equals(expected[0])
            assert daily.equals(expected[1])
            for row in daily.to_pylist():
                assert row["total"] == summed(hourly, row["point"], row["day"])


def summed(hourly: pa.Table, code: str, day: date) -> Decimal | None:
    """A day's total by a second method: the decimals of its hours, added by Python."""
    parts = [
        row["total"]
        for row in hourly.to_pylist()
        if row["point"] == code and row["hour"].astimezone(ZONE).date() == day and row["total"] is not None
    ]
    return sum(parts) if parts else None


def test_a_late_reading_corrects_the_days_around_it(tmp_path: Path) -> None:
    """A register read on 1 and 5 March; then the one of 3 March arrives."""
    made = lake(tmp_path)
    spec = point("counter", interval_s=86_400)
    made.append(batch([Row("2025-03-01 00:00", "0"), Row("2025-03-05 00:00", "96")]), {})
    made.roll_up([spec])
    assert totals(days(made), "day") == {date(2025, 3, day): 24 for day in (1, 2, 3, 4)} | {date(2025, 3, 5): None}
    made.append(batch([Row("2025-03-03 00:00", "72")]), {})
    assert made.roll_up([spec]) == [date(2025, 3, day) for day in range(1, 6)]
    assert [totals(days(made), "day")[date(2025, 3, day)] for day in (1, 2, 3, 4)] == [36, 36, 12, 12]


def test_only_what_changed_is_made_anew(tmp_path: Path) -> None:
    made = lake(tmp_path)
    made.append(batch(every("2025-03-01 00:00", 3600, ["1"] * 72)), {"intake-0": 1})
    spec = point("amount", interval_s=3600)
    assert made.roll_up([spec]) == [date(2025, 3, day) for day in (1, 2, 3)]
    assert made.roll_up([spec]) == []
    made.append(batch([Row("2025-03-02 00:30", "5")]), {"intake-0": 2})
    made.compact()
    assert made.roll_up([spec]) == [date(2025, 3, 2)]
    assert totals(days(made), "day") == {date(2025, 3, 1): 24, date(2025, 3, 2): 29, date(2025, 3, 3): 24}
    made.compact()
    assert made.roll_up([spec]) == []


def test_another_mapping_makes_all_anew(tmp_path: Path) -> None:
    made = lake(tmp_path)
    made.append(batch(every("2025-03-01 00:00", 86_400, ["1", "2"])), {})
    spec = point("amount", interval_s=86_400)
    made.roll_up([spec])
    assert len(made.roll_up([spec._replace(multiplier=Decimal(10))])) == 2
    assert sum(totals(days(made), "day").values()) == 30
    assert made.roll_up([spec, point("amount", point="P2", address="none")]) != []  # back again: still nothing kept
    assert sum(totals(days(made), "day").values()) == 3
    made.roll_up([])
    assert hours(made) == days(made) == []


def test_a_crash_between_hours_and_days_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = lake(tmp_path)
    made.append(batch([Row("2025-03-01 00:00", "1")]), {})
    spec = point("amount")
    made.roll_up([spec])
    made.append(batch([Row("2025-03-01 00:15", "2")]), {})
    with monkeypatch.context() as patch:
        patch.setattr(made.daily_table, "claim", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            made.roll_up([spec])
    assert totals(hours(made)) == {"03-01 00:00": 3}
    assert totals(days(made), "day") == {date(2025, 3, 1): 1}
    lake(tmp_path).roll_up([spec])
    assert totals(days(made), "day") == {date(2025, 3, 1): 3}


def test_a_log_that_no_longer_reaches_back_makes_all_anew(tmp_path: Path) -> None:
    made = lake(tmp_path)
    made.append(batch([Row("2025-03-01 00:00", "1")]), {})
    made.roll_up([point("amount")])
    made.append(batch([Row("2025-03-02 00:00", "2")]), {})
    made.append(batch([]), {"intake-0": 1})
    made.readings_table.checkpoint()
    for version in range(3):
        (made.readings_table.log / f"{version:020d}.json").unlink()
    assert made.roll_up([point("amount")]) == [date(2025, 3, 1), date(2025, 3, 2)]


def test_hours_of_newer_readings_than_there_are_count_for_nothing(tmp_path: Path) -> None:
    """The readings are an older copy: what its hours were made from is not there any more."""
    made, spec = lake(tmp_path), point("amount")
    made.append(batch([Row("2025-03-01 00:00", "1")]), {})
    kept = Tables(made.readings_table, made.hourly_table, made.daily_table, made.engine, made.zone)
    older = RollUp(kept, [spec])
    made.append(batch([Row("2025-03-01 00:15", "2")]), {})
    made.roll_up([spec])
    assert RollUp(kept, [spec]).made_from() == made.readings_table.view().version
    assert older.made_from() is None
    assert older.run() == [date(2025, 3, 1)]
    assert totals(hours(made)) == {"03-01 00:00": 1}


STEEL = "energy/uci-steel-industry-2018-15min.csv.gz"


def steel() -> list[Row]:
    """The works' quarter hours by their beginnings: stamps are ends, and 00:00 closes the day it is written on."""
    rows = []
    for line in gzip.decompress(laid_beside(STEEL).read_bytes()).decode("utf-8-sig").splitlines()[1:]:
        (stamp, clock), value = line.split(",")[0].split(), line.split(",")[1]
        day, month, year = stamp.split("/")
        end = datetime.fromisoformat(f"{year}-{month}-{day} {clock}")
        if (end.hour, end.minute) == (0, 0):
            end += timedelta(days=1)
        rows.append(Row((end - timedelta(minutes=15)).isoformat(sep=" "), value, ""))
    return rows


@pytest.mark.slow
def test_a_steel_works_year(tmp_path: Path) -> None:
    rows = steel()
    by_month: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:  # the second method: plain decimals
        by_month[row.at[:7]] += Decimal(row.value)
    made = lake(tmp_path)
    made.append(batch(rows), {"cli-0": 1})
    made.roll_up([point("amount")])
    months: dict[str, Decimal] = defaultdict(Decimal)
    for day in days(made, year=2018):
        assert (day["readings"], day["due"], day["hours"]) == (96, 96, 24)
        months[day["day"].isoformat()[:7]] += day["total"]
    assert months == by_month
    assert len(months) == 12
    assert months["2018-01"] == Decimal("126238.29")
    assert sum(months.values()) == Decimal("959640.31")
    assert len(hours(made, year=2018)) == 8760
    assert sum(totals(hours(made, year=2018)).values()) == Decimal("959640.31")
    assert made.readings([ADDRESS], park("2018-01-01"), park("2019-01-01")).num_rows == 35_040
