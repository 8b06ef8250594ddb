"""The demo from an empty folder to open pages: built through the real doors, complete in the lake, alive, and ended."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from deltalake import DeltaTable

from xietong.demo.meters import first_hour_us
from xietong.demo.park import DemoPark, dream
from xietong.demo.series import MICRO

SEED, YEAR = 11, 2025
MEANWHILE_S = 120.0


class Span(NamedTuple):
    kind: str
    point: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Built:
    data: Path
    park: DemoPark


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def xietong(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "xietong", *arguments, "--data", str(data))
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    data = tmp_path_factory.mktemp("demo") / "data"
    done = xietong(data, "demo", "--seed", str(SEED), "--build-only", "--hj212-port", str(free_port()))
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(data, dream(SEED, YEAR))


@pytest.fixture
def lake(built: Built) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """The readings as plain DuckDB sees them: none of our reading code."""
    files = DeltaTable(str(built.data / "lake/readings")).file_uris()
    with duckdb.connect() as connection:
        connection.execute(f"create view readings as select * from read_parquet({files!r}, hive_partitioning=true)")
        yield lambda query: connection.execute(query).fetchall()


@pytest.mark.slow
def test_every_frame_and_every_row_is_in_the_lake_once(
    built: Built, lake: Callable[[str], list[tuple[object, ...]]]
) -> None:
    sheets = sum(len(meter.at) for meter in built.park.meters.values())
    assert lake("select count(*), count(distinct (address, \"at\")) from readings where address like 'sheet:%'") == [
        (sheets, sheets)
    ]
    for outlet in built.park.cast.devices:
        delivery = built.park.saboteur.deliveries[outlet.code]
        hours = built.park.time.hours - sum(last - first for first, last in delivery.offline)
        code = "a00000" if outlet.medium == "gas" else "w00000"
        ((count,),) = lake(
            f"select count(distinct \"at\") from readings where address = 'hj212:{outlet.device}/{code}/Cou@2061'"
        )
        assert count == hours, outlet.code


@pytest.mark.slow
def test_sums_in_the_lake_are_exact(built: Built, lake: Callable[[str], list[tuple[object, ...]]]) -> None:
    amounts = {code: meter for code, meter in built.park.meters.items() if meter.row["shape"] == "amount"}
    query = "select address, sum(value)::varchar from readings where address like 'sheet:%' group by address"
    summed = {row[0]: row[1] for row in lake(query)}
    for code, meter in amounts.items():
        whole, part = divmod(int(meter.values.sum()), MICRO)
        assert summed[f"sheet:{code}"] == f"{whole}.{part:06}", code


@pytest.mark.slow
def test_the_first_hour_is_the_parks_first_hour(built: Built, lake: Callable[[str], list[tuple[object, ...]]]) -> None:
    ((first,),) = lake("select epoch_us(min(\"at\")) from readings where address = 'sheet:E01-ELEC'")
    assert first == first_hour_us(YEAR)


@pytest.mark.slow
def test_the_doctor_finds_it_well(built: Built) -> None:
    done = xietong(built.data, "doctor", "--json")
    assert done.returncode == 0, done.stdout
    checks = json.loads(done.stdout)
    assert {check["name"] for check in checks if check["status"] == "ok"} >= {"folder", "sqlite", "journal", "lake"}


@pytest.mark.slow
def test_the_park_has_a_grade(built: Built) -> None:
    done = xietong(built.data, "evaluate", "--subject", "PARK", "--year", str(YEAR), "--json")
    assert done.returncode == 0, done.stderr
    evaluation = json.loads(done.stdout)
    assert evaluation["grade"] in ("qualified", "needs_improvement")
    assert evaluation["cautious_grade"] == "needs_improvement"
    assert all(each["actual"] is not None for each in evaluation["indicators"] if each["main"])


def found_and_planted(data: Path) -> tuple[list[Span], list[Span]]:
    """What `quality` finds in the year, and what was planted: (kind, point, start, end)."""
    done = xietong(data, "quality", "--period", str(YEAR), "--json")
    assert done.returncode == 0, done.stderr
    planted = json.loads((data / "demo/planted.json").read_text())["faults"]
    found = json.loads(done.stdout)
    cases = found["cases"] if isinstance(found, dict) else found
    return [span_of(each) for each in cases], [span_of(each) for each in planted]


def span_of(each: dict[str, str]) -> Span:
    return Span(each["kind"], each["point"], datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"]))


def same(one: Span, other: Span) -> bool:
    return one[:2] == other[:2] and one.start < other.end and other.start < one.end


def assert_found(data: Path) -> None:
    found, planted = found_and_planted(data)
    assert {fault.kind for fault in planted} == {"gap", "stuck", "meter_change", "late", "conflict", "out_of_range"}
    assert [fault for fault in planted if not any(same(fault, case) for case in found)] == []
    assert [case for case in found if not any(same(fault, case) for fault in planted)] == []


@pytest.mark.slow
def test_its_faults_are_found_and_no_others(built: Built) -> None:
    assert_found(built.data)


@pytest.mark.long
@pytest.mark.parametrize("seed", [12, 13])
def test_the_faults_of_other_seeds_are_found_too(seed: int, tmp_path: Path) -> None:
    done = xietong(tmp_path / "data", "demo", "--seed", str(seed), "--build-only", "--hj212-port", str(free_port()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert_found(tmp_path / "data")


@pytest.mark.slow
def test_it_serves_lives_survives_and_ends(built: Built) -> None:
    web, hj212 = free_port(), free_port()
    command = (sys.executable, "-m", "xietong", "demo", "--data", str(built.data), "--port", str(web))
    with subprocess.Popen(
        (*command, "--hj212-port", str(hj212)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        try:
            assert until(lambda: status(web) == http.HTTPStatus.OK)
            assert until(lambda: newest_live(built.data) > "")
            services = children(demo.pid)
            assert len(services) == 4
            (intake,) = (pid for pid, line in services.items() if "xietong.intake" in line)
            os.kill(intake, signal.SIGKILL)
            before = newest_live(built.data)
            assert until(lambda: newest_live(built.data) > before)
            family = [*services, *children(demo.pid)]
        finally:
            demo.send_signal(signal.SIGTERM)
            printed, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, printed
    assert "director" in printed
    assert f"http://127.0.0.1:{web}/" in printed
    assert "intake ended with status -9" in printed
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family))


def until(met: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + MEANWHILE_S
    while not met() and time.monotonic() < deadline:
        time.sleep(0.2)
    return met()


def status(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/sign-in/")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def newest_live(data: Path) -> str:
    """The newest instant of a real-time reading that settle has told; "" before the first."""
    readings = json.loads((data / "live.json").read_text())["readings"]
    return max((reading["at"] for address, reading in readings.items() if address.endswith("@2011")), default="")


def children(pid: int) -> dict[int, str]:
    pids = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return {each: Path(f"/proc/{each}/cmdline").read_text().replace("\0", " ") for each in pids}
