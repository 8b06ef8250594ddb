"""A small disk that can be filled to its last page: a tmpfs, or FUSE with a quota where none may be mounted."""

import errno
import os
import shutil
import subprocess
from io import FileIO
from pathlib import Path

from mosquitto import until
from rig import HERE, start

PAGE = 4096


class SmallDisk:
    """A mounted disk; `fill` leaves not one page free, `empty` gives the room back."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.mounted_at, self.filler = folder / "small", folder / "small/filler"
        self.mounted_at.mkdir()
        size = f"size={megabytes}m"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(self.mounted_at)]
        wants_fuse = os.environ.get("XIETONG_SMALL_DISK") == "fuse"
        self.is_tmpfs = not wants_fuse and subprocess.run(command, capture_output=True).returncode == 0
        if not self.is_tmpfs:
            backing = folder / "backing"
            backing.mkdir()
            self.process = start(HERE / "forgetful.py", backing, self.mounted_at, 1, 0.0, megabytes)
            assert until(self.mounted_at.is_mount), "neither tmpfs nor FUSE may be mounted here"

    def fill(self) -> None:
        """Take every page that is free now; what is removed afterwards is room again, so call it again and again."""
        with self.filler.open("ab", buffering=0) as file:
            for piece in (256 * PAGE, PAGE):
                while self._takes(file, b"x" * piece):
                    pass

    @staticmethod
    def _takes(file: FileIO, piece: bytes) -> bool:
        try:
            file.write(piece)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return False
        return True

    def free(self) -> int:
        """Bytes that can still be written."""
        found = os.statvfs(self.mounted_at)
        return found.f_bavail * found.f_frsize

    def empty(self) -> None:
        """Give back what was taken."""
        self.filler.unlink()

    def unmount(self) -> None:
        program = ["umount", "-l"] if self.is_tmpfs else [shutil.which("fusermount3") or "fusermount", "-u", "-z"]
        subprocess.run([*program, str(self.mounted_at)], capture_output=True, timeout=30)
        if not self.is_tmpfs:
            self.process.kill()
            self.process.communicate()
