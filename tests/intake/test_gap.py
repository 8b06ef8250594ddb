"""The platform as a peer: what a device did not send is fetched from its memory without anyone asking."""

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from xietong.demo.logger import Logger
from xietong.intake import Conditions, serve
from xietong.intake.devices import DeviceBook
from xietong.intake.hj212 import gate
from xietong.journal import JournalWriter, read
from xietong.lake.points import PointSpec
from xietong.protocols.hj212 import decode
from xietong.protocols.hj212.building import Speaker
from xietong.settle import Conditions as SettleConditions
from xietong.settle import Settler

MN = "010000A8900016F000169DC0"
ZONE = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)
DAY = 24
QUICK = SettleConditions(commit=0.0, live=0.0, roll_up=0.0, roll_up_busy=0.0, registry=0.0, asking=0.05, poll=0.01)
SETTINGS = "[asking]\npause_s = 0.05\ntimeout_s = 0.3\nsends = 2\ngive_up = 2\n"
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def memory(hours: int, gap: range) -> tuple[dict[datetime, tuple[str, ...]], list[datetime]]:
    """So many hours up to now in a device's memory, and those that it sends by itself (not those in the gap)."""
    first = NOW - (hours + 1) * HOUR
    instants = [first + number * HOUR for number in range(hours)]
    kept: dict[datetime, tuple[str, ...]] = {
        at: (f"a21026-Avg={number}.5,a21026-Flag=N", f"a21002-Avg={number + 100},a21002-Flag=N", "a00000-Cou=7")
        for number, at in enumerate(instants)
    }
    return kept, [at for number, at in enumerate(instants) if number not in gap]


def points(since: datetime | None = None) -> list[PointSpec]:
    return [
        PointSpec(name, f"hj212:{MN}/{code}/{field}@2061", since_utc=since, shape=shape)
        for name, code, field, shape in (("SO2", "a21026", "Avg", "mean"), ("FLOW", "a00000", "Cou", "amount"))
    ]


class Park:
    """The real listener and the real settle over one data folder, until a condition holds."""

    def __init__(self, data: Path, specs: list[PointSpec]) -> None:
        self.data = data
        self.settler = Settler(data, ZONE, lambda: specs, lambda: NOW, QUICK)

    def run(self, logger: Logger, sent: list[datetime], until: Callable[[], bool]) -> None:
        uploads = [frame for at in sent for frame in logger.upload("2061", at)]
        stop = threading.Event()
        settling = threading.Thread(target=self.settler.run, args=(stop,))
        settling.start()
        try:
            asyncio.run(self._with_listener(logger, uploads, until))
        finally:
            stop.set()
            settling.join()
        self.settler.finish()

    async def _with_listener(self, logger: Logger, uploads: list[bytes], until: Callable[[], bool]) -> None:
        end, told = asyncio.Event(), asyncio.get_running_loop().create_future()
        conditions = Conditions(sweep=0.02)
        listening = serve(self.data, "127.0.0.1", 0, end, lambda *where: told.set_result(where), conditions)
        serving = asyncio.create_task(listening)
        running = asyncio.create_task(logger.run(await told, uploads, end))
        async with asyncio.timeout(40):
            while not until():
                await asyncio.sleep(0.05)
        end.set()
        await asyncio.gather(serving, running)

    def live(self) -> dict[str, object]:
        path = self.data / "live.json"
        device: dict[str, object] = json.loads(path.read_bytes())["devices"].get(MN, {}) if path.exists() else {}
        return device

    def hours(self) -> list[datetime]:
        table = self.settler.lake.readings([points()[0].address], NOW - timedelta(days=9), NOW)
        found: list[datetime] = table.column("at").to_pylist()
        return found


@pytest.fixture
def park(tmp_path: Path) -> Park:
    (tmp_path / "devices.toml").write_text(SETTINGS)
    return Park(tmp_path, points())


@pytest.mark.slow
@pytest.mark.parametrize("longest", [950, 60], ids=["whole", "in parts"])
def test_a_day_that_a_device_was_stopped_is_filled_from_its_memory(park: Park, longest: int) -> None:
    kept, sent = memory(72, gap=range(30, 30 + DAY))
    logger = Logger(Speaker(MN, st="31"), {"2061": kept}, longest=longest)
    park.run(logger, sent, until=lambda: len(set(park.hours())) == 72)
    assert park.hours() == sorted(kept)  # every hour, none twice
    asked = [frame for frame in logger.asked if frame.cn == "2061"]
    assert asked[0].parameters["BeginTime"] == (sorted(kept)[30]).astimezone(ZONE).strftime("%Y%m%d%H%M%S")
    assert {frame.cn for frame in logger.asked} == {"2061"}
    hours = park.settler.lake.hourly(["SO2", "FLOW"], sorted(kept)[0], NOW).to_pylist()
    assert len(hours) == 2 * 72
    assert all(hour["conflicts"] == 0 for hour in hours)


@pytest.mark.slow
def test_everything_sent_and_heard_is_an_entry_before_it_counts(park: Park) -> None:
    kept, sent = memory(30, gap=range(4, 8))
    logger = Logger(Speaker(MN, st="31"), {"2061": kept})
    park.run(logger, sent, until=lambda: len(set(park.hours())) == 30)
    entries = list(read(park.data / "journal", "intake-0"))
    sent_frames = [decode(entry.payload) for entry in entries if entry.kind == "hj212-sent"]
    assert [frame.qn for frame in sent_frames] == [frame.qn for frame in logger.asked]
    (note,) = [json.loads(entry.payload) for entry in entries if entry.kind == "note"]
    assert (note["exchange"], note["cn"], note["frames"], note["code"]) == ("done", "2061", 4, "1")
    kinds = [entry.kind for entry in entries]
    place = kinds.index("hj212-sent")
    answered = [decode(entry.payload).cn for entry in entries[place + 1 :] if entry.kind == "hj212"]
    assert answered == ["9011", "2061", "2061", "2061", "2061", "9012"]
    assert kinds[-1] == "note"


@pytest.mark.slow
def test_a_device_that_never_answers_is_one_way_and_the_enterprise_is_asked_for_a_file(park: Park) -> None:
    kept, sent = memory(30, gap=range(4, 8))
    logger = Logger(Speaker(MN, st="31"), {"2061": kept}, is_deaf=True)
    park.run(logger, sent, until=lambda: bool(park.live().get("one_way")))
    device = park.live()
    wanted = device["file_wanted"]
    assert isinstance(wanted, dict)
    assert wanted["count"] == 4
    assert "only sends and never answers" in wanted["en"]
    assert len(logger.asked) == 2 * 2  # two exchanges of two sends each, then peace
    assert json.loads((park.data / "requests.json").read_bytes())["requests"] == []


@pytest.mark.slow
def test_an_exchange_under_way_when_the_listener_ends_is_noted_as_cut(park: Park) -> None:
    (park.data / "devices.toml").write_text("[asking]\npause_s = 0.05\ntimeout_s = 600\n")
    kept, sent = memory(30, gap=range(4, 8))
    logger = Logger(Speaker(MN, st="31"), {"2061": kept}, is_deaf=True)
    park.run(logger, sent, until=lambda: len(logger.asked) == 1)
    (note,) = [json.loads(entry.payload) for entry in read(park.data / "journal", "intake-0") if entry.kind == "note"]
    assert (note["exchange"], note["sent"]) == ("cut", 1)


@pytest.mark.slow
def test_what_its_memory_does_not_hold_is_asked_for_twice_and_then_wanted_in_a_file(park: Park) -> None:
    kept, sent = memory(30, gap=range(4, 8))
    forgetful = {at: items for at, items in kept.items() if at in sent}
    logger = Logger(Speaker(MN, st="31"), {"2061": forgetful})
    park.run(logger, sent, until=lambda: bool(park.live().get("file_wanted")))
    device = park.live()
    assert device["one_way"] is False
    assert isinstance(device["file_wanted"], dict)
    assert "does not have them in its memory either" in device["file_wanted"]["en"]
    assert len(logger.asked) == 2


@pytest.mark.slow
def test_a_device_is_read_where_the_settings_say_so(park: Park) -> None:
    reading = f'[device.{MN}]\nreading = ["1011", "1061", "1063"]\n'
    (park.data / "devices.toml").write_text(SETTINGS + reading)
    kept, sent = memory(3, gap=range(0))
    settings = {"1061": "RtdInterval=30", "1063": "MinInterval=10"}
    logger = Logger(Speaker(MN, st="31"), {"2061": kept}, settings)
    park.run(logger, sent, until=lambda: len(logger.asked) == 3 and "MinInterval" in str(park.live().get("told")))
    told = park.live()["told"]
    assert isinstance(told, dict)
    assert (told["RtdInterval"], told["MinInterval"]) == ("30", "10")
    assert sorted(frame.cn for frame in logger.asked) == ["1011", "1061", "1063"]


@pytest.mark.slow
def test_a_command_of_two_persons_reaches_the_parks_own_device_once_and_is_in_the_journal(park: Park) -> None:
    (park.data / "devices.toml").write_text(SETTINGS + f"[device.{MN}]\nown = true\n")
    book = DeviceBook.read(park.data / "devices.toml")
    with JournalWriter(park.data / "journal", "cli-0") as writer:
        now = datetime.now(UTC)
        wish = gate.Wish(MN, "1062", {"RtdInterval": "60"})
        a, b = gate.Person(1, "a", "web:order"), gate.Person(2, "b", "cli:order")
        order = gate.propose(park.data, writer, book, wish, by=a, now=now)
        gate.confirm(park.data, writer, book, order, by=b, now=now)
    kept, sent = memory(3, gap=range(0))
    logger = Logger(Speaker(MN, st="31"), {"2061": kept})
    park.run(logger, sent, until=lambda: "1062" in str(park.live().get("asked")))
    assert [(frame.cn, frame.parameters) for frame in logger.asked] == [("1062", {"RtdInterval": "60"})]
    notes = [entry.payload for entry in read(park.data / "journal", "intake-0") if entry.kind == "note"]
    assert json.loads(notes[0])["order"] == order
    assert list(gate.waiting(park.data)) == []


@pytest.mark.slow
def test_a_device_that_speaks_in_cipher_is_heard_and_asked(park: Park) -> None:
    """2025: the content encrypted, frames sent again marked RF=1; the answers are read with the key of the settings."""
    key = "0" * 16
    (park.data / "devices.toml").write_text(SETTINGS + f'[device.{MN}]\nsm4_keys = ["{key}"]\n')
    kept, sent = memory(12, gap=range(4, 8))
    logger = Logger(Speaker(MN, st="31", edition="2025"), {"2061": kept}, key=key.encode())
    park.run(logger, sent, until=lambda: len(set(park.hours())) == 12)
    assert park.hours() == sorted(kept)
    frames = [entry.payload for entry in read(park.data / "journal", "intake-0") if entry.kind == "hj212"]
    assert sum(b"CP=&&{0x" in raw for raw in frames) == 12
    assert park.live()["resent"] == 4
    assert len(logger.acknowledged) == 12
    assert [b"CP=&&{0x" in asked.raw for asked in logger.asked] == [True]  # asked as it speaks
