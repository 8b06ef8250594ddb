"""Changes lines of the rooms that carry evidence, one at a time, and runs the tests that reach them.

    python tests/mutate_rooms.py [--rooms journal lake …] [--sample 30] [--seed 1] [--listed] [--slow]

Which tests reach a line is measured first (kept in `.mutate/`, measured anew with --map). A change that turns none of
them red is a survivor: one named in tests/mutation/survivors.toml with its reason is allowed, any other is printed;
exit 1 where more than one in twenty survive without a reason, or any line of --listed does. Nothing on disk is touched:
a changed module is loaded in place of its own, in every process that a test starts. --slow lets the slow tests of the
room judge what survived the quick ones.

Not a test of its own: pytest does not collect it; `make mutate` runs it.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from coverage import CoverageData
from mutation.places import Change, changes_of

ROOT = Path(__file__).parent.parent
MAP = ROOT / ".mutate" / "coverage"
HOOK = ROOT / "tests" / "mutation" / "hook"
ALLOWED = ROOT / "tests" / "mutation" / "survivors.toml"
BROKEN = ROOT / "tests" / "mutation" / "broken_lines.toml"
ROOMS = ("journal", "lake", "settle", "intake/gate.py", "quality", "accounting", "park")
# The slow tests that judge a room besides its own folder.
JUDGES = {
    "journal": ("tests/faults/test_windows.py", "tests/faults/test_kills.py"),
    "lake": ("tests/settle",),
    "settle": ("tests/faults/test_windows.py", "tests/faults/test_kills.py"),
    "intake": ("tests/intake", "tests/faults/test_windows.py"),
    "accounting": ("tests/independent", "tests/evaluation"),
    "park": ("tests/commands", "tests/web"),
}
QUICK, AT_ONCE, SECONDS = "not slow and not long", 40, 300


def measure() -> None:
    """Which quick test reaches which line, into `.mutate/coverage`."""
    MAP.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-m", QUICK, "-n", "2", "--dist", "worksteal"]
    command += ["--cov=xietong", "--cov-context=test", "--cov-report="]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "COVERAGE_FILE": str(MAP)})
    if done.returncode:
        raise SystemExit("the quick ring is red: mend it first, or nothing can be learnt from a red test")


def changes(room: str) -> list[Change]:
    """Every change of a room, or of the one file it names."""
    place = ROOT / "xietong" / room
    paths = [place] if place.is_file() else sorted(place.rglob("*.py"))
    return [change for path in paths if "migrations" not in path.parts for change in changes_of(path)]


def reaching(data: CoverageData, change: Change) -> list[str]:
    """The tests that reach a line, those of the room first; of a line that only runs at import, those of the room."""
    room = change.path.relative_to(ROOT / "xietong").parts[0]
    contexts = data.contexts_by_lineno(str(change.path.relative_to(ROOT)))
    last = change.line + change.path.read_bytes()[change.start : change.end].count(b"\n")
    reached = [context for line in range(change.line, last + 1) for context in contexts.get(line, [])]
    named = {context.rpartition("|")[0] for context in reached if context}
    own = [name for name in named if name.startswith(f"tests/{room}/")]
    found = [*sorted(own), *sorted(named - set(own))]
    folder = "." if room.endswith(".py") else room
    pattern = f"test_{room}" if room.endswith(".py") else "test_*.py"
    return found or [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests" / folder).glob(pattern))]


def is_red(change: Change, tests: list[str], marked: str) -> bool:
    """Whether any of the tests fails with the change in force; one that never ends has noticed too."""
    if not tests:
        return False
    module = ".".join(change.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "changed.py"
        changed.write_bytes(change.source())
        paths = os.pathsep.join([str(HOOK), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        environment = {**os.environ, "PYTHONPATH": paths, "XIETONG_CHANGED": f"{module}={changed}"}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", marked, *tests]
        try:
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return True
    return done.returncode not in (0, 5)


def survives(data: CoverageData, slow: bool, change: Change) -> bool:
    """Whether no test notices a change: the nearest first, then all that reach it, then the slow ones if asked."""
    tests = reaching(data, change)
    for batch in (tests[:AT_ONCE], tests[AT_ONCE:600]):
        if is_red(change, batch, QUICK):
            return False
    room = change.path.relative_to(ROOT / "xietong").parts[0]
    judges = [f"tests/{room}", *JUDGES.get(room, ())]
    return not (slow and is_red(change, [each for each in judges if (ROOT / each).exists()], "slow"))


def named(change: Change) -> str:
    """A change as the list of survivors names it; without its line, which moves."""
    return f"{change.path.relative_to(ROOT / 'xietong')}: {change.what}"


def reason_of(change: Change, allowed: list[dict[str, str]]) -> str | None:
    """Why a change may survive; an entry with `in` speaks of the line of that text only."""
    line = change.path.read_text("utf-8").splitlines()[change.line - 1].strip()
    found = (each["reason"] for each in allowed if each["change"] == named(change) and each.get("in", line) == line)
    return next(found, None)


def listed() -> list[Change]:
    """The lines that outsiders broke, each with the way to break it; one that is no longer there is an error."""
    found = []
    for each in tomllib.loads(BROKEN.read_text(encoding="utf-8"))["line"]:
        path, text, becomes = ROOT / "xietong" / each["file"], each["text"], each["becomes"]
        start = path.read_bytes().find(text.encode())
        if start < 0:
            raise SystemExit(f"{each['file']}: {text!r} is no longer there; enter the line that took its place")
        line = path.read_bytes()[:start].count(b"\n") + 1
        what = f"{' '.join(text.split())} → {' '.join(becomes.split())}"
        found.append(Change(path, line, start, start + len(text.encode()), becomes, what))
    return found


def drawn(rooms: Iterable[str], sample: int, seed: int) -> list[Change]:
    """So many changes of each room, drawn by a seed."""
    found: list[Change] = []
    for room in rooms:
        every = changes(room)
        found += random.Random(f"{seed} {room}").sample(every, min(sample, len(every)))
    return found


def main() -> int:
    """Print the survivors and the figures; 1 where too many survive without a reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="*", default=ROOMS)
    parser.add_argument("--sample", type=int, default=30, help="changes a room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--listed", action="store_true", help="the lines of broken_lines.toml, no sample")
    parser.add_argument("--slow", action="store_true", help="slow tests judge what the quick ones let pass")
    parser.add_argument("--map", action="store_true", help="measure anew which test reaches which line")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    if asked.map or not MAP.exists():
        measure()
    data, began = CoverageData(str(MAP)), time.monotonic()
    data.read()
    tried = listed() if asked.listed else drawn(asked.rooms, asked.sample, asked.seed)
    allowed = tomllib.loads(ALLOWED.read_text("utf-8"))["survivor"]
    without = 0
    with ThreadPoolExecutor(asked.workers) as pool:
        for change, survived in zip(tried, pool.map(partial(survives, data, asked.slow), tried), strict=True):
            if survived:
                reason = reason_of(change, allowed)
                without += reason is None
                print(f"{'allowed' if reason else 'SURVIVES'}: {named(change)} (line {change.line})", flush=True)
    print(f"{len(tried)} changes, {without} survive without a reason, {time.monotonic() - began:.0f} s")
    return int(without > (0 if asked.listed else len(tried) // 20))


if __name__ == "__main__":
    sys.exit(main())
