"""Cases found in synthetic series whose faults are known: how many are found, and how many alarms are false."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from xietong.quality.cases import KINDS, Case, Kind
from xietong.quality.find import Parameters, find_cases
from xietong.quality.series import Watched

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICRO = 1_000_000


@dataclass
class Signal:
    """Hours of one point: value in millionths, whether it comes, mark, and the number of the entry it comes in."""

    point: str
    micro: NDArray[np.int64]
    shape: str = "mean"
    high: Decimal | None = None
    changes: tuple[datetime, ...] = ()
    comes: NDArray[np.bool_] = field(init=False)
    flags: list[str] = field(init=False)
    entry: NDArray[np.int64] = field(init=False)
    extra: list[tuple[int, int, int]] = field(default_factory=list)  # hour, value, entry: stated again

    def __post_init__(self) -> None:
        count = len(self.micro)
        self.comes = np.ones(count, bool)
        self.flags = ["N"] * count
        self.entry = np.arange(1, count + 1)

    @property
    def watched(self) -> Watched:
        address = f"sheet:{self.point}"
        return Watched(self.point, (address,), self.shape, 3600, Decimal(0), self.high, changes=self.changes)

    def rows(self) -> list[tuple[str, datetime, Decimal, str, str, datetime]]:
        stated = [
            (hour, int(self.micro[hour]), int(self.entry[hour]), self.flags[hour])
            for hour in range(len(self.micro))
            if self.comes[hour]
        ]
        stated += [(hour, value, entry, "N") for hour, value, entry in self.extra]
        return [
            (
                f"sheet:{self.point}",
                START + hour * HOUR,
                Decimal(value).scaleb(-6),
                flag,
                f"intake-0/{entry}",
                START + (entry + 1) * HOUR,
            )
            for hour, value, entry, flag in stated
        ]


def table(*signals: Signal) -> pa.Table:
    rows = [row for signal in signals for row in signal.rows()]
    instant = pa.timestamp("us", tz="UTC")
    kinds = [pa.string(), instant, pa.decimal128(18, 6), pa.string(), pa.string(), instant]
    names = ["address", "at", "value", "flag", "entry", "recorded_at"]
    columns = list(zip(*rows, strict=True)) or [()] * 6
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)], names)


def cases(*signals: Signal, hours: int | None = None, stuck_hours: float = 12) -> list[Case]:
    span = START, START + (hours or len(signals[0].micro)) * HOUR
    return find_cases(table(*signals), [s.watched for s in signals], span, ZONE, Parameters(stuck_hours=stuck_hours))


def noise(count: int, seed: int = 1, step: int = 100_000) -> NDArray[np.int64]:
    """A daily pattern with noise, in steps of a tenth unless told."""
    random = np.random.default_rng(seed)
    wave = 40 + 15 * np.sin(np.arange(count) / 24 * 2 * np.pi) + random.normal(0, 3, count)
    return np.asarray(np.maximum(wave * MICRO // step, 1) * step, np.int64)


def found(cases: list[Case]) -> list[tuple[str, int, int]]:
    return [(case.kind, int((case.start - START) / HOUR), int((case.end - START) / HOUR)) for case in cases]


def test_nothing_is_wrong_with_a_good_signal() -> None:
    assert cases(Signal("P", noise(2000))) == []


def test_a_gap_says_from_when_to_when_and_between_which_entries() -> None:
    signal = Signal("P", noise(100))
    signal.comes[40:47] = False
    (case,) = cases(signal)
    assert found([case]) == [("gap", 40, 47)]
    assert case.entries == ("intake-0/40", "intake-0/48")
    assert "2025-01-03 00:00" in case.sentence.zh
    assert "7 h" in case.sentence.en
    assert case.as_json()["hours"] == 7


def test_a_silence_at_the_end_counts_up_to_the_end_of_the_span() -> None:
    signal = Signal("P", noise(100))
    assert found(cases(signal, hours=130)) == [("gap", 100, 130)]
    assert found(cases(signal, hours=101)) == [("gap", 100, 101)]
    assert found(cases(signal, hours=100)) == []


@pytest.mark.parametrize(("hours", "is_gap"), [(30, False), (31, True)])
def test_silence_of_more_than_one_and_a_half_intervals_is_a_gap(hours: int, is_gap: bool) -> None:
    signal = Signal("P", noise(100))
    signal.comes[:] = False
    signal.comes[[0, 20, 40, 40 + hours, 60 + hours]] = True
    watched = signal.watched._replace(interval_s=20 * 3600)
    got = find_cases(table(signal), [watched], (START, START + 100 * HOUR), ZONE)
    assert found(got) == ([("gap", 60, 40 + hours)] if is_gap else [])


def test_silence_before_the_first_reading_counts_where_a_since_is_stated() -> None:
    signal = Signal("P", noise(100))
    signal.comes[:10] = False
    assert found(cases(signal)) == []
    since = signal.watched._replace(since=START + 4 * HOUR)
    got = find_cases(table(signal), [since], (START, START + 100 * HOUR), ZONE)
    assert found(got) == [("gap", 4, 10)]
    absent = find_cases(table(), [since], (START, START + 100 * HOUR), ZONE)
    assert found(absent) == [("gap", 4, 100)]
    assert absent[0].entries == ()


def test_a_stuck_analyser() -> None:
    signal = Signal("P", noise(1000))
    signal.micro[300:330] = signal.micro[300]
    (case,) = cases(signal)
    assert found([case]) == [("stuck", 300, 330)]
    assert len(case.entries) == 10
    assert (case.entries[0], case.entries[-1]) == ("intake-0/301", "intake-0/330")


@pytest.mark.parametrize("length", [4, 11])
def test_equal_for_less_than_half_a_day_is_not_stuck(length: int) -> None:
    signal = Signal("P", noise(1000))
    signal.micro[300 : 300 + length] = signal.micro[300] = 77 * MICRO
    assert cases(signal) == []
    assert found(cases(signal, stuck_hours=length)) == ([("stuck", 300, 311)] if length > 4 else [])


def test_a_calibration_ends_neither_a_run_nor_a_span() -> None:
    signal = Signal("P", noise(1000), high=Decimal(200))
    signal.micro[300:340], signal.flags[320] = signal.micro[300], "C"
    signal.micro[320], signal.micro[600:610], signal.flags[605] = 0, 300 * MICRO, "C"
    assert found(cases(signal)) == [("stuck", 300, 340), ("out_of_range", 600, 610)]


def test_what_hardly_ever_varies_is_not_stuck() -> None:
    slow = Signal("P", np.repeat(noise(100), 20))
    assert cases(slow) == []
    zero = Signal("P", noise(1000))
    zero.micro[300:400] = 0  # a furnace that is out
    assert cases(zero) == []
    base = Signal("P", noise(1000))
    base.micro[::8] = base.micro[300:400] = 2 * MICRO  # at night and over a weekend only the lamps
    assert cases(base) == []
    low = Signal("P", noise(1000), shape="amount")
    low.micro[300:400] = 800_000  # eight units of the last digit
    assert cases(low) == []
    state = Signal("P", noise(1000), shape="state")
    state.micro[300:400] = MICRO
    assert cases(state) == []


@pytest.mark.parametrize(("each", "is_found"), [(2, True), (3, False)])
def test_stuck_is_said_where_at_most_half_of_the_steps_are_no_change(each: int, is_found: bool) -> None:
    distinct = 40 * MICRO + (np.arange(400) * 7 % 401) * 10_000
    signal = Signal("P", np.repeat(distinct, each))
    signal.micro[300:360] = 77 * MICRO
    assert found(cases(signal)) == ([("stuck", 300, 360)] if is_found else [])


def test_a_meter_change_is_told_from_a_glitch() -> None:
    register = np.cumsum(noise(500))
    register[100], register[200:203] = 0, 0
    register[300:] -= register[300] - 5 * MICRO
    glitches, zeros, case = sorted(cases(Signal("P", register, shape="counter")), key=lambda each: each.start)
    assert [glitches.kind, zeros.kind] == ["stray", "stray"]
    assert found([case]) == [("meter_change", 299, 300)]
    assert case.entries == ("intake-0/300", "intake-0/301")


def paced(steps: list[int], *changes: datetime) -> list[tuple[str, int, int]]:
    """The cases of a register that rises so much from hour to hour; changes: when its meter was changed."""
    return found(cases(Signal("P", np.cumsum([0, *steps]) * MICRO, shape="counter", changes=changes)))


def test_a_jump_is_held_against_the_fastest_that_is_usual() -> None:
    """A plant that is switched on for five hours in a hundred is usual; a jump is more than twenty times its pace."""
    steps = [1 if hour % 20 else 30 for hour in range(1, 101)]
    assert paced([*steps[:50], 600, *steps[50:]]) == []
    assert paced([*steps[:50], 601, *steps[50:]]) == [("jump", 50, 51)]
    assert paced([1] * 10 + [10_000] + [1] * 9) == [("jump", 10, 11)]
    assert paced([1] * 9 + [10_000] + [1] * 9) == []  # nineteen steps say nothing of what is usual


def test_from_one_meter_to_the_next_nothing_rises() -> None:
    changed = START + 5.5 * HOUR
    assert paced([1] * 5 + [50_000] + [1] * 20, changed) == []
    assert paced([1] * 5 + [50_000] + [1] * 10 + [10_000] + [1] * 9, changed) == [("jump", 16, 17)]


def test_what_came_late_is_seen_by_the_order_of_entries() -> None:
    signal = Signal("P", noise(200))
    signal.entry[50:60] = np.arange(1001, 1011)
    signal.entry[120:140] += 22  # a connection that was down for less than a day
    (case,) = cases(signal)
    assert found([case]) == [("late", 50, 60)]
    assert set(case.entries) == {f"intake-0/{n}" for n in range(1001, 1011)}


@pytest.mark.parametrize(("newer", "is_late"), [(23, False), (24, True)])
def test_late_is_a_day_behind(newer: int, is_late: bool) -> None:
    signal = Signal("P", noise(100))
    signal.entry[50] = 52 + newer  # just after the hour that is so much newer
    signal.entry[51 + newer :] += 1
    assert found(cases(signal)) == ([("late", 50, 51)] if is_late else [])


def test_a_correction_is_never_late() -> None:
    signal, newest, oldest = Signal("P", noise(200)), Signal("P", noise(200)), Signal("P", noise(200))
    for number, (each, hour) in enumerate(((newest, 150), (oldest, 50))):
        each.comes[:] = False
        each.extra = [(hour, int(signal.micro[hour]) + MICRO, 1000 + number)]
    rows = table(newest, oldest)
    corrected = rows.set_column(0, "address", pa.array(["corrected:P"] * 2))
    watched = signal.watched._replace(addresses=("sheet:P", "corrected:P"))
    span = START, START + 200 * HOUR
    assert find_cases(pa.concat_tables([table(signal), corrected]), [watched], span, ZONE) == []
    assert [each.kind for each in find_cases(rows, [signal.watched], span, ZONE)].count("late") == 1


def test_late_is_held_against_the_same_address_in_the_same_journal() -> None:
    """The older hundred hours come from another source, after the newer; the very last from another journal alone."""
    newer, older = Signal("P", noise(200)), Signal("Q", noise(200))
    newer.comes[:100], older.comes[100:] = False, False
    older.entry[:] += 1000
    rows = table(newer, older)
    entries = [*rows.column("entry").to_pylist()[:-1], "web-0/1"]
    rows = rows.set_column(4, "entry", pa.array(entries))
    watched = newer.watched._replace(addresses=("sheet:P", "sheet:Q"))
    assert find_cases(rows, [watched], (START, START + 200 * HOUR), ZONE) == []


def test_one_file_in_any_order_is_not_late_but_sent_again_is_no_news() -> None:
    signal = Signal("P", noise(200))
    signal.entry[:] = 7
    assert cases(signal) == []
    signal.entry[:] = np.arange(1, 201)
    signal.extra = [(hour, int(signal.micro[hour]), 900 + hour) for hour in range(50)]
    assert cases(signal) == []


def test_conflicts_and_values_out_of_range() -> None:
    signal = Signal("P", noise(200), high=Decimal(200))
    signal.extra = [(hour, int(signal.micro[hour]) * 7 // 10, 500) for hour in (60, 61, 62)]
    signal.micro[100:104] = 320 * MICRO
    signal.micro[150:154], signal.flags[150:154] = 320 * MICRO, ["D"] * 4  # the device says itself that it is broken
    conflict, beyond = cases(signal)
    assert found([conflict, beyond]) == [("conflict", 60, 63), ("out_of_range", 100, 104)]
    assert conflict.entries == ("intake-0/61", "intake-0/500", "intake-0/62", "intake-0/63")
    assert "320" in beyond.sentence.zh


def faulty(seed: int) -> tuple[list[Signal], set[tuple[str, Kind, int]]]:
    """Sixty points of half a year with one fault in most: signals and truth."""
    random = np.random.default_rng(seed)
    signals: list[Signal] = []
    truth: set[tuple[str, Kind, int]] = set()
    for number in range(60):
        shape = "counter" if number % 5 == 0 else ("amount" if number % 5 == 1 else "mean")
        values = noise(4380, seed * 100 + number, step=int(random.choice([1_000, 10_000, 100_000, 1_000_000])))
        signal = Signal(f"P{number}", np.cumsum(values) if shape == "counter" else values, shape, Decimal(10**9))
        kind: Kind = KINDS[number % len(KINDS)]
        first, length = int(random.integers(100, 4000)), int(random.integers(14, 60))
        span = slice(first, first + length)
        if plant(signal, kind, span):
            truth.add((signal.point, kind, first))
        for hour in random.choice(np.flatnonzero(signal.comes), 30):  # honest marks and what was sent twice
            signal.flags[hour] = "C"
            signal.extra.append((int(hour), int(signal.micro[hour]), 9000))
        signals.append(signal)
    return signals, truth


def plant(signal: Signal, kind: Kind, span: slice) -> bool:
    """Put a fault in; whether this signal can have it."""
    counter = signal.shape == "counter"
    if kind == "gap":
        signal.comes[span] = False
    elif kind == "stuck" and not counter:
        signal.micro[span] = signal.micro[span.start]
    elif kind == "meter_change" and counter:
        signal.micro[span.start :] -= signal.micro[span.start]
    elif kind == "late":
        signal.entry[span] += 5000
    elif kind == "conflict":
        signal.extra += [(hour, int(signal.micro[hour]) + MICRO, 9001) for hour in range(span.start, span.stop)]
    elif kind == "out_of_range" and not counter:
        signal.micro[span] = 2 * 10**15
    else:
        return False
    return True


NEAR = range(-3, 4)


def test_found_and_false(capsys: pytest.CaptureFixture[str]) -> None:
    """Over three seeds every planted fault is found, its beginning within three hours (a stuck value may have been
    there before by chance), and nearly nothing else."""
    hit = planted = raised = 0
    for seed in (1, 2, 3):
        signals, truth = faulty(seed)
        got = {(c.point, c.kind, int((c.start - START) / HOUR)) for c in cases(*signals)}
        near = {(point, kind, first + k) for point, kind, first in truth for k in NEAR}
        hit += sum(any((p, k, f + d) in got for d in NEAR) for p, k, f in truth)
        planted += len(truth)
        raised += len(got)
        false = got - near
        assert len(false) <= len(got) // 20, sorted(false)
    with capsys.disabled():
        print(f"\nquality: recall {hit}/{planted}, precision {hit}/{raised}")
    assert hit == planted
