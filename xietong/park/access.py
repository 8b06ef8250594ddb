"""Who looked at what: sign-ins, refused ones, pages and downloads, a JSON line each in DATA/access/YYYY-MM.jsonl.

Held small and no more than needed: the same person at the same page counts once an hour; of what was typed only the
name is kept; readable by the owner of the folder alone; a month goes after so many, six at least (网络安全法 art. 21).
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from xietong.standard.thresholds import int_of

LEAST_MONTHS = int_of("record.access_kept")
LONGEST, MOST_REMEMBERED = 300, 20_000


class Access(NamedTuple):
    """One line: who (a name, or key:NAME), from which address, what (sign-in, refused, sign-out, view, change), where.

    status: of the answer; request: the id under which the log may have more.
    """

    at: datetime
    who: str
    address: str
    what: str
    path: str
    status: int
    request: str = ""


class Recorder:
    """Writes the record of one data folder; safe beside other threads and processes."""

    def __init__(self, data: Path, months: int) -> None:
        self._folder, self._months = data / "access", max(months, LEAST_MONTHS)
        self._lock, self._hour, self._seen = threading.Lock(), "", set[tuple[str, ...]]()

    def write(self, access: Access) -> None:
        """Append a line, unless it is a view that this hour has already."""
        with self._lock:
            if access.what == "view" and self._is_known(access):
                return
            line = {**access._asdict(), "at": access.at.astimezone(UTC).isoformat(timespec="seconds")}
            line |= {name: str(line[name])[:LONGEST] for name in ("who", "path")}
            path = self._folder / f"{access.at.astimezone(UTC):%Y-%m}.jsonl"
            if not path.exists():
                self._begin(access.at)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, json.dumps(line).encode() + b"\n")
            finally:
                os.close(handle)

    def _is_known(self, access: Access) -> bool:
        hour = f"{access.at:%Y-%m-%dT%H}"
        if hour != self._hour or len(self._seen) >= MOST_REMEMBERED:
            self._hour, self._seen = hour, set()
        mark = (access.who, access.address, access.path)
        if mark in self._seen:
            return True
        self._seen.add(mark)
        return False

    def _begin(self, now: datetime) -> None:
        """A new month: its folder is the owner's alone, and what is too old goes."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        oldest = now.year * 12 + now.month - 1 - self._months
        for path in self._folder.glob("????-??.jsonl"):
            year, _, month = path.stem.partition("-")
            if year.isdigit() and month.isdigit() and int(year) * 12 + int(month) - 1 < oldest:
                path.unlink()


def read(data: Path) -> Iterator[Mapping[str, object]]:
    """Every line that is kept, the oldest first; a torn one is left out."""
    for path in sorted((data / "access").glob("????-??.jsonl")):
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    found = json.loads(line)
                except ValueError:
                    continue
                if isinstance(found, dict):
                    yield found
