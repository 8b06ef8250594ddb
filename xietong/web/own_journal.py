"""The journal of this web process: what programs push and what persons order here, each entry safe before it counts."""

import threading
from pathlib import Path

from django.conf import settings

from xietong.journal import JournalWriter, open_writer

_LOCK = threading.Lock()
_OPEN: dict[Path, JournalWriter] = {}


def writer() -> JournalWriter:
    """The one writer, opened when it is first needed; use its `record`, which is safe beside other threads.

    Raises JournalError where the disk refuses.
    """
    with _LOCK:
        root = Path(settings.DATA) / "journal"
        if root not in _OPEN:
            _OPEN[root] = open_writer(root, "web")
        return _OPEN[root]
