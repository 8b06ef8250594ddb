"""A device that floods, drips or says nothing hurts only itself: the real listener, counted, never timed."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xietong.intake import Conditions, serve
from xietong.intake.hj212.connection import UNSAFE_BYTES
from xietong.intake.hj212.pace import Rate
from xietong.journal import read
from xietong.protocols.hj212 import frame

pytestmark = pytest.mark.slow
Lines = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]


def data_frame(number: int, mn: str) -> bytes:
    content = f"DataTime=20250314073000;a34013-Avg={number}.5,a34013-Flag=N"
    return frame(f"QN=20250314{number:09d};ST=31;CN=2051;PW=123456;MN={mn};Flag=5;CP=&&{content}&&")


def with_devices(
    data: Path, conditions: Conditions, count: int, body: Callable[[Lines], Awaitable[None]], host: str = "127.0.0.1"
) -> None:
    """Run devices against a listener in this process."""

    async def run() -> None:
        stop, told = asyncio.Event(), asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(data, host, 0, stop, lambda _, port: told.set_result(port), conditions))
        lines = [await asyncio.open_connection("127.0.0.1", await told) for _ in range(count)]
        async with asyncio.timeout(60):
            await body(lines)
        for _, writer in lines:
            writer.close()
        stop.set()
        await serving

    asyncio.run(run())


async def acknowledged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mn: str, count: int) -> int:
    """Send so many frames, each after the acknowledgement of the one before."""
    for number in range(count):
        writer.write(data_frame(number, mn))
        answer = await reader.readline()
        assert b"QN=20250314%09d;ST=91;CN=9014" % number in answer
    return count


async def flood(writer: asyncio.StreamWriter, mn: str, frames: int) -> None:
    block = b"".join(data_frame(number, mn) for number in range(200))
    for _ in range(frames // 200):
        writer.write(block)
        await writer.drain()


async def drain(reader: asyncio.StreamReader, counted: list[int]) -> None:
    while chunk := await reader.read(65536):
        counted[0] += chunk.count(b"\r\n")


def test_while_one_device_floods_another_gets_every_acknowledgement(tmp_path: Path) -> None:
    """The flood is held at its burst and its rate; the other has 300 answers, one by one, before it has many more."""
    got = [0]

    async def body(lines: Lines) -> None:
        (noisy, quiet) = lines
        flooding = asyncio.create_task(flood(noisy[1], "NOISY", 60_000))
        listening = asyncio.create_task(drain(noisy[0], got))
        assert await acknowledged(*quiet, "QUIET", 300) == 300
        flooding.cancel()
        listening.cancel()

    with_devices(tmp_path, Conditions(rate=Rate(20.0, 1_000.0)), 2, body)
    entries = list(read(tmp_path / "journal", "intake-0"))
    noisy = sum(b"MN=NOISY" in entry.payload for entry in entries)
    # What one chunk holds may pass beyond the burst; the rate adds some while the other device has its turns.
    chunk = UNSAFE_BYTES // len(data_frame(1, "NOISY")) * 2
    assert noisy <= 1_000 + chunk + 20 * 60
    assert sum(b"MN=QUIET" in entry.payload for entry in entries) == 300


def test_a_device_on_many_connections_has_one_pace(tmp_path: Path) -> None:
    async def body(lines: Lines) -> None:
        *noisy, quiet = lines
        flooding = [asyncio.create_task(flood(writer, "NOISY", 20_000)) for _, writer in noisy]
        assert await acknowledged(*quiet, "QUIET", 200) == 200
        for each in flooding:
            each.cancel()

    with_devices(tmp_path, Conditions(rate=Rate(10.0, 500.0)), 6, body)
    noisy = sum(b"MN=NOISY" in entry.payload for entry in read(tmp_path / "journal", "intake-0"))
    chunk = UNSAFE_BYTES // len(data_frame(1, "NOISY")) * 2
    assert noisy <= 500 + 5 * chunk + 10 * 60  # not five times the burst and ten thousand more


def test_a_frame_that_drips_is_given_up_and_a_silent_connection_is_closed(tmp_path: Path) -> None:
    async def body(lines: Lines) -> None:
        dripping, silent, talking = lines
        assert await acknowledged(*talking, "TALK", 3) == 3
        raw = data_frame(1, "DRIP")
        for byte in raw[:40]:
            dripping[1].write(bytes([byte]))
            await asyncio.sleep(0.02)
        assert await silent[0].read() == b""  # closed: it never said anything
        assert await acknowledged(*talking, "TALK", 3) == 3

    limits = Conditions(sweep=0.05, half_frame=10.0, whole_frame=0.2, first_byte=0.6)
    with_devices(tmp_path, limits, 3, body)
    refused = [entry.payload for entry in read(tmp_path / "journal", "intake-0") if entry.kind == "hj212-refused"]
    # Given up while it dripped: what is held at the end is kept too, and would be all forty bytes in one.
    assert len(refused[0]) < 40
    assert data_frame(1, "DRIP").startswith(refused[0])


def test_half_a_frame_followed_by_silence_is_kept_while_the_listener_runs(tmp_path: Path) -> None:
    half = data_frame(1, "HALF")[:40]

    async def body(lines: Lines) -> None:
        (halved,) = lines
        halved[1].write(half)
        while half not in [entry.payload for entry in read(tmp_path / "journal", "intake-0")]:
            await asyncio.sleep(0.02)
        assert await acknowledged(*halved, "HALF", 1) == 1  # and the connection goes on

    with_devices(tmp_path, Conditions(sweep=0.05, half_frame=0.2), 1, body)


def test_of_too_many_connections_the_one_silent_longest_makes_way(tmp_path: Path) -> None:
    """As after a power failure: the connections of before are there yet, and nobody will ever end them."""

    async def body(lines: Lines) -> None:
        assert await lines[0][0].read() == b""  # it was the first there, and said nothing
        assert await acknowledged(*lines[1], "SECOND", 3) == 3
        assert await acknowledged(*lines[2], "THIRD", 3) == 3

    with_devices(tmp_path, Conditions(connections_a_peer=2), 3, body)
    with_devices(tmp_path, Conditions(connections=2), 3, body)


def test_an_address_that_opens_ever_more_connections_takes_no_place_of_another(tmp_path: Path) -> None:
    async def body(lines: Lines) -> None:
        port = lines[0][1].get_extra_info("peername")[1]
        other = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
        assert await acknowledged(*other, "QUIET", 1) == 1
        more = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        assert await acknowledged(*more[-1], "NOISY", 1) == 1  # the newest one is heard
        assert await more[0][0].read() == b""
        assert await acknowledged(*other, "QUIET", 20) == 20
        for _, writer in (*more, other):
            writer.close()

    with_devices(tmp_path, Conditions(connections=4), 4, body)


def test_only_those_on_the_allow_list_are_heard(tmp_path: Path) -> None:
    (tmp_path / "devices.toml").write_text('[listen]\nallow = ["10.0.0.0/8"]\n')

    async def body(lines: Lines) -> None:
        assert await lines[0][0].read() == b""

    with_devices(tmp_path, Conditions(), 1, body)
    assert list(read(tmp_path / "journal", "intake-0")) == []


def test_an_open_listener_warns_when_it_starts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def body(lines: Lines) -> None:
        assert await acknowledged(*lines[0], "X", 1) == 1

    with_devices(tmp_path, Conditions(), 1, body)
    assert "without TLS" not in caplog.text
    # On a loopback-only host name the listener is closed to others; 0.0.0.0 is not, and says so.
    (tmp_path / "devices.toml").write_text('[listen]\nallow = ["127.0.0.0/8"]\n')
    with_devices(tmp_path, Conditions(), 1, body, host="0.0.0.0")
    assert "without TLS:" in caplog.text


def test_time_is_noted_after_a_part_so_that_settle_stops_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xietong.intake.hj212.listener.PARTS_S", 0.1)
    part = frame("QN=20250314073000000;ST=31;CN=2051;PW=123456;MN=P;Flag=7;PNUM=2;PNO=1;CP=&&DataTime=20250314073000&&")

    async def body(lines: Lines) -> None:
        lines[0][1].write(part)
        await lines[0][0].readline()
        while not any(entry.kind == "note" for entry in read(tmp_path / "journal", "intake-0")):
            await asyncio.sleep(0.02)

    with_devices(tmp_path, Conditions(clock=lambda: datetime.now(UTC), sweep=0.02), 1, body)
    assert [entry.kind for entry in read(tmp_path / "journal", "intake-0")] == ["hj212", "note"]


def certificate(folder: Path) -> None:
    """A certificate of its own making for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    began = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, began, began + timedelta(days=9))
    signed = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(
        key, hashes.SHA256()
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))


def test_with_a_certificate_devices_speak_over_tls(tmp_path: Path) -> None:
    certificate(tmp_path)
    (tmp_path / "devices.toml").write_text('[listen]\ncertificate = "cert.pem"\nkey = "key.pem"\n')
    context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))

    async def run() -> None:
        stop, told = asyncio.Event(), asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(tmp_path, "127.0.0.1", 0, stop, lambda _, port: told.set_result(port)))
        line = await asyncio.open_connection("127.0.0.1", await told, ssl=context, server_hostname="localhost")
        assert await acknowledged(*line, "SAFE", 5) == 5
        # Longer than what is received at once, and many together.
        many = [
            frame(f"QN=20250314{number:09d};ST=31;CN=2051;PW=1;MN=LONG;Flag=5;CP=&&{'9' * 9_900}&&")
            for number in range(20)
        ]
        line[1].write(b"".join(many))
        for number in range(20):
            assert b"QN=20250314%09d;ST=91;CN=9014" % number in await line[0].readline()
        line[1].close()
        stop.set()
        await serving

    asyncio.run(run())
    kept = [entry.payload for entry in read(tmp_path / "journal", "intake-0")]
    assert len(kept) == 25
    assert all(len(payload) > 9_900 for payload in kept[5:])
