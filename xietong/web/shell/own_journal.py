"""The one journal of this web process: what programs push, what is typed or sent in of a month, what persons order.

Whoever enters something is handed it; each entry is safe before it counts.
"""

import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from xietong.intake.opening import open_journal
from xietong.journal import JournalWriter

_LOCK = threading.Lock()
_OPEN: dict[Path, JournalWriter] = {}


def writer(data: Path) -> JournalWriter:
    """The one writer of a data folder, opened when it is first needed.

    Use `record` and `record_all`, which are safe beside other threads. Raises JournalError where the disk refuses.
    """
    with _LOCK:
        if data not in _OPEN:
            _OPEN[data] = open_journal(data, "web")
        return _OPEN[data]


def opened(data: Path) -> AbstractContextManager[JournalWriter]:
    """That writer for who enters something and then lets go of it: it stays open."""
    return nullcontext(writer(data))
