"""`xietong doctor`: look at a data folder and say, check by check, what is well and what is not, with the remedy.

It changes nothing and takes no lock, so it may run beside the platform.
"""

import argparse
import ipaddress
import json
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from xietong.accounting.closed.reports import BrokenReportError, closed_reports, opened
from xietong.commands.doctor.checks import Check
from xietong.commands.doctor.devices import analysers, taken_in
from xietong.commands.doctor.files import evidence, pages
from xietong.commands.doctor.lake import lake
from xietong.commands.doctor.sources import SOURCES
from xietong.commands.terminal.databases import is_lost, unwritable, why_unusable
from xietong.commands.terminal.unread import unread_frames
from xietong.intake.devices import BadSettings, DeviceBook, openness
from xietong.park.bringing.loading import unfinished
from xietong.park.privacy import open_to_others
from xietong.park.traces import LOST_PARK, held_a_park
from xietong.processes import Door, noted_door
from xietong.settle.lock import is_settling
from xietong.texts import Text

SAFE_SQLITE = (3, 51, 3)
LITTLE_SPACE = 500 * 1024 * 1024
_MARKS = {"ok": "✓", "note": "·", "failed": "✗"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to answer."""
    parser.add_argument("--json", action="store_true", help="以 JSON 回答 · answer in JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run every check; 1 where one failed."""
    checks = list(examine(settings.DATA))
    if arguments.json:
        print(json.dumps([_plain(check) for check in checks], ensure_ascii=False, indent=1))
    else:
        for check in checks:
            print(_line(check), file=sys.stderr if check.status == "failed" else sys.stdout)
    return int(any(check.status == "failed" for check in checks))


def examine(data: Path) -> Iterator[Check]:
    """Every check of a data folder, in the order in which one would mend things."""
    if not data.is_dir():
        yield Check(
            "folder",
            "failed",
            Text(f"没有数据目录 {data}", f"there is no data folder {data}"),
            Text("运行 xietong init 或用 --data 指明它", "run xietong init, or name the folder with --data"),
        )
        return
    each: tuple[Callable[[Path], Iterator[Check]], ...] = (
        folder,
        space,
        database,
        pages,
        loads,
        closed,
        evidence,
        lake,
        settling,
        devices,
        taken_in,
        analysers,
        *SOURCES,
        doors,
    )
    for examined in each:
        yield from examined(data)


def folder(data: Path) -> Iterator[Check]:
    """The data folder and its key are the platform's own, and others cannot read the key."""
    shut = [str(path) for path in unwritable(data)]
    readable = " ".join(str(path) for path in open_to_others(data))
    if shut:
        yield Check(
            "folder",
            "failed",
            Text(f"只读，不能写入 {'、'.join(shut)}", f"read-only, cannot write to {', '.join(shut)}"),
            Text("把目录的所有者改为运行平台的用户", "give the folder to the user that runs the platform"),
        )
    elif readable:
        yield Check(
            "folder",
            "failed",
            Text(f"别的用户可以读取 {readable}", f"other users can read {readable}"),
            Text(f"运行 chmod go= {readable}", f"run chmod go= {readable}"),
        )
    else:
        yield Check("folder", "ok", Text(f"数据目录 {data} 可写", f"data folder {data} is writable"))


def space(data: Path) -> Iterator[Check]:
    """There is room on the disk: nothing is acknowledged that cannot be kept."""
    free = shutil.disk_usage(data).free
    found = Text(f"磁盘剩余 {free / 1e9:.1f} GB", f"{free / 1e9:.1f} GB of disk are free")
    if free < LITTLE_SPACE:
        remedy = Text("腾出空间；写不下时设备得不到应答", "make room; without it devices get no answer")
        yield Check("space", "failed", found, remedy)
    else:
        yield Check("space", "ok", found)


def database(data: Path) -> Iterator[Check]:
    """SQLite is new enough for WAL and uses it; every migration is applied."""
    if connection.vendor == "sqlite" and not (data / "park.sqlite3").exists():  # looking must not make one
        found = Text(f"{data} 里还没有数据库", f"{data} holds no database yet")
        remedy = LOST_PARK if held_a_park(data) else Text("运行 xietong init", "run xietong init")
        yield Check("database", "failed", found, remedy)
        return
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("select sqlite_version()")
                version = str(cursor.fetchone()[0])
                cursor.execute("pragma journal_mode")
                yield _sqlite(version, str(cursor.fetchone()[0]))
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Check("database", "failed", why_unusable(error))
        return
    if missing and is_lost(data):
        yield Check("database", "failed", Text("数据库是空的", "the database is empty"), LOST_PARK)
    elif missing:
        yield Check(
            "migrations",
            "failed",
            Text(f"数据库有 {len(missing)} 个升级未执行", f"{len(missing)} migrations are not applied"),
            Text("运行 xietong init", "run xietong init"),
        )
    else:
        yield Check("migrations", "ok", Text("数据库已是最新结构", "every migration is applied"))


def loads(data: Path) -> Iterator[Check]:
    """No load was begun that is not whole and that nobody is at."""
    begun = unfinished(data)
    if begun is not None:
        yield Check("load", "failed", begun.text)


def closed(data: Path) -> Iterator[Check]:
    """Every closed report is still what was closed."""
    if connection.vendor == "sqlite" and not (data / "park.sqlite3").exists():
        return
    broken, count = [], 0
    try:
        for row in closed_reports():
            count += 1
            try:
                opened(row)
            except BrokenReportError as error:
                broken.append(error.text)
    except DatabaseError:  # an older database: `database` has said so
        return
    for text in broken:
        yield Check("closed reports", "failed", text, Text("恢复数据库备份", "restore the database from a backup"))
    if not broken:
        yield Check("closed reports", "ok", Text(f"{count} 份封存报告完好", f"{count} closed reports are whole"))


def _sqlite(version: str, mode: str) -> Check:
    found = Text(f"SQLite {version}，{mode} 模式", f"SQLite {version} in {mode} mode")
    if tuple(int(part) for part in version.split(".")) < SAFE_SQLITE:
        remedy = Text("安装 pysqlite3（旧版 WAL 有缺陷）", "install the pysqlite3 wheel; WAL of this version is unsafe")
        return Check("sqlite", "failed", found, remedy)
    if mode != "wal":
        remedy = Text("停止其他程序对数据库的占用后重新运行", "stop whatever else holds the database and run again")
        return Check("sqlite", "failed", found, remedy)
    return Check("sqlite", "ok", found)


def settling(data: Path) -> Iterator[Check]:
    """Whether a settle process works on this folder."""
    if is_settling(data):
        yield Check("settle", "ok", Text("结转进程在运行", "settle is running"))
    else:
        remedy = Text("运行 xietong serve", "run xietong serve")
        yield Check("settle", "note", Text("结转进程未运行", "settle is not running"), remedy)


def devices(data: Path) -> Iterator[Check]:
    """devices.toml can be used, others cannot read its keys, and the HJ 212 listener is not open without need."""
    path = data / "devices.toml"
    try:
        book = DeviceBook.read(path)
    except BadSettings as error:
        yield Check("devices", "failed", error.text, Text("改正后保存", "mend it and save it"))
        return
    if (
        path.exists()
        and stat.S_IMODE(path.stat().st_mode) & 0o077
        and any(each.sm4_keys for each in book.devices.values())
    ):
        found = Text(f"别的用户可以读取 {path} 里的密钥", f"other users can read the keys in {path}")
        yield Check("devices", "failed", found, Text(f"运行 chmod 600 {path}", f"run chmod 600 {path}"))
    for host in listening_hosts(_door(data).hj212_port):
        warning = openness(host, book.listen)
        if warning is not None:
            yield Check("listener", "note", warning)
    for each in unread_frames(data):
        yield Check("devices", "note", each.sentence)


def listening_hosts(port: int, tables: Sequence[Path] = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))) -> list[str]:
    """The addresses on which this machine listens on a port, as the kernel lists them."""
    found = []
    for table in tables:
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        for words in (line.split() for line in lines):
            address, _, at = words[1].partition(":")
            if words[3] == "0A" and int(at, 16) == port:
                found.append(_address(bytes.fromhex(address)))
    return found


def _address(words: bytes) -> str:
    """An address as /proc/net writes it: 32-bit words in the machine's order."""
    turned = (
        b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4)) if sys.byteorder == "little" else words
    )
    return str(ipaddress.ip_address(turned))


def doors(data: Path) -> Iterator[Check]:
    """Whether somebody listens where the platform of this folder does."""
    door = _door(data)
    host = door.host if _is_one_address(door.host) else "127.0.0.1"
    for name, port in (("web", door.web_port), ("HJ 212", door.hj212_port)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.settimeout(1)
            taken = probe.connect_ex((host, port)) == 0
        found = (
            Text(f"{name} 端口 {port} 有程序监听", f"{name} port {port} is listened on")
            if taken
            else Text(f"{name} 端口 {port} 空闲", f"{name} port {port} is free")
        )
        yield Check("port", "ok" if taken else "note", found)


def _is_one_address(host: str) -> bool:
    """Whether it is an address to connect to, and not a name or "all of them"."""
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _door(data: Path) -> Door:
    return noted_door(data, Door(web_port=settings.WEB_PORT, hj212_port=settings.HJ212_PORT))


def _plain(check: Check) -> dict[str, object]:
    return {
        **asdict(check),
        "found": {"zh": check.found.zh, "en": check.found.en},
        "remedy": {"zh": check.remedy.zh, "en": check.remedy.en},
    }


def _line(check: Check) -> str:
    remedy = f" → {check.remedy.zh} · {check.remedy.en}" if check.remedy.zh else ""
    return f"{_MARKS[check.status]} {check.name:<10} {check.found.zh} · {check.found.en}{remedy}"
