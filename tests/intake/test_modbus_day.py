"""A day of a meter over Modbus, from its registers to the account; and servers that answer what no device should."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from modbus_device import device, put
from mosquitto import free_port
from small_parks import ZONE, park, point, subject

from xietong.accounting import explain
from xietong.intake.grids import Grids
from xietong.intake.modbus import poller
from xietong.intake.modbus.line import Line
from xietong.intake.modbus.poller import Poller, next_due, probe
from xietong.intake.modbus.registers import Device
from xietong.intake.source_state import SourceState, SourceStates
from xietong.intake.sources import Ground
from xietong.journal import GroupCommit, open_writer
from xietong.park.registry.snapshot import point_specs
from xietong.periods import Period
from xietong.protocols.modbus import Poll, Register, Request, decode
from xietong.settle import Conditions, Settler

DAY = datetime(2025, 3, 14, tzinfo=ZONE).astimezone(UTC)
QUARTER = timedelta(minutes=15)
KWH = Register("kwh", "holding", 10, "uint32", "low_first", scale=Decimal("0.01"), unit="kWh")


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def meter(port: int, timeout_s: float = 2.0, *registers: Register) -> Device:
    return Device("m1", "127.0.0.1", port, 1, 900, timeout_s, registers or (KWH,))


@asynccontextmanager
async def polling(data: Path, settings: Device, clock: Clock) -> AsyncIterator[SourceState]:
    """A poller over a journal, by a clock that the test turns; what it tells of the device."""
    with open_writer(data / "journal", "modbus") as writer:
        group = GroupCommit(writer)
        ground = Ground(
            data, writer, group, SourceStates(data, writer.name, "modbus", clock), clock, Grids(data / "registry.json")
        )
        made = Poller(settings, ground, Line(settings.host, settings.port, settings.framing, clock))
        running = asyncio.create_task(made.run())
        try:
            yield ground.states.known(settings.name)
        finally:
            made.end()
            await running
            ground.states.write(now=True)
            await group.close()


def has(state: SourceState, messages: int) -> bool:
    return state.messages == messages


def lacks(state: SourceState, polls: int) -> bool:
    return state.missed == polls


async def met(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.mark.slow
def test_a_day_of_quarter_hours_is_its_240_kwh_in_the_lake_and_in_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "LOOK_S", 0.002)
    port, folder = free_port(), tmp_path / "device"
    put(folder)

    async def day() -> None:
        clock = Clock(DAY - timedelta(seconds=1))
        async with polling(tmp_path, meter(port), clock) as polled:
            await asyncio.sleep(0.05)  # it is at work before the day begins
            for quarter in range(97):
                register = 65_400 + 250 * quarter  # 2.50 kWh a quarter; the low word starts again at once
                put(folder, holding={10: register & 0xFFFF, 11: register >> 16})
                clock.now = DAY + quarter * QUARTER + timedelta(milliseconds=400)
                await met(partial(has, polled, quarter + 1))

    with device(folder, port):
        asyncio.run(day())
    meter_point = replace(point("M", "A", "electricity_purchased", "kWh", "counter"), source="modbus:m1/kwh")
    registry = park(subject("A"), points=[replace(meter_point, interval_s=900)])
    specs = point_specs(registry)
    settler = Settler(tmp_path, ZONE, lambda: specs, lambda: DAY, Conditions(commit=0.0, live=0.0))
    settler.run(Event(), once=True)
    hours = settler.lake.hourly(["M"], DAY, DAY + timedelta(days=1)).to_pylist()
    assert [row["total"] for row in hours] == [Decimal(10)] * 24
    assert [(row["readings"], row["estimated"]) for row in hours] == [(4, False)] * 24
    figure = explain(registry, settler.lake, "electricity_purchased", "A", Period.parse("2025-03-14"))
    assert (figure.value, figure.status) == (0.24, "ok")


def test_the_grid_is_whole_multiples_of_the_interval() -> None:
    assert next_due(DAY, QUARTER) == DAY + QUARTER
    assert next_due(DAY - timedelta(microseconds=1), QUARTER) == DAY
    assert next_due(DAY + timedelta(minutes=44, seconds=59), QUARTER) == DAY + 3 * QUARTER
    assert next_due(DAY, timedelta(seconds=7)) > DAY


def test_a_clock_that_is_set_back_does_not_stop_the_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "LOOK_S", 0.002)

    async def turned() -> int:
        clock = Clock(DAY - timedelta(seconds=1))
        async with polling(tmp_path, meter(free_port()), clock) as polled:
            for polls, at in enumerate((DAY, DAY + QUARTER, DAY - 40 * QUARTER), 1):
                clock.now = at - timedelta(seconds=1)
                await asyncio.sleep(0.05)  # long enough to look at the clock
                clock.now = at
                await met(partial(lacks, polled, polls))
            return polled.missed

    assert asyncio.run(turned()) == 3


Answering = Callable[[bytes], bytes]


async def asked(answering: Answering, device_of: Callable[[int], Device]) -> Poll:
    """What a poll makes of a server that gives these bytes for a request (b"": it hangs up)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(12):
            said = answering(request)
            if not said:
                break
            writer.write(said)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        return await probe(device_of(server.sockets[0].getsockname()[1]), Clock(DAY))
    finally:
        server.close()


def frame(request: bytes, pdu: bytes, unit: int = 1) -> bytes:
    return request[:4] + (len(pdu) + 1).to_bytes(2, "big") + bytes([unit]) + pdu


RIGHT = bytes([3, 4, 0, 7, 0, 0])
HOSTILE: dict[str, tuple[Answering, str]] = {
    "right": (lambda request: frame(request, RIGHT), ""),
    "an exception": (lambda request: frame(request, b"\x83\x02"), "exception 2"),
    "an exception of another function": (lambda request: frame(request, b"\x84\x02"), "garbled"),
    "one register too few": (lambda request: frame(request, bytes([3, 2, 0, 7])), "garbled"),
    "one register too many": (lambda request: frame(request, bytes([3, 6, 0, 7, 0, 0, 0, 0])), "garbled"),
    "an odd count": (lambda request: frame(request, bytes([3, 3, 0, 7, 0])), "garbled"),
    "more announced than sent": (lambda request: frame(request, bytes([3, 200, 0, 7])), "garbled"),
    "another function": (lambda request: frame(request, bytes([4, 4, 0, 7, 0, 0])), "garbled"),
    "no function": (lambda request: frame(request, bytes([99, 1, 2])), "garbled"),
    "another unit": (lambda request: frame(request, RIGHT, unit=9), "garbled"),
    "another transaction": (lambda request: b"\x77\x77" + frame(request, RIGHT)[2:], "garbled"),
    "another protocol": (lambda request: request[:2] + b"\x00\x09" + frame(request, RIGHT)[4:], "garbled"),
    "a page of the web": (lambda request: b"HTTP/1.1 400 Bad Request\r\n\r\n", "garbled"),
    "a flood": (lambda request: b"\xff" * 100_000, "timeout"),  # no buffer grows with it
    "nothing": (lambda request: b"", "connection"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_answers_is_an_answer_to_the_question_or_none(name: str) -> None:
    answering, failure = HOSTILE[name]
    poll = asyncio.run(asked(answering, lambda port: meter(port, 0.2)))
    (answer,) = poll.answers
    assert answer.failure == failure
    assert [f"{each.value:f}" for each in decode(poll).values] == ([] if failure else ["0.070000"])
    assert bool(answer.raw) == (failure == "garbled")
    assert len(answer.raw) <= 2 * 264


def test_after_a_request_without_an_answer_the_rest_is_not_asked() -> None:
    more = replace(KWH, name="more", at=500)

    def first_only(request: bytes) -> bytes:
        return frame(request, RIGHT) if request[8:10] == b"\x00\x0a" else b""

    poll = asyncio.run(asked(first_only, lambda port: meter(port, 0.2, KWH, more, replace(more, name="z", at=700))))
    assert [each.failure for each in poll.answers] == ["", "connection", "not_asked"]
    assert [each.request for each in poll.answers][1:] == [Request("holding", 500, 2), Request("holding", 700, 2)]
    assert [each.address for each in decode(poll).values] == ["modbus:m1/kwh"]


def test_serial_frames_over_tcp(tmp_path: Path) -> None:
    def rtu(request: bytes) -> bytes:
        """CRC-16/MODBUS of 01 03 04 00 07 00 00, worked out bit by bit here."""
        said = b"\x01" + RIGHT
        crc = 0xFFFF
        for byte in said:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        assert request[:2] == b"\x01\x03"
        return said + crc.to_bytes(2, "little")

    poll = asyncio.run(asked(rtu, lambda port: replace(meter(port, 0.5), framing="rtu")))
    assert [f"{each.value:f}" for each in decode(poll).values] == ["0.070000"]
