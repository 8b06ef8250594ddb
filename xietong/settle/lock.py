"""The lock of a data folder's settle: one process at a time, released by the kernel when that process ends."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from xietong.texts import Text


class SettleBusy(Exception):
    """Another settle works on this data folder."""

    def __init__(self, path: Path) -> None:
        self.text = Text(
            f"另一个结转进程正在使用 {path.parent}；一个数据目录同时只能有一个，请等它结束或先停止它。",
            f"another settle works on {path.parent}; a data folder has one at a time. Wait for it or stop it first.",
        )
        super().__init__(self.text.en)


class SettleLock:
    """Holds an exclusive flock on DATA/settle.lock while it is open; raises SettleBusy where it is taken."""

    def __init__(self, data: Path) -> None:
        path = data / "settle.lock"
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise SettleBusy(path) from None

    def close(self) -> None:
        """Let go."""
        os.close(self._handle)

    def __enter__(self) -> "SettleLock":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def is_settling(data: Path) -> bool:
    """Whether a settle holds the lock; asked of the kernel, since trying it could get in settle's way."""
    path, locks = data / "settle.lock", Path("/proc/locks")
    if not path.exists() or not locks.exists():
        return False
    inode = str(path.stat().st_ino)
    return any(
        line.split()[5].rpartition(":")[2] == inode for line in locks.read_text().splitlines() if "->" not in line
    )
