"""The forgetful file system itself: what it keeps at a power cut and what it forgets."""

import errno
import os
import random
import stat
from pathlib import Path

import pytest
from forgetful import PAGE, Backing, Forgetful
from mfusepy import FuseOSError
from rig import ForgetfulDisk


def system(folder: Path, written_back: float = 0.0) -> Forgetful:
    return Forgetful(Backing(folder), random.Random(1), written_back)


def write(disk: Forgetful, path: str, content: bytes, *, sync: bool) -> None:
    handle = disk.create(path, 0o600)
    disk.write(path, content, 0, handle)
    if sync:
        disk.fsync(path, 0, handle)


def test_only_what_was_fsynced_survives_and_names_are_fsynced_apart(tmp_path: Path) -> None:
    disk = system(tmp_path)
    disk.mkdir("/kept", 0o700)
    disk.mkdir("/forgotten", 0o700)
    write(disk, "/kept/both", b"content", sync=True)
    write(disk, "/kept/name-alone", b"content", sync=False)
    disk.fsyncdir("/kept", 0, 0)
    write(disk, "/kept/content-alone", b"content", sync=True)
    del disk.root.names["forgotten"]
    disk.fsyncdir("/", 0, 0)
    disk.mkdir("/late", 0o700)
    again = system(tmp_path)
    assert list(again.root.names) == ["kept"]
    kept = again.root.names["kept"].names
    assert {name: bytes(node.content) for name, node in kept.items()} == {"both": b"content", "name-alone": b""}
    assert stat.S_ISREG(kept["both"].mode)


def test_renames_links_removals_and_truncations_are_forgotten_too(tmp_path: Path) -> None:
    disk = system(tmp_path)
    for name in "abc":
        write(disk, f"/{name}", name.encode() * 9, sync=True)
    disk.fsyncdir("/", 0, 0)
    disk.rename("/a", "/b")
    disk.unlink("/c")
    disk.link("/d", "/b")
    disk.truncate("/b", 2)
    assert {name: bytes(node.content) for name, node in disk.root.names.items()} == {"b": b"aa", "d": b"aa"}
    before = system(tmp_path).root.names
    assert {name: bytes(node.content) for name, node in before.items()} == {name: name.encode() * 9 for name in "abc"}
    disk.fsyncdir("/", 0, 0)
    handle = disk.open("/d", 0)
    disk.write("/d", b"x", 3, handle)
    disk.fsync("/d", 0, handle)
    after = system(tmp_path).root.names
    assert {name: bytes(node.content) for name, node in after.items()} == {"b": b"aa\0x", "d": b"aa\0x"}


def test_something_may_survive_unasked_torn_inside_the_last_write(tmp_path: Path) -> None:
    seen = set()
    for number in range(40):
        disk = Forgetful(Backing(tmp_path / str(number)), random.Random(number), 0.5)
        write(disk, "/a", b"12345678", sync=False)
        names = system(tmp_path / str(number)).root.names
        seen.add(bytes(names["a"].content) if "a" in names else None)
    assert {None, b""} < seen
    assert len(seen) > 5


def test_a_small_one_is_full_at_its_last_page_and_gives_room_back(tmp_path: Path) -> None:
    disk = Forgetful(Backing(tmp_path), random.Random(1), 0.0, megabytes=1)
    write(disk, "/large", bytes(255 * PAGE), sync=False)
    write(disk, "/small", b"content", sync=False)
    handle = disk.open("/small", 0)
    assert disk.write("/small", bytes(PAGE - 7), 7, handle) == PAGE - 7
    with pytest.raises(FuseOSError) as full:
        disk.write("/small", b"x", PAGE, handle)
    assert full.value.errno == errno.ENOSPC
    assert disk.statfs("/")["f_bavail"] == 0
    disk.unlink("/large")
    assert disk.statfs("/")["f_bavail"] == 255
    disk.write("/small", b"x", PAGE, handle)
    disk.rename("/small", "/large")
    assert disk.statfs("/")["f_bavail"] == 254


@pytest.mark.slow
def test_a_power_cut_on_the_mounted_system(tmp_path: Path) -> None:
    disk = ForgetfulDisk(tmp_path, seed=1, written_back=0.0)
    try:
        path = disk.mounted_at / "file"
        path.write_bytes(b"before")
        handle = os.open(path, os.O_RDWR)
        os.fdatasync(handle)
        folder = os.open(disk.mounted_at, os.O_RDONLY)
        os.fsync(folder)
        os.pwrite(handle, b"after!", 0)
        assert path.read_bytes() == b"after!"
        disk.cut_power()
        os.close(handle)
        os.close(folder)
        disk.power_on()
        assert path.read_bytes() == b"before"
    finally:
        disk.unmount()
