"""Changes lines of the rooms that carry evidence, one at a time, and runs the tests that reach them.

    python tests/mutate_rooms.py [--rooms journal lake …] [--sample 30] [--seed 1] [--listed] [--slow] [--told]

Which tests reach a line is measured first (kept in `.mutate/`, measured anew with --map). A change that turns none of
them red is a survivor: one named in tests/mutation/survivors.toml with its reason is allowed, any other is printed;
exit 1 where more than one in twenty of a room survive without a reason, or any line of --listed does. A test that is
red without any change has noticed nothing. Nothing on disk is touched: a changed module is loaded in place of its own,
in a session forked for it and in every process that a test of it starts. --slow lets the slow tests of the room judge
what survived the quick ones; --told names the test that noticed.

Not a test of its own: pytest does not collect it; `make mutate` runs it.
"""

import argparse
import os
import random
import subprocess
import sys
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from coverage import CoverageData
from mutation.places import Change, changes_of
from mutation.warm import ROOT, session, warm

MAP = ROOT / ".mutate" / "coverage"
ALLOWED = ROOT / "tests" / "mutation" / "survivors.toml"
BROKEN = ROOT / "tests" / "mutation" / "broken_lines.toml"
ROOMS = ("journal", "lake", "settle", "intake/hj212/gate.py", "quality", "accounting", "park")
# The slow tests that judge a room besides its own folder.
JUDGES = {
    "journal": ("tests/faults/test_windows.py", "tests/faults/test_kills.py"),
    "lake": ("tests/settle",),
    "settle": ("tests/faults/test_windows.py", "tests/faults/test_kills.py"),
    "intake": ("tests/intake", "tests/faults/test_windows.py"),
    "accounting": ("tests/independent", "tests/evaluation"),
    "park": ("tests/commands", "tests/web"),
}
QUICK, AT_ONCE, AT_MOST = "not slow and not long", 40, 600


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


def room_of(change: Change) -> str:
    """The first folder of its path, or its file where it stands in none."""
    return change.path.relative_to(ROOT / "xietong").parts[0]


def reaching(data: CoverageData, change: Change) -> list[str]:
    """The tests that reach a line, those named like its module first, then those of its room.

    A line that runs at import is reached by every test that reaches its module; where none does, the room's are asked.
    """
    room = room_of(change)
    contexts = data.contexts_by_lineno(str(change.path.relative_to(ROOT)))
    last = change.line + change.path.read_bytes()[change.start : change.end].count(b"\n")
    reached = {context for line in range(change.line, last + 1) for context in contexts.get(line, [])}
    if reached <= {""} or "" in reached:
        reached = {context for line in contexts.values() for context in line}
    found = {context.rpartition("|")[0] for context in reached if context}
    if not found:
        place = ROOT / "tests" / (f"test_{room}" if room.endswith(".py") else room)
        return [
            str(path.relative_to(ROOT)) for path in ([place] if place.is_file() else sorted(place.rglob("test_*.py")))
        ]
    near = f"test_{change.path.stem}.py"
    return sorted(found, key=lambda name: (near not in name, not name.startswith(f"tests/{room}/"), name))


class Trial(NamedTuple):
    """A change, and the quick tests that are to judge it."""

    change: Change
    tests: list[str]


def noticed_by(trial: Trial, slow: bool) -> str:
    """The first test that turns red, of the nearest, of all that reach it, and of the slow ones if asked; or ""."""
    for batch in (trial.tests[:AT_ONCE], trial.tests[AT_ONCE:AT_MOST]):
        red = session(trial.change, batch, QUICK, "-x").red if batch else ()
        if red:
            return red[0]
    room = room_of(trial.change)
    judges = [each for each in (f"tests/{room}", *JUDGES.get(room, ())) if (ROOT / each).exists()]
    return (*session(trial.change, judges, "slow", "-x").red, "")[0] if slow and judges else ""


def judged(trials: list[Trial], slow: bool, workers: int) -> Iterator[tuple[Trial, str]]:
    """Each trial with the test that noticed it, as they end; each in a child of its own, so many at once."""
    waiting, running = trials[::-1], dict[int, Trial]()
    with TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < workers:
                trial = waiting.pop()
                child = os.fork()
                if not child:
                    _judge(trial, slow, Path(folder))
                running[child] = trial
            child, status = os.wait()
            if status:
                raise SystemExit(f"{named(running[child].change)}: could not be judged")
            yield running.pop(child), (Path(folder) / str(child)).read_text("utf-8")


def _judge(trial: Trial, slow: bool, folder: Path) -> None:
    code = 1
    try:
        (folder / str(os.getpid())).write_text(noticed_by(trial, slow), "utf-8")
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


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


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="*", default=ROOMS)
    parser.add_argument("--sample", type=int, default=30, help="changes a room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--listed", action="store_true", help="the lines of broken_lines.toml, no sample")
    parser.add_argument("--slow", action="store_true", help="slow tests judge what the quick ones let pass")
    parser.add_argument("--map", action="store_true", help="measure anew which test reaches which line")
    parser.add_argument("--told", action="store_true", help="name the test that noticed each change")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def aimed(changed: Iterable[Change]) -> list[Trial]:
    """Each change with its tests, by the map; of these only the tests that there still are."""
    data = CoverageData(str(MAP))
    data.read()
    there = session(None, [], QUICK, "--collect-only")
    if there.red:
        raise SystemExit("the tests cannot be collected: nothing can be learnt from them")
    trials = [Trial(change, reaching(data, change)) for change in changed]
    return [
        Trial(change, [each for each in tests if each in there.collected or "::" not in each])
        for change, tests in trials
    ]


def verdicts(trials: list[Trial], slow: bool, workers: int) -> Iterator[tuple[Trial, str]]:
    """Each trial with the test that noticed it; at the end again those whose test is red without any change too."""
    noticing: dict[str, list[Trial]] = {}
    for trial, red in judged(trials, slow, workers):
        noticing.setdefault(red, []).append(trial)
        yield trial, red
    tests = sorted(red for red in noticing if "::" in red)
    for red in session(None, tests, "").red if tests else ():
        print(f"red without any change: {red}")
        yield from ((trial, "") for trial in noticing.get(red, []))


def main() -> int:
    """Print the survivors and the figures of each room; 1 where too many survive without a reason."""
    asked, began = options(), time.monotonic()
    if asked.map or not MAP.exists():
        measure()
    warm()
    trials = aimed(listed() if asked.listed else drawn(asked.rooms, asked.sample, asked.seed))
    allowed = tomllib.loads(ALLOWED.read_text("utf-8"))["survivor"]
    tried = Counter(room_of(trial.change) for trial in trials)
    reasoned, without = Counter[str](), Counter[str]()
    for (change, _), red in verdicts(trials, asked.slow, asked.workers):
        reason = reason_of(change, allowed)
        if not red:
            (reasoned if reason else without)[room_of(change)] += 1
        if asked.told or not red:
            verdict = red or ("allowed" if reason else "SURVIVES")
            print(f"{verdict}: {named(change)} (line {change.line})", flush=True)
    for room, count in tried.items():
        print(f"{room}: {count} changes, {reasoned[room]} survive for a reason, {without[room]} without")
    print(f"{time.monotonic() - began:.0f} s")
    return int(any(without[room] > (0 if asked.listed else count // 20) for room, count in tried.items()))


if __name__ == "__main__":
    sys.exit(main())
