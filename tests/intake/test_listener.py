"""The listener as devices meet it: a real process, real TCP, and its journal read afterwards."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from laid_beside import laid_beside

from xietong.journal import read
from xietong.protocols.hj212 import frame
from xietong.readings import Entry

pytestmark = pytest.mark.slow
PACKETS = "hj212/open-packets.jsonl"


class Intake:
    """One intake process over a data folder."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [sys.executable, "-m", "xietong.intake", "--data", str(data), "--port", "0", *options]
        self.data = data
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = re.fullmatch(r"listening 127\.0\.0\.1:(\d+)\n", self.process.stdout.readline())
        assert said is not None, self.process.communicate()[1]
        self.port = int(said[1])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def stop(self) -> str:
        """SIGTERM; what it said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=20)[1]
        assert self.process.returncode == 0, said
        return said

    def entries(self, *kinds: str) -> list[Entry]:
        return [entry for entry in read(self.data / "journal", "intake-0") if not kinds or entry.kind in kinds]


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    running = Intake(tmp_path, "--half-frame-s", "0.6")
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate()


def data_frame(number: int, flag: int = 5, mn: str = "010000A8900016F000169DC0") -> bytes:
    content = f"DataTime=20250314073000;a34013-Avg={number}.5,a34013-Flag=N"
    return frame(f"QN=202503140730{number:05d};ST=31;CN=2051;PW=123456;MN={mn};Flag={flag};CP=&&{content}&&")


def answers(device: socket.socket, count: int) -> list[bytes]:
    """Exactly so many answers; a later one is for the caller to find with `silent`."""
    received = b""
    while received.count(b"\r\n") < count:
        chunk = device.recv(65536)
        assert chunk, received
        received += chunk
    return received.split(b"\r\n")[:-1]


def silent(device: socket.socket, seconds: float = 0.3) -> bool:
    device.settimeout(seconds)
    try:
        return device.recv(1) == b""
    except TimeoutError:
        return True
    finally:
        device.settimeout(20)


def eventually(intake: Intake, count: int, *kinds: str) -> list[Entry]:
    ends = time.monotonic() + 20
    while len(found := intake.entries(*kinds)) < count and time.monotonic() < ends:
        time.sleep(0.02)
    assert len(found) == count
    return found


def test_the_open_packets_12_kept_and_answered_where_asked_6_refused(intake: Intake) -> None:
    packets = [json.loads(line) for line in laid_beside(PACKETS).read_text().splitlines()]
    assert len(packets) == 18
    with intake.connect() as device:
        for packet in packets:
            device.sendall(packet["raw"].encode() + b"\r\n")
        good = [packet for packet in packets if packet["verdict"] == "valid"]
        asking = [packet for packet in good if packet["A"] and not packet["CN"].startswith("90")]
        got = answers(device, len(asking))
        assert silent(device)
    assert [re.findall(rb"QN=([0-9]+);ST=91", each)[0].decode() for each in got] == [each["QN"] for each in asking]
    intake.stop()
    assert [entry.payload for entry in intake.entries("hj212")] == [each["raw"].encode() + b"\r\n" for each in good]
    assert len(good) == 12
    refused = [entry.payload for entry in intake.entries("hj212-refused")]
    assert refused == [each["raw"].encode() + b"\r\n" for each in packets if each["verdict"] == "invalid:crc"]
    assert len(refused) == 6
    assert intake.entries("junk") == []


def test_the_answer_is_9014_to_the_same_qn_and_mn(intake: Intake) -> None:
    with intake.connect() as device:
        device.sendall(data_frame(7))
        (answer,) = answers(device, 1)
    # HJ 212-2017 C.14: the platform answers ST=91;CN=9014 with the QN and MN of the data; Flag 4 is edition 2017.
    assert answer[6:-4] == b"QN=20250314073000007;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&"


def test_no_answer_where_the_flag_asks_none_or_the_crc_is_wrong(intake: Intake) -> None:
    wrong = data_frame(2)[:-6] + b"0000\r\n"
    with intake.connect() as device:
        device.sendall(data_frame(1, flag=4) + wrong + data_frame(3))
        (answer,) = answers(device, 1)
        assert b"QN=20250314073000003;" in answer
        assert silent(device)
    assert [entry.kind for entry in intake.entries()] == ["hj212", "hj212-refused", "hj212"]
    assert intake.entries("hj212-refused")[0].payload == wrong


def test_two_frames_in_one_segment_and_one_in_three(intake: Intake) -> None:
    with intake.connect() as device:
        device.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        device.sendall(data_frame(1) + data_frame(2))
        assert len(answers(device, 2)) == 2
        whole = data_frame(3)
        for part in (whole[:3], whole[3:80], whole[80:]):
            device.sendall(part)
            time.sleep(0.05)
        assert len(answers(device, 1)) == 1
    assert [entry.payload for entry in intake.entries()] == [data_frame(number) for number in (1, 2, 3)]


def test_a_megabyte_of_junk_is_capped_and_counted_and_the_device_lives_on(intake: Intake) -> None:
    junk = os.urandom(1_000_000).replace(b"##", b"..")
    with intake.connect() as device:
        device.sendall(junk)
        device.sendall(b"\r\n" + data_frame(1))
        assert len(answers(device, 1)) == 1
    with intake.connect() as device:
        device.sendall(data_frame(2))
        assert len(answers(device, 1)) == 1
    intake.stop()
    *kept, told = intake.entries("junk")
    assert 0 < len(kept) <= 2 * 16
    assert all(len(entry.payload) <= 4096 and entry.payload in junk for entry in kept)
    counted = sum(
        json.loads(entry.payload)["bytes"] for entry in intake.entries("junk") if b"left_out" in entry.payload
    )
    assert told.origin == "intake:refusals"
    assert counted + sum(len(entry.payload) for entry in kept if b"left_out" not in entry.payload) >= len(junk)
    assert len(intake.entries("hj212")) == 2


def test_half_a_frame_then_silence_is_kept_and_the_connection_goes_on(intake: Intake) -> None:
    half = data_frame(1)[:70]
    with intake.connect() as device:
        device.sendall(half)
        (entry,) = eventually(intake, 1, "hj212-refused")
        assert entry.payload == half
        device.sendall(data_frame(2))
        assert len(answers(device, 1)) == 1
        device.sendall(data_frame(3).rstrip())  # whole, but its line end never comes
        assert len(answers(device, 1)) == 1
        device.sendall(half)
    eventually(intake, 2, "hj212-refused")  # half a frame and the connection ends
    assert len(intake.entries()) == 4


def test_an_unknown_device_and_a_strange_one_are_kept(intake: Intake) -> None:
    strange = frame(b"\xff\xfe no header at all \x00")
    with intake.connect() as device:
        device.sendall(data_frame(1, mn="NOBODY-KNOWS-ME") + strange)
        (answer,) = answers(device, 1)
        assert b"MN=NOBODY-KNOWS-ME;" in answer
        eventually(intake, 2)
        entry = intake.entries()[0]
        assert entry.origin == f"tcp:127.0.0.1:{device.getsockname()[1]}"


def test_sigterm_commits_and_answers_what_came(intake: Intake) -> None:
    with intake.connect() as device:
        device.sendall(b"".join(data_frame(number) for number in range(300)) + data_frame(999)[:50])
        received = answers(device, 1)
        intake.process.send_signal(signal.SIGTERM)
        while chunk := device.recv(65536):
            received.append(chunk)
    assert intake.stop() == ""
    kept = intake.entries("hj212")
    assert [entry.payload for entry in kept] == [data_frame(number) for number in range(len(kept))]
    answered = b"\r\n".join(received).count(b"CN=9014")
    assert 1 <= answered == len(kept)


def test_a_device_that_never_reads_its_answers_holds_up_nobody(intake: Intake) -> None:
    with intake.connect() as deaf, intake.connect() as device:
        deaf.settimeout(0.5)
        block = b"".join(data_frame(number) for number in range(500)) * 200
        with pytest.raises(TimeoutError):
            deaf.sendall(block)
        device.sendall(data_frame(1))
        assert len(answers(device, 1)) == 1


def test_idle_connections_are_closed_and_others_are_not(tmp_path: Path) -> None:
    intake = Intake(tmp_path, "--idle-s", "0.8")
    with intake.connect() as idle, intake.connect() as busy:
        idle.settimeout(20)
        ends = time.monotonic() + 2
        while time.monotonic() < ends:
            busy.sendall(data_frame(1))
            assert len(answers(busy, 1)) == 1
            time.sleep(0.1)
        assert idle.recv(1) == b""
    intake.stop()


def test_a_taken_port_is_one_sentence_and_a_second_intake_has_its_own_journal(intake: Intake) -> None:
    command = [sys.executable, "-m", "xietong.intake", "--data", str(intake.data), "--port", str(intake.port)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    second = Intake(intake.data)
    with second.connect() as device:
        device.sendall(data_frame(1))
        answers(device, 1)
    second.stop()
    assert [entry.id for entry in read(intake.data / "journal", "intake-1")] == ["intake-1/1"]
