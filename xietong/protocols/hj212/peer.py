"""One exchange with a device, seen from the platform: request → 9011 → data → 9012, with time-outs and retries.

No socket and no clock: `due` gives what is to be sent at an instant, `heard` takes what came. HJ 212-2017 6.7 and
table 1: 10 s and three sends unless the device's settings say otherwise.
"""

from datetime import datetime
from typing import Literal, NamedTuple

from xietong.protocols.hj212.frames import Frame
from xietong.protocols.hj212.tables import command

Outcome = Literal["done", "no_data", "refused", "failed", "unfinished", "silent", "cut"]


class Patience(NamedTuple):
    """How long an answer is waited for, in seconds, and how often a request is sent in all."""

    seconds: float = 10.0
    sends: int = 3


class Result(NamedTuple):
    """How an exchange ended: done; no_data (ExeRtn=100); refused (QnRtn is not 1); failed (any other ExeRtn);
    unfinished (it began to answer and stopped); silent (it never answered); cut (the connection ended).

    code: the QnRtn or ExeRtn, "" where none came; frames: how many data frames came.
    """

    outcome: Outcome
    code: str
    frames: int


class Request(NamedTuple):
    """What is asked of a device: a command, the frame that asks, its QN; the instants asked for, None for readings."""

    mn: str
    cn: str
    qn: str
    frame: bytes
    begin: datetime | None = None
    end: datetime | None = None


class Exchange:
    """A request under way. now is any monotonic count of seconds, the same for every call."""

    def __init__(self, request: Request, patience: Patience, now: float, earlier: str = "") -> None:
        self.request, self._patience, self._earlier = request, patience, earlier
        self.result: Result | None = None
        self.sent = self.frames = 0
        self._ready = False
        self._deadline = now

    def due(self, now: float) -> bytes | None:
        """The frame to send at this instant, None where nothing is; where patience ends the exchange has a result."""
        if self.result is not None or now < self._deadline:
            return None
        if self._ready or self.frames:
            self._end("unfinished")
            return None
        if self.sent >= self._patience.sends:
            self._end("silent")
            return None
        self.sent += 1
        self._deadline = now + self._patience.seconds
        return self.request.frame

    def heard(self, frame: Frame, now: float) -> bool:
        """Take a frame of this device; whether it belongs to the exchange. Devices break the rules: a 9011 may be left
        out, come with another ST or QN, or come after the data; what cannot be another's is taken."""
        if self.result is not None or not self.sent or not frame.ok or frame.mn != self.request.mn:
            return False
        if frame.cn == "9011" and self._is_ours(frame):
            self._answered(frame, now)
            return True
        if frame.cn == "9012" and self._is_ours(frame):
            self._executed(frame)
            return True
        if frame.cn == "9013" and self._ends_with_a_notice() and self._is_ours(frame):
            self._end("done")
            return True
        if frame.cn == self.request.cn and self._was_asked(frame):
            self.frames += 1
            self._deadline = now + self._patience.seconds * self._patience.sends
            return True
        return False

    def cut(self) -> None:
        """The connection ended."""
        if self.result is None:
            self._end("cut")

    # ---- inside ----

    def _ends_with_a_notice(self) -> bool:
        """2012 and 2022 stop what a device sends and are answered by 9013 alone (annex C.11, C.13)."""
        asked = command(self.request.cn)
        return asked is not None and asked.answer == "9013"

    def _is_ours(self, frame: Frame) -> bool:
        return frame.qn == self.request.qn or (bool(frame.qn) and frame.qn != self._earlier)

    def _answered(self, frame: Frame, now: float) -> None:
        code = frame.parameters.get("QnRtn", "").strip()
        if code in ("", "1"):
            self._ready = True
            self._deadline = now + self._patience.seconds * self._patience.sends
        else:
            self._end("refused", code)

    def _executed(self, frame: Frame) -> None:
        code = frame.parameters.get("ExeRtn", "").strip()
        outcome: Outcome = "done" if code in ("", "1") else "no_data" if code == "100" else "failed"
        self._end(outcome, code)

    def _was_asked(self, frame: Frame) -> bool:
        begin, end = self.request.begin, self.request.end
        if begin is None or end is None:
            return True
        return frame.data_time is None or begin <= frame.data_time <= end

    def _end(self, outcome: Outcome, code: str = "") -> None:
        self.result = Result(outcome, code, self.frames)
