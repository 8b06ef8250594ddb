"""A simulated data logger: it keeps hours in its memory, sends what is new, and answers what the platform asks.

It speaks HJ 212-2017 as annex C.20 to C.23 print it: 9011, the data with a QN of their own each, 9012. The tests use it
against the real listener; `python -m xietong.demo logger` does the same by hand.
"""

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from xietong.protocols.hj212 import Frame, Splitter, decode
from xietong.protocols.hj212 import frame as framed
from xietong.protocols.hj212.building import Speaker, build, message, number, parameters, split, stamp
from xietong.protocols.hj212.content import read_time
from xietong.protocols.hj212.sealing import seal
from xietong.protocols.hj212.tables import FETCHING

Items = tuple[str, ...]


@dataclass
class Logger:
    """One device. memory: CN → DataTime (UTC) → items as "a21026-Avg=1,a21026-Flag=N"; settings: what can be read.

    is_deaf: it never answers a request, as where the park is a second upload address; longest: bytes of content at
    which it splits a message; key: of SM4, with which it encrypts its data (2025, which also marks what is sent again).
    """

    speaker: Speaker
    memory: Mapping[str, Mapping[datetime, Items]]
    settings: Mapping[str, str] = field(default_factory=dict)
    is_deaf: bool = False
    longest: int = 950
    key: bytes = b""
    asked: list[Frame] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    _turn: int = 0

    def upload(self, cn: str, at: datetime) -> list[bytes]:
        """The frames by which it sends one period of its own accord, asking for an answer."""
        return self._data(cn, at, self.memory[cn][at])

    def answers(self, asked: Frame) -> list[bytes]:
        """What it says to a request of the platform."""
        self.asked.append(asked)
        if self.is_deaf:
            return []
        if asked.cn in FETCHING:
            return self._history(asked)
        if asked.cn in self.settings or asked.cn == "1011":
            said = {"SystemTime": stamp(datetime.now(UTC))} if asked.cn == "1011" else {}
            words = said or dict([self.settings[asked.cn].split("=", 1)])
            told = build(self.speaker, asked.cn, asked.qn, parameters(words), asks=False)
            return [self._says(asked, "9011", "QnRtn=1"), told, self._says(asked, "9012", "ExeRtn=1")]
        return [self._says(asked, "9011", "QnRtn=8")]

    async def run(self, where: tuple[str, int], uploads: list[bytes], stop: asyncio.Event) -> None:
        """Connect, send uploads, answer requests until stop is set."""
        reader, writer = await asyncio.open_connection(*where)
        writer.writelines(uploads)
        listening = asyncio.create_task(self._listen(reader, writer))
        try:
            await stop.wait()
        finally:
            listening.cancel()
            writer.close()

    # ---- inside ----

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = Splitter()
        while chunk := await reader.read(65536):
            for piece in splitter.feed(chunk):
                frame = decode(piece.raw, [self.key] if self.key else [])
                if frame.cn == "9014":
                    self.acknowledged.add(frame.qn)
                elif not frame.cn.startswith("9"):
                    writer.writelines(self.answers(frame))
            await writer.drain()

    def _history(self, asked: Frame) -> list[bytes]:
        begin, end = (read_time(asked.parameters.get(word, "")) for word in ("BeginTime", "EndTime"))
        kept = self.memory.get(asked.cn, {})
        found = [at for at in sorted(kept) if begin and end and begin <= at <= end]
        frames = [self._says(asked, "9011", "QnRtn=1")]
        for at in found:
            frames += self._data(asked.cn, at, kept[at], resent=self.speaker.edition == "2025")
        return [*frames, self._says(asked, "9012", "ExeRtn=1" if found else "ExeRtn=100")]

    def _data(self, cn: str, at: datetime, items: Items, *, resent: bool = False) -> list[bytes]:
        contents = split(stamp(at), items, self.longest)
        frames = message(self.speaker, cn, [self._qn() for _ in contents], contents)
        if resent:
            frames = [framed(raw[6:-6].replace(b";CP=", b";RF=1;CP=", 1)) for raw in frames]
        return [seal(raw[6:-6], self.key) for raw in frames] if self.key else frames

    def _says(self, asked: Frame, cn: str, content: str) -> bytes:
        return build(self.speaker, cn, asked.qn, content, asks=False)

    def _qn(self) -> str:
        """A QN of its own for every frame."""
        self._turn += 1
        return number(datetime.now(UTC) + timedelta(milliseconds=self._turn))


def remembering(hours: int, codes: list[str], now: datetime) -> dict[datetime, Items]:
    """So many hours up to the last whole one before now, each code with a value that tells its hour."""
    last = now.replace(minute=0, second=0, microsecond=0)
    instants = [last - timedelta(hours=hours - number) for number in range(hours)]
    return {
        at: tuple(f"{code}-Avg={at.day}.{at.hour:02d},{code}-Cou={at.hour}.5,{code}-Flag=N" for code in codes)
        for at in instants
    }


def play(mn: str, codes: list[str], where: tuple[str, int], hours: int, without: tuple[int, int]) -> None:
    """Send the last hours but some (places in the row: from, to), then answer, printing it, until told to end."""
    memory = remembering(hours, codes, datetime.now(UTC))
    logger = _Telling(Speaker(mn, st="31"), {"2061": memory})
    sent = [at for place, at in enumerate(memory) if not without[0] <= place < without[1]]
    print(f"{mn}: {len(sent)} of {hours} hours are sent, the others are in its memory", flush=True)
    uploads = [frame for at in sent for frame in logger.upload("2061", at)]
    asyncio.run(_until_stopped(logger, where, uploads))


async def _until_stopped(logger: Logger, where: tuple[str, int], uploads: list[bytes]) -> None:
    stop = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    await logger.run(where, uploads, stop)


class _Telling(Logger):
    """Prints what it is asked and what it says."""

    def answers(self, asked: Frame) -> list[bytes]:
        said = super().answers(asked)
        for raw in (asked.raw, *said):
            print(raw.decode(errors="replace").strip()[:160], flush=True)
        return said
