"""How much of what is no good frame is kept: 4 KiB a piece and a number of pieces for each peer and minute.

The rest is counted, and each minute's counts become one entry of the journal. No sockets and no clock here.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

KEPT_BYTES = 4096
PIECES_A_MINUTE = {"junk": 16, "hj212-refused": 240}
PEERS_A_MINUTE = 5000

Bad = Literal["junk", "hj212-refused"]


class Refusals:
    """Counts the bad pieces of the running minute by peer; what has been counted is handed out by `due`."""

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._seen: dict[tuple[str, Bad], int] = {}
        self._left_out: dict[tuple[str, Bad], tuple[int, int]] = {}

    def keep(self, peer: str, kind: Bad, raw: bytes) -> bytes | None:
        """The bytes of this piece to keep, or None where its peer has had its share of this minute."""
        key = (peer if len(self._seen) < PEERS_A_MINUTE or (peer, kind) in self._seen else "others", kind)
        seen = self._seen[key] = self._seen.get(key, 0) + 1
        if seen <= PIECES_A_MINUTE[kind]:
            if len(raw) > KEPT_BYTES:
                self._leave_out(key, 0, len(raw) - KEPT_BYTES)
            return raw[:KEPT_BYTES]
        self._leave_out(key, 1, len(raw))
        return None

    def due(self, now: datetime) -> Iterator[bytes]:
        """Payloads that tell what was left out in minutes that have ended; call it now and then."""
        minute = now.replace(second=0, microsecond=0)
        if self._minute == minute:
            return
        ended, self._minute = self._minute, minute
        yield from self._told(ended or minute)

    def rest(self, now: datetime) -> Iterator[bytes]:
        """The same for the running minute, at the end of the process."""
        yield from self._told(self._minute or now.replace(second=0, microsecond=0))

    def _leave_out(self, key: tuple[str, Bad], pieces: int, size: int) -> None:
        before = self._left_out.get(key, (0, 0))
        self._left_out[key] = (before[0] + pieces, before[1] + size)

    def _told(self, minute: datetime) -> Iterator[bytes]:
        left_out, self._left_out, self._seen = self._left_out, {}, {}
        for (peer, kind), (pieces, size) in left_out.items():
            told = {"left_out": kind, "peer": peer, "minute": minute.isoformat(), "pieces": pieces, "bytes": size}
            yield json.dumps(told).encode()
