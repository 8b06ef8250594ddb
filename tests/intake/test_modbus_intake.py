"""Polling over Modbus TCP against pymodbus's own server: what was answered is kept and counts once."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest
import running
from modbus_device import answered, device, put
from mosquitto import free_port, until

from xietong.intake.source_state import SourceState, read_states
from xietong.journal import read
from xietong.lake.points import PointSpec
from xietong.processes import Door, Supervisor, platform
from xietong.protocols.modbus import Poll, decode, opened
from xietong.settle import Conditions, Settler

pytestmark = pytest.mark.slow
intake = partial(running.intake, "modbus")
REFUSING = running.refusing("modbus")
HELD = running.held("modbus", 0.5)
ZONE = ZoneInfo("Asia/Shanghai")
METER = """
[device.{name}]
host = "127.0.0.1"
port = {port}
unit = {unit}
interval_s = 1
timeout_s = 0.6
[[device.{name}.register]]
name = "kwh"
address = 10
type = "uint32"
words = "low_first"
scale = 0.01
unit = "kWh"
"""


# Settle as it is, but it waits for the kill before or after its commit.
SETTLING = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo
from xietong.lake.points import PointSpec
from xietong.lake.store import Lake
from xietong.settle import Conditions, Settler
real = Lake.append
def held(lake, *asked):
    if sys.argv[3] == "after":
        real(lake, *asked)
    Path(sys.argv[2]).touch()
    time.sleep(30)
Lake.append = held
points = [PointSpec("KWH", "modbus:m1/kwh", shape="counter", interval_s=1)]
conditions = Conditions(commit=0.0, live=0.0)
settler = Settler(Path(sys.argv[1]), ZoneInfo("Asia/Shanghai"), lambda: points, lambda: datetime.now(UTC), conditions)
settler.run(Event(), once=True)
"""


def polls(data: Path, name: str = "m1") -> list[Poll]:
    """What the journal holds of a device."""
    entries = list(read(data / "journal", "modbus-0")) if (data / "journal/modbus-0").is_dir() else []
    assert all(entry.kind == "modbus" for entry in entries)
    found = [opened(entry.payload) for entry in entries]
    return [poll for poll in found if poll.device == name]


def values(data: Path, name: str = "m1") -> list[str]:
    return [f"{each.value:f}" for poll in polls(data, name) for each in decode(poll).values]


def state(data: Path, name: str = "m1") -> SourceState:
    (found,) = (each for writer in read_states(data) for each in writer.sources if each.name == name)
    return found


def settings(data: Path, *tables: str) -> None:
    beside = data / "modbus.new"
    beside.write_text("\n".join(tables))
    beside.replace(data / "modbus.toml")


def meter(port: int, name: str = "m1", unit: int = 1) -> str:
    return METER.format(port=port, name=name, unit=unit)


def shows(folder: Path, hundredths: int) -> None:
    put(folder, holding={10: hundredths & 0xFFFF, 11: hundredths >> 16})


def settled(data: Path, *points: PointSpec) -> Settler:
    settler = Settler(data, ZONE, lambda: points, lambda: datetime.now(UTC), Conditions(commit=0.0, live=0.0))
    settler.run(Event(), once=True)
    return settler


def test_every_word_that_was_answered_is_kept_with_its_map_and_settled_from_the_entry_alone(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "device"
    shows(folder, 12_345_678)
    settings(tmp_path, meter(port))
    with device(folder, port):
        with intake(tmp_path):
            assert until(lambda: len(polls(tmp_path)) >= 2)
            settings(tmp_path, meter(port).replace("scale = 0.01", "scale = 10"))
            assert until(lambda: "123456780.000000" in values(tmp_path))
            shows(folder, 7)
            assert until(lambda: "70.000000" in values(tmp_path))
        assert state(tmp_path).connected is False
    kept = [words for poll in polls(tmp_path) for words in [list(poll.answers[0].words)]]
    sent = [words for _, _, _, words in answered(folder)]
    assert kept == sent[: len(kept)]
    assert len(sent) - len(kept) in (0, 1)  # one may have been on its way when we ended
    for poll in polls(tmp_path):
        (answer,) = poll.answers
        assert answer.sent is not None
        assert answer.answered is not None
        assert poll.due <= answer.sent <= answer.answered
    settings(tmp_path, "# nothing is polled any more, and nothing earlier changes")
    settler = settled(tmp_path, PointSpec("KWH", "modbus:m1/kwh", shape="counter", interval_s=1))
    begin = polls(tmp_path)[0].due - timedelta(hours=1)
    rows = settler.lake.readings(["modbus:m1/kwh"], begin, begin + timedelta(hours=2)).to_pylist()
    assert [f"{row['value']:f}" for row in rows] == values(tmp_path)
    assert {f"{row['value']:f}" for row in rows} == {"123456.780000", "123456780.000000", "70.000000"}
    told = json.loads((tmp_path / "live.json").read_bytes())["readings"]
    assert told["modbus:m1/kwh"]["value"] == "70.000000"


def test_killed_between_answer_and_fsync_nothing_is_doubled_and_nothing_pretended(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "device"
    settings(tmp_path, meter(port))
    shows(folder, 0)
    with device(folder, port):
        for number in range(3):
            shows(folder, 100 * number)
            killed_in_between(tmp_path, number)
    assert len(polls(tmp_path)) < len(answered(folder))  # what was killed before its fsync is missing, not made up
    for when in ("before", "after"):
        settle_killed(tmp_path, when)
    settler = settled(tmp_path, PointSpec("KWH", "modbus:m1/kwh", shape="counter", interval_s=1))
    begin = polls(tmp_path)[0].due.replace(minute=0, second=0)
    lines = settler.lake.readings(["modbus:m1/kwh"], begin, begin + timedelta(hours=2)).to_pylist()
    assert len(lines) == len(polls(tmp_path))
    rows = settler.lake.hourly(["KWH"], begin, begin + timedelta(hours=2)).to_pylist()
    assert sum(row["readings"] for row in rows) == len(polls(tmp_path))
    assert sum(row["conflicts"] for row in rows) == 0
    assert sum(row["total"] or 0 for row in rows) == 2


def settle_killed(data: Path, when: str) -> None:
    """Kill a settle process before or after the commit of its lake."""
    waiting = data / f"settle-{when}"
    process = subprocess.Popen([sys.executable, "-c", SETTLING, str(data), str(waiting), when])
    assert until(waiting.exists)
    process.kill()
    process.wait()


def killed_in_between(data: Path, number: int) -> None:
    """Kill a process that has an answer and has not written it; then let another poll twice."""
    waiting = data / f"waiting-{number}"
    with intake(data, "-c", HELD, "--data", str(data), str(waiting)) as process:
        assert until(waiting.exists)
        process.kill()
        process.wait()
    before = len(polls(data))
    with intake(data):
        assert until(lambda: len(polls(data)) >= before + 2)


def test_a_device_that_goes_and_comes_back_is_missing_meanwhile_and_found_again(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "device"
    settings(tmp_path, meter(port))
    shows(folder, 500)
    with intake(tmp_path):
        with device(folder, port):
            assert until(lambda: len(values(tmp_path)) >= 2)
            assert state(tmp_path).connected
        assert until(lambda: polls(tmp_path)[-1].answers[0].failure == "connection")
        assert until(lambda: not state(tmp_path).connected)
        assert until(lambda: state(tmp_path).missed >= 4)
        gone = len(polls(tmp_path))
        with device(folder, port):
            assert until(lambda: len(polls(tmp_path)) >= gone + 2)
            assert state(tmp_path).connected
    assert {f"{value}" for value in values(tmp_path)} == {"5.000000"}  # no zero for what was missed
    told = polls(tmp_path)
    failed = [poll for poll in told if poll.answers[0].failure]
    assert len(failed) == 1  # the first is the evidence, the others are counted
    back = told[told.index(failed[0]) + 1]
    assert back.missed >= 3
    assert (back.due - failed[0].due) // timedelta(seconds=1) == back.missed + 1
    assert "timeout_s" in state(tmp_path).last_errors[-1].en or "connection" in state(tmp_path).last_errors[-1].en
    assert "m1 (127.0.0.1" in (tmp_path / "intake.log").read_text()


def test_exceptions_spoil_only_their_register(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "device"
    shows(folder, 500)
    beyond = '[[device.m1.register]]\nname = "{}"\naddress = {}\ntype = "uint16"\n'
    settings(tmp_path, meter(port), beyond.format("last", 999), beyond.format("beyond", 1000))
    with device(folder, port), intake(tmp_path):
        assert until(lambda: len(polls(tmp_path)) >= 3)
        first, second = polls(tmp_path)[:2]
        assert [(each.request.at, each.request.size, each.failure) for each in first.answers] == [
            (10, 2, ""), (999, 2, "exception 2"),
        ]  # fmt: skip
        assert [each.failure for each in second.answers] == ["", "", "exception 2"]
        assert [each.path for each in decode(first).unused] == ["last", "beyond"]
        assert [each.path for each in decode(second).unused] == ["beyond"]
        (folder / "refuse").write_text("6")
        assert until(lambda: polls(tmp_path)[-1].answers[0].failure == "exception 6")
        (folder / "refuse").unlink()
        assert until(lambda: not polls(tmp_path)[-1].answers[0].failure)
    told = state(tmp_path)
    assert told.refused >= 4
    assert any("no such address" in each.en and each.entry.startswith("modbus-0/") for each in told.last_errors)


def test_a_slow_device_delays_nobody_and_its_polls_do_not_pile_up(tmp_path: Path) -> None:
    quick, slow = tmp_path / "quick", tmp_path / "slow"
    ports = free_port(), free_port()
    shows(quick, 100)
    shows(slow, 200)
    (slow / "slow").write_text("2.3")
    patient = meter(ports[1], "slow").replace("timeout_s = 0.6", "timeout_s = 5")
    settings(tmp_path, meter(ports[0]), patient, meter(ports[1], "impatient", 2))
    with device(quick, ports[0]), device(slow, ports[1]), intake(tmp_path):
        assert until(lambda: len(polls(tmp_path, "slow")) >= 3)
        swift = polls(tmp_path)
        crawling = polls(tmp_path, "slow")
    span = crawling[-1].due - crawling[0].due
    between = [poll for poll in swift if crawling[0].due <= poll.due <= crawling[-1].due]
    assert len(between) == span // timedelta(seconds=1) + 1
    assert {poll.missed for poll in between} == {0}
    assert {poll.missed for poll in crawling[1:]} == {2}  # 2.3 s: two instants of the grid pass, the third is next
    assert {each.failure for poll in polls(tmp_path, "impatient") for each in poll.answers} == {"timeout"}
    assert values(tmp_path, "impatient") == []


def test_devices_behind_one_gateway_share_its_connection(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "device"
    shows(folder, 300)
    tables = [meter(port, f"u{unit}", unit).replace("[[", "shared = true\n[[", 1) for unit in (1, 2, 3)]
    settings(tmp_path, *tables)
    with device(folder, port), intake(tmp_path) as process:
        assert until(lambda: len(values(tmp_path, "u1")) >= 2 and len(values(tmp_path, "u2")) >= 2)
        peers = f":{port:04X} 01 "  # remote port, established: as the kernel lists them
        lines = (Path("/proc") / str(process.pid) / "net/tcp").read_text().upper().splitlines()
        assert sum(peers in line for line in lines) == 1
    assert values(tmp_path, "u3") == []  # the server knows no unit 3


def test_a_disk_that_refuses_counts_nothing_says_so_and_goes_on_by_itself(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "device"
    shows(folder, 500)
    settings(tmp_path, meter(port))
    full = tmp_path / "full"
    with device(folder, port), intake(tmp_path, "-c", REFUSING, "--data", str(tmp_path), str(full)):
        assert until(lambda: len(polls(tmp_path)) >= 1)
        full.touch()
        asked = len(answered(folder))
        assert until(lambda: len(answered(folder)) >= asked + 3)
        while_full = len(polls(tmp_path))
        assert until(lambda: any("could not be kept" in each.en for each in state(tmp_path).last_errors))
        full.unlink()
        assert until(lambda: len(polls(tmp_path)) >= while_full + 2)
        assert until(lambda: state(tmp_path).messages == len(polls(tmp_path)))
    after = polls(tmp_path)[while_full]
    assert after.missed >= 2
    assert "could not be kept" in (tmp_path / "intake.log").read_text()


def test_settings_change_while_it_runs_and_a_mistake_hurts_only_its_device(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "device"
    shows(folder, 500)
    with device(folder, port), intake(tmp_path):
        settings(tmp_path, meter(port), meter(port, "m2").replace("uint32", "uint33"))
        assert until(lambda: len(polls(tmp_path)) >= 1)
        (told,) = read_states(tmp_path)
        assert "uint32" in told.problems["m2"].en  # what may stand there
        settings(tmp_path, "nonsense")
        assert until(lambda: "整个文件未采用" in (tmp_path / "intake.log").read_text())
        before = len(polls(tmp_path))
        assert until(lambda: len(polls(tmp_path)) >= before + 2)
        settings(tmp_path, meter(port, "m2"))
        assert until(lambda: len(polls(tmp_path, "m2")) >= 2)
        gone = len(polls(tmp_path))
        assert until(lambda: len(polls(tmp_path, "m2")) >= 4)
        assert len(polls(tmp_path)) == gone
        assert [each.name for each in read_states(tmp_path)[0].sources] == ["m2"]


def test_the_platform_starts_it_and_takes_it_along(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "device"
    shows(folder, 500)
    settings(tmp_path, meter(port))
    supervisor = Supervisor(platform(tmp_path, Door(), "modbus"))
    with device(folder, port):
        supervisor.start()
        try:
            assert until(lambda: len(polls(tmp_path)) >= 1)
        finally:
            supervisor.stop()
        asked = len(answered(folder))
        assert not until(lambda: len(answered(folder)) > asked, 2)
