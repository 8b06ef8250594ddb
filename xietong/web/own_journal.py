"""The journal of this web process: what programs push and what persons order here, each entry safe before it counts."""

import threading
from pathlib import Path

from django.conf import settings

from xietong.intake.opening import open_journal
from xietong.journal import JournalWriter

_LOCK = threading.Lock()
_OPEN: dict[Path, JournalWriter] = {}


def writer() -> JournalWriter:
    """The one writer, opened when it is first needed; use its `record`, which is safe beside other threads.

    Raises JournalError where the disk refuses.
    """
    with _LOCK:
        root = Path(settings.DATA) / "journal"
        if root not in _OPEN:
            _OPEN[root] = open_journal(root.parent, "web")
        return _OPEN[root]
