"""The HJ 212 listener and the loop that sources share, in this process: what is kept, answered, told and begun anew.
test_listener holds the same door as a process of its own."""

import asyncio
import gc
import resource
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xietong.intake import sources
from xietong.intake.devices import BadSettings
from xietong.intake.hj212 import process
from xietong.intake.hj212.listener import Conditions, serve
from xietong.intake.settings_file import Settled
from xietong.journal import read
from xietong.protocols.hj212 import frame
from xietong.texts import Text

AT = datetime(2025, 3, 14, tzinfo=UTC)
MN = "010000A8900016F000169DC0"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Talk = Callable[[Callable[[], Awaitable[Streams]]], Awaitable[None]]


def data_frame(number: int, flag: int = 5) -> bytes:
    content = f"DataTime=20250314073000;a34013-Avg={number}.5,a34013-Flag=N"
    return frame(f"QN=202503140730{number:05d};ST=31;CN=2051;PW=123456;MN={MN};Flag={flag};CP=&&{content}&&")


def listened(data: Path, talk: Talk, conditions: Conditions) -> None:
    """Serve on a free port of this machine while talk talks to it, then end in good order."""

    async def run() -> None:
        stop = asyncio.Event()
        told: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(
            serve(data, "127.0.0.1", 0, stop, lambda host, port: told.set_result((host, port)), conditions)
        )
        host, port = await asyncio.wait_for(told, 20)
        try:
            await asyncio.wait_for(talk(lambda: asyncio.open_connection(host, port)), 20)
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)

    asyncio.run(run())


def kept(data: Path) -> list[tuple[str, bytes]]:
    return [(entry.kind, entry.payload) for entry in read(data / "journal", "intake-0")]


def test_a_frame_is_kept_before_it_is_answered_and_half_a_frame_is_kept_too(tmp_path: Path) -> None:
    seen: list[tuple[bytes, int]] = []

    async def talk(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await connect()
        writer.write(data_frame(1))
        answer = await reader.readuntil(b"\r\n")
        seen.append((answer, len([kind for kind, _ in kept(tmp_path) if kind == "hj212"])))
        writer.write(data_frame(2)[:40])
        while not any(data_frame(2)[:40] in payload for _, payload in kept(tmp_path)):
            await asyncio.sleep(0.02)
        writer.write(data_frame(3))
        seen.append((await reader.readuntil(b"\r\n"), 0))
        writer.close()

    listened(tmp_path, talk, Conditions(half_frame=0.1, sweep=0.02))
    (first, safe), (third, _) = seen
    assert (b"CN=9014" in first, b"QN=20250314073000001" in first, safe) == (True, True, 1)
    assert b"QN=20250314073000003" in third
    assert [payload for kind, payload in kept(tmp_path) if kind == "hj212"] == [
        data_frame(1),
        data_frame(3),
    ]


def test_who_says_nothing_is_sent_away_and_the_longest_silent_makes_way(tmp_path: Path) -> None:
    ended: list[bytes] = []

    async def talk(connect: Callable[[], Awaitable[Streams]]) -> None:
        silent, _ = await connect()
        ended.append(await silent.read())  # ends after first_byte seconds
        first, writer = await connect()
        writer.write(data_frame(1))
        await first.readuntil(b"\r\n")
        second, writing = await connect()
        writing.write(data_frame(2))
        assert b"QN=20250314073000002" in await second.readuntil(b"\r\n")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await first.readexactly(1)

    listened(tmp_path, talk, Conditions(first_byte=0.1, sweep=0.02, connections=1))
    assert ended == [b""]


def test_an_address_outside_the_allow_list_is_turned_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "devices.toml").write_text('[listen]\nallow = ["192.0.2.0/24"]\n')

    async def talk(connect: Callable[[], Awaitable[Streams]]) -> None:
        reader, _ = await connect()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)

    listened(tmp_path, talk, Conditions(sweep=0.02))
    assert kept(tmp_path) == []
    assert "is not on the allow-list of devices.toml" in caplog.text


def test_a_taken_port_and_bad_settings_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)  # of this process, which is not the listener's own
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert process.main(["--data", str(tmp_path), "--port", port]) == 1
        assert f"127.0.0.1:{port}" in capsys.readouterr().err
    (tmp_path / "devices.toml").write_text("[listen\n")
    assert process.main(["--data", str(tmp_path), "--port", "0", "--connections", "1000000000"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert "devices.toml" in said[-1]
    assert ("for 1000000000; raise it" in said[0]) == (len(said) == 2)


# ---- the loop that sources share ----


class Told:
    """A source that tells when it begins and ends."""

    def __init__(self, setting: str, events: list[str]) -> None:
        self._setting, self._events, self._over = setting, events, asyncio.Event()

    async def run(self) -> None:
        self._events.append(f"begin {self._setting}")
        if self._setting == "broken":
            raise ZeroDivisionError
        await self._over.wait()
        self._events.append(f"end {self._setting}")

    def end(self) -> None:
        self._over.set()


def read_lines(path: Path) -> Settled[str]:
    """Lines `name setting`; `!` is a file that cannot be used, `name ?` a setting that cannot."""
    text = path.read_text() if path.exists() else ""
    if text == "!":
        raise BadSettings(path, "", "用不了", "of no use")
    lines = [line.split() for line in text.splitlines()]
    return Settled(
        {name: word for name, word in lines if word != "?"},
        {name: Text("有误", "is wrong") for name, word in lines if word == "?"},
    )


def test_only_a_source_whose_setting_changes_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sources, "LOOK_S", 0.01)
    (tmp_path / "journal").mkdir()
    events: list[str] = []
    kind = sources.Kind("mqtt", "told.toml", read_lines, lambda _ground: lambda setting: Told(setting, events))

    async def until(text: str, *expected: str) -> None:
        (tmp_path / "told.toml").write_text(text)
        events.clear()
        while len(events) < len(expected):
            await asyncio.sleep(0.005)
        assert events == list(expected)

    async def run() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(sources.serve(kind, tmp_path, stop, lambda: AT))
        await until("a one\nb two\n", "begin one", "begin two")
        await until("a three\nb two\n", "end one", "begin three")
        await until("!")
        while "of no use" not in caplog.text:
            await asyncio.sleep(0.005)
        await until("a ?\nb two\nc four\n", "begin four")  # a stays as it was
        await until("b two\n", "end three", "end four")
        stop.set()
        await asyncio.wait_for(task, 20)

    asyncio.run(asyncio.wait_for(run(), 20))
    assert events == ["end three", "end four", "end two"]
    assert "is wrong" in caplog.text


def test_a_source_that_fails_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LOOK_S", 0.01)
    (tmp_path / "journal").mkdir()
    (tmp_path / "told.toml").write_text("a broken\n")
    kind = sources.Kind("mqtt", "told.toml", read_lines, lambda _ground: lambda setting: Told(setting, []))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(asyncio.wait_for(sources.serve(kind, tmp_path, asyncio.Event(), lambda: AT), 20))


def test_a_journal_that_cannot_be_opened_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "journal").write_text("a file where the folder belongs")
    kind = sources.Kind("mqtt", "told.toml", read_lines, lambda _ground: lambda setting: Told(setting, []))
    assert sources.main(kind, ["--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("xietong.intake.mqtt: ")


def test_the_pause_doubles_up_to_its_bound() -> None:
    pause = sources.Pause(first=0.5, longest=3)
    assert [pause.next() for _ in range(5)] == [0.5, 1, 2, 3, 3]
    pause.reset()
    assert pause.next() == 0.5
