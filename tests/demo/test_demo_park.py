"""The generated demo park: the same from the same seed, another from another, and its books agree with its meters."""

import csv
import hashlib
import re
from collections import defaultdict
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from xietong.calc.items import item
from xietong.demo.faults import Planted
from xietong.demo.frames import frames
from xietong.demo.layout import SUPPLY, WORKS
from xietong.demo.meters import CODES, SUFFIX, outlet_points
from xietong.demo.park import DemoPark, dream, generate
from xietong.demo.series import MICRO, calendar
from xietong.park.nouns import device_address
from xietong.protocols.hj212 import decode, readings
from xietong.units import UNITS

KINDS = {"gap", "stuck", "meter_change", "late", "conflict", "out_of_range"}


@lru_cache
def park(seed: int = 3) -> DemoPark:
    return dream(seed, 2025)


@lru_cache
def sent(seed: int, code: str) -> list[bytes]:
    made = park(seed)
    outlet = next(each for each in made.cast.devices if each.code == code)
    return list(frames(outlet, made.outlets[code], made.saboteur.deliveries[code], made.time))


def year_total(made: DemoPark, point: str) -> float:
    """What the register says the year came to."""
    meter = made.meters[point]
    if meter.row["shape"] == "counter":
        return float(meter.values[-1] - meter.values[0]) / MICRO * float(meter.row["multiplier"])
    return float(meter.values.sum()) / MICRO


def test_the_same_seed_gives_the_same_park() -> None:
    again = dream(3, 2025)
    assert again.books.rows == park().books.rows
    assert again.saboteur.faults == park().saboteur.faults
    assert [m.row for m in again.meters.values()] == [m.row for m in park().meters.values()]
    assert all(np.array_equal(again.meters[code].values, meter.values) for code, meter in park().meters.items())
    delivery = again.saboteur.deliveries["E24-W1"]
    outlet = next(each for each in again.cast.devices if each.code == "E24-W1")
    assert list(frames(outlet, again.outlets["E24-W1"], delivery, again.time)) == sent(3, "E24-W1")


def test_another_seed_gives_another_park() -> None:
    other = dream(4, 2025)
    assert {one.name for one in other.cast.enterprises} != {one.name for one in park().cast.enterprises}
    assert not {each.device for each in other.cast.devices} & {each.device for each in park().cast.devices}
    assert {f.point for f in other.saboteur.faults} != {f.point for f in park().saboteur.faults}
    assert other.books.rows != park().books.rows


@pytest.mark.slow
def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    def digests(folder: Path) -> dict[str, str]:
        generate(folder, 5, 2025)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    first = digests(tmp_path / "one")
    assert first == digests(tmp_path / "two")
    assert len([name for name in first if name.startswith("frames/")]) == 14
    assert "planted.json" in first
    assert not [name for name in first if name.startswith("package/") and "planted" in name]


def test_a_leap_year_has_its_day() -> None:
    assert calendar(2024).hours == 8784
    assert calendar(2025).hours == 8760


def test_the_calendar_knows_weekdays_and_months() -> None:
    time = calendar(2025)
    noon = 24 * 58 + 12  # 28 February 2025, a Friday
    assert (time.month[noon], time.hour[noon], time.weekday[noon]) == (
        2,
        12,
        datetime(2025, 2, 28, tzinfo=UTC).weekday(),
    )
    assert time.festival[24 * 28]  # the Spring Festival of 2025 was on 29 January
    assert not time.festival[24 * 60]


def test_bills_follow_the_meters() -> None:
    made = park()
    compared = 0
    for suffix, item_name, scale in (
        ("ELEC", "electricity_purchased", 1e3),
        ("GAS", "natural_gas", 1e4),
        ("WATER", "water_fresh", 1),
    ):
        for one in made.cast.enterprises:
            point = f"{one.code}-{suffix}"
            faulty = {fault.point for fault in made.saboteur.faults if fault.kind in ("gap", "meter_change")}
            if point in made.meters and point not in faulty and (one.code, item_name) != ("E14", "water_fresh"):
                billed = made.books.totals[one.code, item_name]
                assert billed * scale == pytest.approx(year_total(made, point), rel=0.01), point
                compared += 1
    assert compared > 50


def test_what_the_supplier_sells_its_tenants_buy() -> None:
    totals = park().books.totals
    heat = sum(amount for (code, name), amount in totals.items() if name == "heat_purchased" and code != SUPPLY)
    assert totals[SUPPLY, "heat_sold"] == pytest.approx(heat, rel=1e-12)
    supplied = [one.code for one in park().cast.enterprises if one.power == "chp"]
    power = sum(totals[code, "electricity_purchased"] for code in supplied)
    assert len(supplied) == 3
    assert totals[SUPPLY, "electricity_sold"] == pytest.approx(power, rel=1e-12)


def test_wastes_balance() -> None:
    totals = park().books.totals
    for one in park().cast.enterprises:
        ways = sum(totals[one.code, f"solid_waste_{way}"] for way in ("used", "disposed", "stored"))
        assert ways == pytest.approx(totals[one.code, "solid_waste_generated"], abs=0.05)


def test_the_works_receive_what_the_tenants_send() -> None:
    made = park()
    arriving = sum(made.outlets[each.code].flow.sum() for each in made.cast.outlets if each.discharges_to == WORKS)
    leaving = made.outlets["E24-W1"].flow.sum()
    assert 1.0 < leaving / arriving < 1.12


def test_a_believable_park() -> None:
    made = park()
    tce = {"electricity_purchased": 0.1229, "electricity_sold": -0.1229, "heat_purchased": 0.03412}
    tce |= {"heat_sold": -0.03412, "natural_gas": 13.3, "bituminous_coal": 0.6677, "diesel": 1.4571}
    total = sum(amount * tce.get(name, 0) for (_, name), amount in made.books.totals.items())
    assert 200_000 < total < 400_000
    assert len(made.cast.enterprises) == 24
    assert len(made.cast.devices) == 14


def test_work_stops_at_night_and_for_the_festival() -> None:
    made = park()
    printer = made.meters["E13-ELEC"].values.astype(float)
    time = made.time
    working = (time.weekday < 5) & ~time.festival
    assert printer[working & (time.hour == 10)].mean() > 3 * printer[working & (time.hour == 2)].mean()
    assert printer[time.festival].mean() < 0.3 * printer[working].mean()


def test_emission_follows_the_load() -> None:
    made = park()
    stack = made.outlets["E23-G1"]
    coal = made.meters["E23-COAL"].values.astype(float)
    assert np.corrcoef(coal, stack.flow.astype(float))[0, 1] > 0.8
    mass = stack.flow.astype(float) * stack.measured["nox"]
    assert np.corrcoef(coal, mass)[0, 1] > 0.4


def test_frames_are_whole_and_name_the_points() -> None:
    made = park()
    wanted = {device_address(row["source"], 3600) for row in outlet_points(made.cast)}
    for outlet in made.cast.devices:
        for raw in sent(3, outlet.code)[:40]:
            decoded = decode(raw)
            assert decoded.ok, (outlet.code, decoded.errors)
            assert (decoded.cn, decoded.mn, decoded.edition) == ("2061", outlet.device, outlet.edition)
            named = {reading.address for reading in readings(decoded, "intake-0/1", datetime.now(UTC))}
            assert {address for address in wanted if outlet.device in address} <= named


def test_a_frame_says_what_the_series_says() -> None:
    made = park()
    year = made.outlets["E23-G1"]
    hour = next(h for h in range(100, 8000) if year.flags[h] == "N")
    stamp = (np.datetime64("2025-01-01T00") + np.timedelta64(hour, "h")).astype(str).replace("-", "").replace("T", "")
    decoded = next(decode(raw) for raw in sent(3, "E23-G1") if f"DataTime={stamp}0000".encode() in raw)
    values = {(value.code, value.field): value.value for value in decoded.values}
    for name, micros in year.measured.items():
        value = values[CODES[name], "Avg"]
        assert value is not None
        assert int(float(value) * MICRO + 0.5) == micros[hour]


def test_every_kind_of_fault_is_planted_and_none_is_told() -> None:
    for seed in (3, 4):
        made = park(seed)
        assert {fault.kind for fault in made.saboteur.faults} == KINDS
        start, end = datetime(2024, 12, 31, 16, tzinfo=UTC), datetime(2025, 12, 31, 16, tzinfo=UTC)
        assert all(start <= fault.start < fault.end <= end for fault in made.saboteur.faults)


def test_a_gap_is_not_sent_and_a_late_day_is_sent_late() -> None:
    made = park()
    for code, delivery in made.saboteur.deliveries.items():
        times = [re.search(rb"DataTime=(\d{10})", raw) for raw in sent(3, code)] if delivery.late else []
        stamps = [match[1] for match in times if match]
        if delivery.late:
            first, last, _ = delivery.late[0]
            assert stamps != sorted(stamps)
            assert len(stamps) == made.time.hours + len(delivery.repeated)
            assert last - first >= 48
        if delivery.offline:
            (first, last), *_ = delivery.offline
            assert len(sent(3, code)) == made.time.hours - (last - first)


def test_a_stuck_analyser_repeats_itself() -> None:
    made = park()
    (stuck,) = [fault for fault in made.saboteur.faults if fault.kind == "stuck"]
    outlet, _, suffix = stuck.point.rpartition("-")
    name = next(key for key, value in SUFFIX.items() if value == suffix)
    first = int((stuck.start - datetime(2024, 12, 31, 16, tzinfo=UTC)).total_seconds() // 3600)
    last = int((stuck.end - datetime(2024, 12, 31, 16, tzinfo=UTC)).total_seconds() // 3600)
    values = made.outlets[outlet].measured[name]
    assert last - first >= 24
    assert len(set(values[first:last].tolist())) == 1
    assert len(set(values[first - 30 : first].tolist())) > 5


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return generate(tmp_path_factory.mktemp("demo"), 3, 2025)


def rows(planted: Planted, name: str) -> list[dict[str, str]]:
    with (planted.package / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_items_and_units_are_those_of_the_tables(planted: Planted) -> None:
    for row in rows(planted, "reported"):
        assert item(row["item"])
        assert row["unit"] in UNITS
    assert {row["unit"] for row in rows(planted, "points")} <= set(UNITS)


def test_readings_are_sorted_exact_and_without_the_late_days(planted: Planted) -> None:
    known = {row["code"] for row in rows(planted, "points") if row["source"] == "sheet"}
    found: dict[str, int] = defaultdict(int)
    for path in sorted(planted.package.glob("readings-*.parquet")):
        table = pq.read_table(path)
        assert str(table.schema.field("at").type) == "timestamp[us, tz=UTC]"
        assert str(table.schema.field("value").type) == "decimal128(18, 6)"
        assert table.sort_by([("point", "ascending"), ("at", "ascending")]).equals(table)
        for entry in table["point"].value_counts().to_pylist():
            found[entry["values"]] += entry["counts"]
    assert set(found) == known
    late = pq.read_table(planted.package / "readings-9-late.parquet")
    (fault,) = [f for f in planted.faults if f.kind == "late" and f.point in known]
    assert set(late["point"].to_pylist()) == {fault.point}
    assert min(late["at"].to_pylist()) == fault.start
    assert found[fault.point] in (8760, 8761)


def test_values_round_trip_exactly(planted: Planted) -> None:
    table = pq.read_table(planted.package / "readings-1.parquet", filters=[("point", "=", "E01-ELEC")])
    assert [int(value * MICRO) for value in table["value"].to_pylist()] == park().meters["E01-ELEC"].values.tolist()
