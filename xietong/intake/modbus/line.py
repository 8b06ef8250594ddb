"""Line: a connection to one host and port over which Modbus devices are asked, one question at a time.

Framing and transaction numbers are pymodbus's; here are time-outs, reconnection, and whether an answer fits its
question.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from xietong.intake.modbus.registers import Framing
from xietong.protocols.modbus import BITS, Answer, Request, Table

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what a device does wrong is told by us, and only once
FUNCTIONS: Mapping[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
LONGEST_RAW = 264  # as long as a frame of Modbus can be
OLD_S = 30.0  # a connection that was silent for so long may have been dropped by a firewall that told nobody
_FRAMERS: Mapping[Framing, FramerType] = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU}
_FAR_S = 3600  # pymodbus's own time-out never comes: ours does, for connection and answer together


class Line:
    """Connects when it is asked, stays connected while that works, and is made anew after whatever went wrong."""

    def __init__(self, host: str, port: int, framing: Framing, clock: Callable[[], datetime]) -> None:
        self._host, self._port, self._framing, self._clock = host, port, framing, clock
        self._lock = asyncio.Lock()
        self._client: AsyncModbusTcpClient | None = None
        self._lost = asyncio.Event()
        self._heard = b""
        self._answered_at = 0.0

    async def ask(self, unit: int, request: Request, timeout_s: float) -> Answer:
        """One question; never raises. A connection that had grown old in silence is made anew once for it."""
        async with self._lock:
            was_connected = self._client is not None and self._client.connected
            is_old = asyncio.get_running_loop().time() - self._answered_at > OLD_S
            answer = await self._ask(unit, request, timeout_s)
            if was_connected and (answer.failure == "connection" or (is_old and answer.failure == "timeout")):
                answer = await self._ask(unit, request, timeout_s)
            if answer.is_answered:
                self._answered_at = asyncio.get_running_loop().time()
            return answer

    def close(self) -> None:
        """End the connection; the next question makes another."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _ask(self, unit: int, request: Request, timeout_s: float) -> Answer:
        sent, self._heard = None, b""
        try:
            async with asyncio.timeout(timeout_s):
                client = await self._connected()
                sent = self._clock()
                pdu = await self._unless_lost(_question(client, unit, request))
            answered = self._clock()
        except (TimeoutError, ModbusException, OSError, ValueError):
            failure = self._failure(sent is not None)
            self.close()
            return Answer(request, sent, answered=None, words=(), failure=failure, raw=self._heard[:LONGEST_RAW].hex())
        except asyncio.CancelledError:
            self.close()  # what still comes would meet the next question
            raise
        return self._judged(request, pdu, sent, answered)

    async def _connected(self) -> AsyncModbusTcpClient:
        if self._client is None or not self._client.connected:
            self.close()
            self._lost.clear()
            self._client = AsyncModbusTcpClient(
                self._host,
                port=self._port,
                framer=_FRAMERS[self._framing],
                timeout=_FAR_S,
                retries=0,
                reconnect_delay=0,
                trace_packet=self._packet,
                trace_connect=self._connection,
            )
            if not await self._client.connect():
                raise ConnectionError
        return self._client

    async def _unless_lost(self, question: Awaitable[ModbusPDU]) -> ModbusPDU:
        """The answer, or ConnectionError as soon as the connection ends."""
        asked, lost = asyncio.ensure_future(question), asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({asked, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise ConnectionError
            return asked.result()
        finally:
            asked.cancel()
            lost.cancel()

    def _failure(self, was_sent: bool) -> str:
        if self._heard:
            return "garbled"
        return "timeout" if was_sent and not self._lost.is_set() else "connection"

    def _judged(self, request: Request, pdu: ModbusPDU, sent: datetime, answered: datetime) -> Answer:
        """The answer, if it is one to this question."""
        function = FUNCTIONS[request.table]
        if pdu.function_code == function | 0x80:
            return Answer(request, sent, answered, (), f"exception {pdu.exception_code}")
        is_bits = request.table in BITS
        words = tuple(map(int, pdu.bits if is_bits else pdu.registers))
        expected = (request.size + 7) // 8 * 8 if is_bits else request.size
        if pdu.function_code != function or len(words) != expected:
            self.close()
            return Answer(
                request, sent, answered=answered, words=(), failure="garbled", raw=self._heard[:LONGEST_RAW].hex()
            )
        return Answer(request, sent, answered, words[: request.size])

    def _packet(self, is_sent: bool, data: bytes) -> bytes:
        if not is_sent:
            self._heard = data
        return data

    def _connection(self, is_up: bool) -> None:
        if not is_up:
            self._lost.set()


def _question(client: AsyncModbusTcpClient, unit: int, request: Request) -> Awaitable[ModbusPDU]:
    ask = {
        "coil": client.read_coils,
        "discrete": client.read_discrete_inputs,
        "holding": client.read_holding_registers,
        "input": client.read_input_registers,
    }[request.table]
    return ask(request.at, count=request.size, device_id=unit)
