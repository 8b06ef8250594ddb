"""A file system that forgets at a power cut whatever was not fsynced, for the tests of durability.

`python forgetful.py BACKING MOUNT SEED SHARE [MEGABYTES]` mounts it (FUSE), of that size if one is given. What is
written lives in this process; fsync of a file puts its content into BACKING, fsync of a folder the names in it. Killing
this process with SIGKILL is the power cut: mounting again on the same BACKING shows what a disk would. As on a real
machine some of what nobody fsynced is there all the same, a share of it chosen by the seed: names without content, and
files torn inside their last write.
"""

import errno
import json
import os
import random
import stat
import sys
import time
from pathlib import Path
from typing import Any

from mfusepy import FUSE, FuseOSError

PAGE = 4096
PAGES_A_MEGABYTE, ENDLESS = 256, 1 << 16


class Node:
    """A file or folder; content belongs to files, names to folders. number: where BACKING keeps it."""

    def __init__(self, number: int, mode: int) -> None:
        self.number, self.mode, self.links = number, mode, 1
        self.content = bytearray()
        self.names: dict[str, Node] = {}
        self.dirty: list[tuple[int, int]] = []
        self.shortest: int | None = None  # the shortest it has been since it was put into BACKING
        self.changed_at = time.time_ns()

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


class Backing:
    """What survives: objects/N holds the content of file N, folders/N.json the names in folder N."""

    def __init__(self, root: Path) -> None:
        self.objects, self.folders = root / "objects", root / "folders"
        self.objects.mkdir(parents=True, exist_ok=True)
        self.folders.mkdir(exist_ok=True)
        # N, N.json, and N.new.json of a table that was being replaced when the power went
        kept = [*self.objects.iterdir(), *self.folders.iterdir()]
        taken = [int(path.name.partition(".")[0]) for path in kept]
        self.last_number = max([*taken, 1])

    def load(self, number: int, mode: int) -> Node:
        """What a disk shows of this node after a power cut: empty, where only its name survived."""
        node = Node(number, mode)
        if node.is_folder:
            table = self.folders / f"{number}.json"
            names = json.loads(table.read_text()) if table.exists() else {}
            node.names = {name: self.load(*place) for name, place in names.items()}
        elif (self.objects / str(number)).exists():
            node.content = bytearray((self.objects / str(number)).read_bytes())
        return node

    def keep_names(self, folder: Node) -> None:
        table = self.folders / f"{folder.number}.json"
        fresh = table.with_suffix(".new.json")
        fresh.write_text(json.dumps({name: [node.number, node.mode] for name, node in folder.names.items()}))
        fresh.replace(table)

    def keep_content(self, node: Node, last_upto: int | None = None) -> None:
        """Keep what was written; last_upto: of the last write only up to there, as when a power cut comes between."""
        handle = os.open(self.objects / str(node.number), os.O_RDWR | os.O_CREAT)
        try:
            if node.shortest is not None and node.shortest < os.fstat(handle).st_size:
                os.ftruncate(handle, node.shortest)
            for start, end in node.dirty if last_upto is None else [*node.dirty[:-1], (node.dirty[-1][0], last_upto)]:
                os.pwrite(handle, memoryview(node.content)[start:end], start)
            if last_upto is None:
                os.ftruncate(handle, len(node.content))
        finally:
            os.close(handle)
        node.shortest = None
        node.dirty = [] if last_upto is None else node.dirty[-1:]


class Forgetful:
    """The FUSE operations, over nodes in memory."""

    use_ns = True

    def __init__(self, backing: Backing, chance: random.Random, written_back: float, megabytes: int = ENDLESS) -> None:
        self.backing, self.chance, self.written_back = backing, chance, written_back
        self.pages, self.taken = megabytes * PAGES_A_MEGABYTE, 0
        self.root = backing.load(1, stat.S_IFDIR | 0o755)
        self.last_number = backing.last_number
        self.open_files: dict[int, Node] = {}
        self.last_handle = 0

    # ---- names ----

    def _find(self, path: str) -> Node:
        node = self.root
        for name in path.split("/"):
            if name:
                if name not in node.names:
                    raise FuseOSError(errno.ENOENT)
                node = node.names[name]
        return node

    def _place(self, path: str) -> tuple[Node, str]:
        folder, _, name = path.rpartition("/")
        return self._find(folder), name

    def _renamed(self, *folders: Node) -> None:
        for folder in folders:
            folder.changed_at = time.time_ns()
            if self.chance.random() < self.written_back:
                self.backing.keep_names(folder)

    def _new(self, path: str, mode: int) -> Node:
        folder, name = self._place(path)
        self.last_number += 1
        folder.names[name] = Node(self.last_number, mode)
        self._renamed(folder)
        return folder.names[name]

    def mkdir(self, path: str, mode: int) -> int:
        self._new(path, stat.S_IFDIR | mode)
        return 0

    def create(self, path: str, mode: int, fi: object = None) -> int:
        return self._opened(self._new(path, stat.S_IFREG | mode & 0o7777))

    def link(self, target: str, source: str) -> int:
        folder, name = self._place(target)
        if name in folder.names:
            raise FuseOSError(errno.EEXIST)
        folder.names[name] = self._find(source)
        folder.names[name].links += 1
        self._renamed(folder)
        return 0

    def rename(self, old: str, new: str) -> int:
        (source, old_name), (target, new_name) = self._place(old), self._place(new)
        if new_name in target.names:
            self._forget(target.names[new_name])
        target.names[new_name] = source.names.pop(old_name)
        self._renamed(*{source, target})
        return 0

    def unlink(self, path: str) -> int:
        folder, name = self._place(path)
        self._forget(folder.names[name])
        del folder.names[name]
        self._renamed(folder)
        return 0

    def _forget(self, node: Node) -> None:
        """Give back the room of a file whose last name goes; one that is still open is counted as gone too."""
        node.links -= 1
        if node.links == 0:
            self.taken -= pages(len(node.content))

    def rmdir(self, path: str) -> int:
        if self._find(path).names:
            raise FuseOSError(errno.ENOTEMPTY)
        return self.unlink(path)

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self._find(path).names]

    # ---- room ----

    def _grow(self, node: Node, length: int) -> None:
        """Count the pages of a file that is to have this length; ENOSPC where they are not there."""
        more = pages(length) - pages(len(node.content))
        if more > 0 and self.taken + more > self.pages:
            raise FuseOSError(errno.ENOSPC)
        self.taken += more

    # ---- content ----

    def _opened(self, node: Node) -> int:
        self.last_handle += 1
        self.open_files[self.last_handle] = node
        return self.last_handle

    def open(self, path: str, flags: int) -> int:
        return self._opened(self._find(path))

    def release(self, path: str, fh: int) -> int:
        del self.open_files[fh]
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self.open_files[fh].content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        node, end = self.open_files[fh], offset + len(data)
        self._grow(node, max(end, len(node.content)))
        if offset > len(node.content):
            node.content += bytes(offset - len(node.content))
        node.content[offset:end] = data
        node.dirty.append((offset, end))
        node.changed_at = time.time_ns()
        if self.chance.random() < self.written_back:
            self.backing.keep_content(node, last_upto=self.chance.randint(offset, end))
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        node = self._find(path) if fh is None else self.open_files[fh]
        self._grow(node, length)
        node.shortest = min(length, len(node.content) if node.shortest is None else node.shortest)
        del node.content[length:]
        node.content += bytes(length - len(node.content))
        node.dirty = [(start, min(end, length)) for start, end in node.dirty if start < length]
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self.backing.keep_content(self.open_files[fh])
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self.backing.keep_names(self._find(path))
        return 0

    # ---- the rest ----

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        node = self.open_files[fh] if fh in self.open_files else self._find(path)
        times = dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), node.changed_at)
        owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        return {"st_mode": node.mode, "st_nlink": 1, "st_size": len(node.content), **times, **owner}

    def statfs(self, path: str) -> dict[str, int]:
        free = self.pages - self.taken
        return {"f_bsize": PAGE, "f_frsize": PAGE, "f_blocks": self.pages, "f_bfree": free, "f_bavail": free}

    def chmod(self, path: str, mode: int) -> int:
        node = self._find(path)
        node.mode = stat.S_IFMT(node.mode) | mode & 0o7777
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        self._find(path).changed_at = times[1] if times else time.time_ns()
        return 0


def pages(length: int) -> int:
    """How many pages content of this length takes."""
    return -(-length // PAGE)


def main(backing: str, mount: str, seed: str, written_back: str, megabytes: str = str(ENDLESS)) -> None:
    system = Forgetful(Backing(Path(backing)), random.Random(int(seed)), float(written_back), int(megabytes))
    FUSE(system, mount, foreground=True, nothreads=True, fsname="forgetful", big_writes=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
