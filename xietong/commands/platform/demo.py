"""`xietong demo`: build the demo park in its own data folder, through the platform's own doors, and serve it.

Safe to run again: a folder that was built is served as it is, with new passwords. The parent imports no Django.
"""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from xietong.cli import UsageError
from xietong.commands.platform.serve import require_free, say
from xietong.demo.building import BuildError, Marker, build, people
from xietong.processes import Announcement, Door, Service, Stop, note_door, platform, stoppable
from xietong.processes import run as run_services

ROLES = {"director": "园区负责人", "clerk": "填报员", "verifier": "核查员", "inspector": "监管人员"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which park, and where it is served."""
    web_port, hj212_port = os.environ.get("XIETONG_WEB_PORT", "8000"), os.environ.get("XIETONG_HJ212_PORT", "9212")
    parser.add_argument("--seed", type=int, help="种子，同一种子得到同一园区；默认 1 · same seed, same park; 1")
    parser.add_argument("--year", type=int, help="年份，默认 2025 · the year; 2025")
    parser.add_argument("--port", type=int, default=int(web_port), help="网页端口 · port of the pages")
    parser.add_argument("--hj212-port", type=int, default=int(hj212_port), help="HJ 212 端口 · port of HJ 212")
    parser.add_argument("--build-only", action="store_true", help="只建立，不运行 · build, do not serve")
    parser.add_argument("--fresh", action="store_true", help="删去旧的演示数据重建 · delete the old demo, build anew")


def run(arguments: argparse.Namespace) -> int:
    """Build where needed, then serve until SIGTERM or SIGINT."""
    os.environ.pop("DATABASE_URL", None)  # the demo never touches a real park's people
    data = Path(arguments.data or os.environ.get("XIETONG_DATA", "data/demo")).absolute()
    door = Door(web_port=arguments.port, hj212_port=arguments.hj212_port).with_ports()
    marker = _marker(data, arguments)
    require_free(door, "intake" if arguments.build_only else None)
    try:
        with stoppable():
            passwords = _prepared(data, marker, door, fresh=arguments.fresh)
    except BuildError as error:
        print(f"xietong demo: {error}", file=sys.stderr)
        return 1
    except Stop:
        say("xietong demo: 已中止；再次运行会重新建立 · stopped; the next run builds anew")
        return 130
    _tell(passwords, door, serving=not arguments.build_only)
    if not arguments.build_only:
        note_door(data, door)
        run_services([*platform(data, door), _live(marker, door)], Announcement(door, say), say)
    return 0


def _marker(data: Path, given: argparse.Namespace) -> Marker:
    """Which park is wanted in this folder; raises UsageError where the folder holds something else."""
    found = Marker.read(data)
    if found is None and data.is_dir() and any(data.iterdir()):
        raise UsageError(
            f"{data} 不是演示数据目录，不能动用；请用 --data 另选一个空目录。 · "
            f"{data} is not a demo's folder and is left alone; choose an empty one with --data."
        )
    if found is None or given.fresh:
        seed = 1 if given.seed is None else given.seed
        return Marker(seed, given.year or 2025)
    if given.seed not in (None, found.seed) or given.year not in (None, found.year):
        raise UsageError(
            f"{data} 里是种子 {found.seed}、{found.year} 年的园区；加 --fresh 才会删去重建。 · "
            f"{data} holds the park of seed {found.seed}, year {found.year}; add --fresh to build another in its place."
        )
    return found


def _prepared(data: Path, marker: Marker, door: Door, *, fresh: bool) -> dict[str, str]:
    """A built data folder; gives its people's new passwords."""
    if marker.built and not fresh:
        say(f"演示园区已在 · the demo park is there: {data}")
        return people(data)
    if data.is_dir():
        shutil.rmtree(data)  # ours by its marker, and either unwanted or half built
    data.mkdir(parents=True, mode=0o700)
    began = time.monotonic()
    say(f"建立演示园区 · building the demo park (seed {marker.seed}, {marker.year}): {data}")
    marker.write(data)
    passwords = people(data)
    build(data, marker, door, say)
    say(f"建成 · built in {time.monotonic() - began:.0f} s")
    return passwords


def _tell(passwords: dict[str, str], door: Door, *, serving: bool) -> None:
    say("登录 · sign in" + (f": {door.url}" if serving else ""))
    for name, password in passwords.items():
        say(f"    {name:<10} {password}   {ROLES.get(name, '')}")


def _live(marker: Marker, door: Door) -> Service:
    where = ("--host", door.host, "--port", str(door.hj212_port))
    seed = ("--seed", str(marker.seed), "--year", str(marker.year))
    return Service("devices", (sys.executable, "-m", "xietong.demo", "live", *seed, *where))
