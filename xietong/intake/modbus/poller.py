"""Poller: asks one Modbus device on the grid of its interval and brings each answer into the journal.

A poll counts when its entry is safe. What was not answered is missed, never made up for: no poll waits behind another.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from xietong.intake.modbus.line import Line
from xietong.intake.modbus.registers import Device
from xietong.intake.sources import Ground
from xietong.journal import JournalWriteError
from xietong.protocols.modbus import Answer, Poll, Request, decode, requests, sealed, split, why
from xietong.texts import Text

LOG = logging.getLogger("xietong.intake.modbus")
LONGEST_SILENCE_S = 60  # a device that is away is asked at least so often, or at every poll where those are rarer
LOOK_S = 10.0  # after so long the clock is looked at again, should it have been set
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Poller:
    """One device; lives in one event loop."""

    def __init__(self, device: Device, ground: Ground, line: Line) -> None:
        self.device, self._ground, self._line = device, ground, line
        self._clock = ground.clock
        self._interval = timedelta(seconds=device.interval_s)
        self._plan = requests(device.registers, device.gap, device.most)
        self._state = ground.states.source(device.name, device.address)
        self._stop = asyncio.Event()
        self._asking: asyncio.Future[tuple[Answer, ...]] | None = None
        self._missed = self._vain = self._skip = 0
        self._said: str | None = None

    async def run(self) -> None:
        """Until `end`: poll at every multiple of the interval, but not at each while the device is away."""
        former: datetime | None = None
        while (due := await self._due()) is not None:
            if former is not None:
                self._miss(max((due - former) // self._interval - 1, 0))
            former = due
            if self._skip:
                self._skip -= 1
                self._miss(1)
            else:
                await self._poll(due)
        self._state.connected = False
        if not self.device.shared:
            self._line.close()

    def end(self) -> None:
        """Leave the device; what it has answered is still kept."""
        self._stop.set()
        if self._asking is not None:
            self._asking.cancel()

    async def _due(self) -> datetime | None:
        """Wait for the next instant of the grid; None where we end."""
        due = next_due(self._clock(), self._interval)
        while not self._stop.is_set():
            left = due - self._clock()
            if left <= timedelta():
                return due
            if left > self._interval:  # the clock was set back
                due = next_due(self._clock(), self._interval)
                continue
            try:
                await asyncio.wait_for(self._stop.wait(), min(left.total_seconds(), LOOK_S))
            except TimeoutError:
                continue
        return None

    async def _poll(self, due: datetime) -> None:
        self._asking = asyncio.ensure_future(ask_all(self.device, self._plan, self._line))
        try:
            answers = await self._asking
        except asyncio.CancelledError:
            if self._stop.is_set():
                return
            raise
        finally:
            self._asking = None
        device = self.device
        poll = Poll(
            device.name, device.address, due=due, missed=self._missed, registers=device.registers, answers=answers
        )
        if any(each.is_answered for each in answers):
            await self._heard(poll)
        else:
            await self._unheard(poll)

    async def _heard(self, poll: Poll) -> None:
        """Keep what was answered."""
        self._vain = 0
        self._state.connected = True
        ordinal = await self._keep(poll)
        if ordinal is None:
            self._miss(1)
            return
        self._missed = 0
        message = decode(poll)
        self._say("" if message.values else message.unused[0].sentence.en)
        refused = [(each.sentence, f"{each.path} {each.said}".strip()) for each in message.unused]
        self._state.heard(self._clock(), len(message.values), refused, self._entry(ordinal))
        self._split(poll.answers)

    async def _unheard(self, poll: Poll) -> None:
        """Nothing was answered: keep the first of such polls as the evidence of it, and count them all."""
        self._state.connected = False
        self._vain += 1
        self._skip = min(2 ** min(self._vain - 1, 10) - 1, LONGEST_SILENCE_S // self.device.interval_s)
        failed = poll.answers[0]
        text = why(failed.failure)
        ordinal = await self._keep(poll) if self._said != text.en else None
        self._miss(1)
        if ordinal is not None:
            self._missed = 0
            self._say(text.en)
        self._state.wrong(self._clock(), text, failed.raw, "" if ordinal is None else self._entry(ordinal))

    async def _keep(self, poll: Poll) -> int | None:
        """Bring a poll into the journal; None where the disk refuses, and then it does not count."""
        try:
            return await self._ground.group.append("modbus", f"modbus:{self.device.name}", sealed(poll), self._clock())
        except JournalWriteError as error:
            text = not_kept(error)
            self._say(text.en)
            self._state.wrong(self._clock(), text)
            return None

    def _split(self, answers: tuple[Answer, ...]) -> None:
        """An address that the device does not have spoils its request: from now on each register is asked for alone."""
        spoilt = {each.request for each in answers if each.failure in ("exception 2", "exception 3")}
        found: list[Request] = []
        for request in self._plan:
            found += split(request, self.device.registers) if request in spoilt else [request]
        self._plan = tuple(found)

    def _miss(self, polls: int) -> None:
        self._missed += polls
        self._state.missed += polls

    def _entry(self, ordinal: int) -> str:
        return f"{self._ground.writer.name}/{ordinal}"

    def _say(self, problem: str) -> None:
        """Tell what is wrong with the device, once until it changes."""
        if problem != (self._said or ""):
            LOG.warning("%s (%s): %s", self.device.name, self.device.address, problem or "answers")
        self._said = problem


async def ask_all(device: Device, plan: tuple[Request, ...], line: Line) -> tuple[Answer, ...]:
    """Ask a device everything of a plan; after a request that nobody answers the rest is not asked."""
    answers: list[Answer] = []
    for request in plan:
        if answers and not answers[-1].is_answered and answers[-1].failure != "garbled":
            answers.append(Answer(request, None, None, (), "not_asked"))
        else:
            answers.append(await line.ask(device.unit, request, device.timeout_s))
    return tuple(answers)


async def probe(device: Device, clock: Callable[[], datetime]) -> Poll:
    """Ask a device once, now, over a connection of its own; nothing is kept."""
    line = Line(device.host, device.port, device.framing, clock)
    try:
        answers = await ask_all(device, requests(device.registers, device.gap, device.most), line)
    finally:
        line.close()
    return Poll(device.name, device.address, due=clock(), missed=0, registers=device.registers, answers=answers)


def next_due(now: datetime, interval: timedelta) -> datetime:
    """The first instant after now that is a whole multiple of the interval since 1970, UTC."""
    return _EPOCH + ((now - _EPOCH) // interval + 1) * interval


def not_kept(error: JournalWriteError) -> Text:
    """The sentence for what was heard and could not be kept."""
    return Text(
        f"已收到数据，但存证写不下（{error.cause.strerror or error.cause}），不算数，这一次作缺失；"
        "请检查磁盘空间，平台会继续，无需重启。",
        f"it was heard and could not be kept ({error.cause.strerror or error.cause}): it does not count and is "
        "missing. Look at the disk and its free space; this goes on by itself.",
    )
