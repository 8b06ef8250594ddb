"""The limit of `xietong bench door`: read a frame, check its CRC, acknowledge. No storage, nothing imported from us.

Prints `listening HOST:PORT`; ends on SIGTERM.
"""

import asyncio
import re
import signal

HEADER = re.compile(rb"(QN=\d{17};).*?(PW=[^;]*;MN=[^;]*;)Flag=(\d+);")


def table() -> list[int]:
    registers = []
    for register in range(256):
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
        registers.append(register)
    return registers


TABLE = table()


def crc(data: bytes) -> int:
    """HJ 212's CRC; bytes a multiple of eight apart have the same effect, so whole words are XOR-ed first."""
    number = int.from_bytes(data, "big") ^ (0xFF << 8 * (len(data) - 1))
    width = 64 << (max(len(data) - 1, 0) >> 3).bit_length()
    while width > 64:
        width >>= 1
        number ^= number >> width
    register = 0
    for byte in (number & (1 << 64) - 1).to_bytes(8, "big"):
        register = TABLE[(register >> 8) ^ byte]
    return register


def acknowledgement(segment: bytes) -> bytes:
    found = HEADER.match(segment)
    if found is None or not int(found[3]) & 1:
        return b""
    answer = b"%bST=91;CN=9014;%bFlag=%d;CP=&&&&" % (found[1], found[2], int(found[3]) & ~3)
    return b"##%04d%b%04X\r\n" % (len(answer), answer, crc(answer))


class BareDoor(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        buffer, at, answers = self.buffer + data, 0, []
        while len(buffer) >= at + 6 and len(buffer) >= (end := at + 6 + int(buffer[at + 2 : at + 6]) + 6):
            segment = buffer[at + 6 : end - 6]
            if crc(segment) == int(buffer[end - 6 : end - 2], 16):
                answers.append(acknowledgement(segment))
            at = end
        self.buffer = buffer[at:]
        self.transport.write(b"".join(answers))


async def main() -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(BareDoor, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"listening {host}:{port}", flush=True)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
