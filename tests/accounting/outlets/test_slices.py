"""Water on the finest common slices (HJ 212-2017 D.1.2), through a real small lake, against plain Decimal sums."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_parks import ZONE, park, subject

from xietong.accounting import explain, figures
from xietong.calc.figures import walked
from xietong.lake.schemas import READING_FILES
from xietong.lake.store import Lake
from xietong.park.nouns import Limit, Point, Registry, Shape
from xietong.park.registry.snapshot import point_specs
from xietong.periods import Period
from xietong.quality.bounds import sentinels

START = datetime(2025, 3, 1, tzinfo=ZONE)
SHAPES: tuple[Shape, ...] = ("mean", "instant", "amount")
DAY = Period.parse("2025-03-01")
SUBJECTS = (subject("A"), subject("O1", "outlet", "A", discharges_to="environment"))
Series = Mapping[int, str]


def point(code: str, item: str, unit: str, shape: Shape, every_s: int) -> Point:
    return Point(code, "O1", "", item, unit, shape, every_s)


def outlet(
    flow: tuple[str, Shape, int], value_s: int, value_shape: Shape = "mean", limits: Iterable[Limit] = ()
) -> Registry:
    """An outlet of water; flow: unit, shape and interval."""
    points = (point("Q", "wastewater", *flow), point("C", "cod", "mg/L", value_shape, value_s))
    return park(*SUBJECTS, points=points, limits=limits)


def lake_of(folder: Path, registry: Registry, series: Mapping[str, Series], mark: str = "") -> Lake:
    """A lake with readings by point and second since START, rolled up."""
    rows = [(code, START + timedelta(seconds=at), value) for code, own in series.items() for at, value in own.items()]
    made = Lake(folder / "lake", ZONE)
    table = {
        "address": [f"sheet:{code}" for code, _, _ in rows],
        "at": [at for _, at, _ in rows],
        "value": [Decimal(value.lstrip("<")) for _, _, value in rows],
        "flag": ["<" if value.startswith("<") else mark for _, _, value in rows],
        "entry": ["x-0/1"] * len(rows),
        "recorded_at": [START + timedelta(days=400)] * len(rows),
    }
    made.append(pa.table([pa.array(table[field.name], field.type) for field in READING_FILES], READING_FILES), {})
    made.roll_up(point_specs(registry))
    return made


def kilograms(flow: Series, flow_s: int, value: Series, value_s: int, is_rate: bool) -> Decimal:
    """Σ c · q · Δt second method: every second of the day asks both series for what holds."""
    step = 300
    total = Decimal(0)
    for second in range(0, 86400, step):
        held_q = max((at for at in flow if at <= second < at + flow_s), default=None)
        held_c = max((at for at in value if at <= second < at + value_s), default=None)
        if held_q is not None and held_c is not None:
            share = Decimal(step) / (3600 if is_rate else flow_s)
            total += Decimal(flow[held_q]) * Decimal(value[held_c]) * share
    return total / 1000


Drawn = tuple[tuple[Shape, int, Series], tuple[int, Series]]
# Without those that stand for no value or a full register (65.535): these are left out of figures and named.
numbers = (
    st.integers(0, 400_000)
    .map(lambda n: f"{Decimal(n) / 1000:.3f}")
    .filter(lambda text: Decimal(text) not in sentinels())
)


def series_of(every_s: int, offset_s: int) -> st.SearchStrategy[dict[int, str]]:
    """A day of readings with gaps."""
    stamps = range(offset_s, 86400, every_s)
    drawn = st.lists(st.one_of(st.none(), numbers, numbers), min_size=len(stamps), max_size=len(stamps))
    return drawn.map(lambda values: {at: each for at, each in zip(stamps, values, strict=True) if each is not None})


@st.composite
def days(draw: st.DrawFn) -> Drawn:
    flow_s, value_s = draw(
        st.sampled_from([(900, 900), (900, 3600), (3600, 900), (600, 7200), (3600, 14400), (300, 900)])
    )
    shape = draw(st.sampled_from(SHAPES))
    offset = draw(st.sampled_from([0, 300]))
    flow = draw(series_of(flow_s, 0)) or {0: "1"}
    return (shape, flow_s, flow), (value_s, draw(series_of(value_s, offset)) or {offset: "1"})


@settings(max_examples=3, deadline=None, derandomize=True)
@given(days())
def test_any_series_gives_the_sum_over_its_slices(day: Drawn) -> None:
    """Random series, intervals, offsets and gaps: Σ c · q · Δt to 1e-9."""
    sums_over_slices(day)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(days())
def test_any_series_gives_the_sum_over_its_slices_further(day: Drawn) -> None:
    sums_over_slices(day)


def sums_over_slices(day: Drawn) -> None:
    """What an outlet with these readings gives against the second method."""
    (shape, flow_s, flow), (value_s, value) = day
    registry = outlet(("m3" if shape == "amount" else "m3/h", shape, flow_s), value_s)
    expected = kilograms(flow, flow_s, value, value_s, shape != "amount") / 1000
    with TemporaryDirectory() as folder:
        found = explain(registry, lake_of(Path(folder), registry, {"Q": flow, "C": value}), "cod_emission", "O1", DAY)
    assert (found.value or 0.0) == pytest.approx(float(expected), rel=1e-9, abs=1e-15)
    assert found.status == "ok" or found.missing


def test_the_hour_of_the_fault_list(tmp_path: Path) -> None:
    """Row 31: 400 m3/h in the last quarter alone, at 100 mg/L: 10 kg, mean 100 mg/L, 14 yuan."""
    registry = outlet(("m3/h", "mean", 900), 900)
    quarters = range(0, 3600, 900)
    flow, value = (
        dict(zip(quarters, each, strict=True)) for each in (["0", "0", "0", "400"], ["10", "10", "10", "100"])
    )
    lake = lake_of(tmp_path, registry, {"Q": flow, "C": value})
    hour = Period.parse("2025-03-01T00")
    found = figures(registry, lake, "O1", hour, ["cod_emission", "cod_concentration"])
    assert (found["cod_emission"].value, found["cod_emission"].status) == (0.01, "ok")
    assert found["cod_concentration"].value == 100.0
    tax = explain(registry, lake, "environmental_tax", "O1", Period.parse("2025-03"))
    assert tax.value == pytest.approx(14.0)
    part = explain(registry, lake, "cod", "O1", hour)
    assert "最小公共时段" in next(each for each in walked([part]) if each.remarks).remarks[0].zh


def test_a_fast_flow_with_an_hourly_value(tmp_path: Path) -> None:
    """10 s flow and a COD each hour, at :20 past: the value holds for its hour, 40 minutes of the first have none."""
    registry = outlet(("m3/h", "instant", 10), 3600, "instant")
    flow = dict.fromkeys(range(0, 10800, 10), "36")
    lake = lake_of(tmp_path, registry, {"Q": flow, "C": {1200: "100", 4800: "200"}})
    found = explain(registry, lake, "cod_emission", "O1", DAY)
    assert found.value == pytest.approx(36 * (100 + 200) * 1e-6, rel=1e-9)
    assert found.status == "partial"


def test_the_parts_of_a_counter_are_slices(tmp_path: Path) -> None:
    """A register read each quarter: 0, 0, 0, 100 m3 at 10, 10, 10, 100 mg/L are 10 kg."""
    registry = outlet(("m3", "counter", 900), 900)
    flow = {0: "500", 900: "500", 1800: "500", 2700: "500", 3600: "600", 4500: "600"}
    value = {0: "10", 900: "10", 1800: "10", 2700: "100"}
    lake = lake_of(tmp_path, registry, {"Q": flow, "C": value})
    assert explain(registry, lake, "cod_emission", "O1", Period.parse("2025-03-01T00")).value == pytest.approx(0.01)


@pytest.mark.parametrize("every_s", [7200, 14400, 86400])
def test_a_value_of_more_than_an_hour_covers_its_hours(tmp_path: Path, every_s: int) -> None:
    """Row 32: complete days of long values are complete, at the grain of month, day and hour."""
    day = Limit("O1", "cod", "concentration", Decimal(60), "mg/L", "day")
    registry = outlet(("m3", "amount", every_s), every_s, limits=[day])
    stamps = range(0, 31 * 86400, every_s)
    volume = Decimal(1000) * every_s / 86400
    lake = lake_of(tmp_path, registry, {"Q": dict.fromkeys(stamps, f"{volume:.6f}"), "C": dict.fromkeys(stamps, "50")})
    for period, tonnes in (("2025-03", 1.55), ("2025-03-05", 0.05), ("2025-03-05T07", 0.05 / 24)):
        keys = ["cod_emission", "cod_concentration", "cod_compliance_rate", "wastewater"]
        found = figures(registry, lake, "O1", Period.parse(period), keys)
        assert {each.status for each in found.values()} == {"ok"}
        assert found["cod_emission"].value == pytest.approx(tonnes, rel=1e-6)
        assert found["cod_compliance_rate"].value == 100.0


def test_a_limit_of_hours_cannot_be_held_against_a_days_value(tmp_path: Path) -> None:
    hour = Limit("O1", "cod", "concentration", Decimal(40), "mg/L", "hour")
    stamps = range(0, 31 * 86400, 86400)
    registry = outlet(("m3", "amount", 86400), 86400, limits=[hour])
    lake = lake_of(tmp_path, registry, {"Q": dict.fromkeys(stamps, "1000"), "C": dict.fromkeys(stamps, "50")})
    found = explain(registry, lake, "cod_compliance_rate", "O1", Period.parse("2025-03"))
    assert found.status == "missing"
    assert "不能判定小时限值" in found.missing[0].zh
    four = outlet(("m3", "amount", 14400), 14400, limits=[hour])
    stamps = range(0, 31 * 86400, 14400)
    with TemporaryDirectory() as folder:
        lake = lake_of(Path(folder), four, {"Q": dict.fromkeys(stamps, "10"), "C": dict.fromkeys(stamps, "50")})
        assert explain(four, lake, "cod_exceedance_hours", "O1", Period.parse("2025-03")).value == 744


@pytest.mark.parametrize(("every_s", "medium"), [(3600, "water"), (900, "water"), (3600, "gas"), (900, "gas")])
def test_below_detection_is_zero_in_amounts_and_half_in_means(tmp_path: Path, every_s: int, medium: str) -> None:
    """Row 12: half the day below 0.04 (0.02 in means), half at 2, with 10 an hour: 240 in amounts, 1.01 the mean."""
    points = (
        (point("Q", "wastewater", "m3/h", "mean", every_s), point("C", "cod", "mg/L", "mean", every_s))
        if medium == "water"
        else (point("Q", "waste_gas", "m3/h", "mean", every_s), point("C", "so2", "mg/m3", "mean", every_s))
    )
    registry = park(*SUBJECTS, points=points)
    stamps = range(0, 86400, every_s)
    value = {at: "<0.02" if at < 43200 else "2" for at in stamps}
    lake = lake_of(tmp_path, registry, {"Q": dict.fromkeys(stamps, "10"), "C": value})
    name, scale = ("cod", 1e-6) if medium == "water" else ("so2", 1e-9)
    found = figures(registry, lake, "O1", DAY, [f"{name}_emission", f"{name}_concentration"])
    assert found[f"{name}_emission"].value == pytest.approx(240 * scale, rel=1e-12)
    assert found[f"{name}_concentration"].value == pytest.approx(1.01)


def test_samples_are_samples(tmp_path: Path) -> None:
    """Row 27: three samples of a laboratory are three samples, complete, and never 3 of 744 hours."""
    points = [Point("S", "O1", "", "so2", "mg/m3", "sample", 0), point("Q", "waste_gas", "m3/h", "mean", 3600)]
    limit = Limit("O1", "so2", "concentration", Decimal(100), "mg/m3", "hour")
    registry = park(*SUBJECTS, points=points, limits=[limit])
    samples = {day * 86400: value for day, value in ((4, "20"), (14, "30"), (24, "40"))}
    lake = lake_of(tmp_path, registry, {"S": samples, "Q": dict.fromkeys(range(0, 31 * 86400, 3600), "1000")})
    keys = ["so2_concentration", "so2_compliance_rate", "so2_emission"]
    found = figures(registry, lake, "O1", Period.parse("2025-03"), keys)
    mean = found["so2_concentration"]
    assert (mean.value, mean.status, mean.trace["samples"]) == (30.0, "ok", "3")
    assert "3 个手工监测样品" in mean.remarks[0].zh
    assert (found["so2_compliance_rate"].value, found["so2_compliance_rate"].status) == (100.0, "ok")
    assert found["so2_emission"].status == "partial"
    assert "3 个手工监测样品" in found["so2_emission"].missing[0].zh
    said = [text for each in walked(found.values()) for text in (*each.missing, *each.remarks)]
    assert not any("744" in text.zh for text in said)


@pytest.mark.parametrize(("lacking", "key", "whole"), [("Q", "wastewater", 2300.0), ("C", "cod_concentration", 20.0)])
def test_an_hour_of_which_half_came_is_no_hour(tmp_path: Path, lacking: str, key: str, whole: float) -> None:
    """Two of the four quarters of hour 5: 23 hours of 100 m3, or of 20 mg/L; one that lacks is bridged."""
    registry = outlet(("m3/h", "mean", 900), 900)
    every = range(0, 86400, 900)
    for gone, hours in (({18000, 18900}, "23"), ({18000}, "24")):
        series = {
            "Q": {at: "100" for at in every if lacking != "Q" or at not in gone},
            "C": {at: "20" for at in every if lacking != "C" or at not in gone},
        }
        found = explain(registry, lake_of(tmp_path / hours, registry, series), key, "O1", DAY)
        assert found.status == ("partial" if hours == "23" else "ok")
        assert found.value == pytest.approx(whole if hours == "23" or lacking == "C" else 2400.0)


def test_half_an_hour_of_a_coarse_volume_is_no_hour(tmp_path: Path) -> None:
    """150 m3 every hour and a half; 01:30 to 04:30 lacks, so that hours 1 and 4 are halves: 20 hours of 100 m3."""
    registry = outlet(("m3", "amount", 5400), 3600)
    series = {"Q": {at: "150" for at in range(0, 86400, 5400) if at not in (5400, 10800)}}
    (found,) = explain(registry, lake_of(tmp_path, registry, series), "wastewater", "O1", DAY).inputs
    assert found.value == pytest.approx(2000)
    assert found.trace["hours"] == "20"
