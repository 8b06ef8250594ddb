"""The demo's devices: every frame is answered by the real listener, and a wrong answer is an error."""

import asyncio
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from xietong.demo.devices import DeviceError, Played, play
from xietong.demo.frames import frames
from xietong.demo.layout import layout
from xietong.demo.live import CHINA, live_outlets, real_time_frame
from xietong.demo.meters import live_points
from xietong.demo.park import dream
from xietong.journal import read
from xietong.park.nouns import device_address
from xietong.protocols.hj212 import decode, frame, readings

ANSWER = frame(b"QN=20250101010005000;ST=91;CN=9014;PW=123456;MN=X;Flag=4;CP=&&&&")


@contextmanager
def listener(answer: bytes) -> Iterator[int]:
    """A listener that answers every chunk with the same bytes."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            writer.write(answer)
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield ports[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def silent(_: Played) -> None:
    """No progress wanted."""


def one_frame(folder: Path) -> Path:
    path = folder / "device.txt"
    path.write_bytes(frame(b"QN=20250101010005000;ST=32;CN=2061;PW=123456;MN=X;Flag=5;CP=&&w00000-Cou=1&&"))
    return path


def test_an_answer_with_the_frames_number_counts(tmp_path: Path) -> None:
    with listener(ANSWER) as port:
        played = play([one_frame(tmp_path)], "127.0.0.1", port, silent)
    assert (played.frames, played.acknowledged) == (1, 1)


@pytest.mark.parametrize(
    "answer", [ANSWER.replace(b"CN=9014", b"CN=9011"), ANSWER.replace(b"010005000", b"010005001"), b"hello\r\n"]
)
def test_another_answer_is_an_error(tmp_path: Path, answer: bytes) -> None:
    with listener(answer) as port, pytest.raises(DeviceError, match="answered by"):
        play([one_frame(tmp_path)], "127.0.0.1", port, silent)


def test_nobody_listening_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(DeviceError):
            play([one_frame(tmp_path)], "127.0.0.1", held.getsockname()[1], silent)


@pytest.mark.slow
def test_a_device_plays_its_year_through_the_real_listener(tmp_path: Path) -> None:
    made = dream(3, 2025)
    expected = 0
    for outlet in made.cast.devices[:3]:
        year = list(frames(outlet, made.outlets[outlet.code], made.saboteur.deliveries[outlet.code], made.time))
        expected += len(year)
        (tmp_path / f"{outlet.device}.txt").write_bytes(b"".join(year))
    command = (sys.executable, "-m", "xietong.intake", "--data", str(tmp_path / "data"), "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as intake:
        assert intake.stdout is not None
        port = int(intake.stdout.readline().rpartition(":")[2])
        played = play(sorted(tmp_path.glob("*.txt")), "127.0.0.1", port, silent)
        intake.terminate()
    assert played.frames == played.acknowledged == expected
    entries = list(read(tmp_path / "data/journal", "intake-0"))
    assert len(entries) == expected
    assert {entry.kind for entry in entries} == {"hj212"}


def test_a_live_frame_names_the_live_points() -> None:
    cast = layout(3, 2025)
    at = datetime(2026, 5, 6, 7, 8, 9, 123_000, CHINA)
    rows = live_points(cast, at.date())
    wanted = {device_address(row["source"], int(row["interval_s"])) for row in rows}
    sent: set[str] = set()
    for outlet in live_outlets(cast):
        decoded = decode(real_time_frame(outlet, at, np.random.default_rng(1)))
        assert decoded.ok
        assert (decoded.cn, decoded.edition) == ("2011", outlet.edition)
        assert decoded.data_time == at.replace(microsecond=0)
        assert re.fullmatch(r"\d{17}", decoded.qn or "")
        sent |= {reading.address for reading in readings(decoded, "intake-0/1", at)}
    assert sent == wanted
    assert len(sent) > 10
    assert {row["role"] for row in rows} == {"check"}
