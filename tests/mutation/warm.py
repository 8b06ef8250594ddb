"""Sessions of tests in children of a process that has long imported what is slow to import; a session starts at once.

Only what is not ours is imported beforehand. In the child the changed module stands in place of its own before anything
of the project is imported, so that its verdict is that of a fresh process; `session` refuses to fork otherwise.
"""

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, NoReturn

import pytest

from mutation.hook import sitecustomize
from mutation.places import Change

ROOT = Path(__file__).parents[2]
# What costs most of a start. None of it reads settings: Django's back ends would, and take the SQLite that they name.
SLOW_TO_IMPORT = (
    "asyncua",
    "deltalake",
    "django.forms",
    "django.test",
    "hypothesis.strategies",
    "ibis.backends.duckdb",
    "pandas",
    "pyarrow.compute",
    "pyarrow.parquet",
    "pymodbus.client",
    "pytest_django.plugin",
    "xlsxwriter",
)
# How long one test may take before it counts as one that never ends.
SECONDS = {"slow": 600, "": 600}
OWN_FAILURE = 70


class Session(NamedTuple):
    """What a session came to: the tests that were collected, and those that failed."""

    collected: frozenset[str]
    red: tuple[str, ...]


class _Notes:
    """Notes each test that is collected and that fails, and ends the session when one takes too long."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self._folder, self._seconds = folder, seconds

    def _note(self, name: str, text: str) -> None:
        with (self._folder / name).open("a", encoding="utf-8") as file:
            file.write(text + "\n")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            self._note("collected", item.nodeid)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        (self._folder / "running").write_text(nodeid, encoding="utf-8")
        signal.alarm(self._seconds)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._note("red", report.nodeid)


def warm() -> None:
    """Import what every session imports."""
    for name in SLOW_TO_IMPORT:
        importlib.import_module(name)


def session(change: Change | None, tests: Sequence[str], marked: str, *options: str) -> Session:
    """Run tests in a child with the change in force, and end whatever the child left running."""
    if any(name.partition(".")[0] == "xietong" for name in sys.modules):
        raise RuntimeError(
            "the warm process has imported a module of the project: a change of it would not be in force"
        )
    with TemporaryDirectory(prefix="mutate-") as folder:
        arguments = ["-q", "-p", "no:cacheprovider", "-m", marked, f"--basetemp={folder}/tests", *options, *tests]
        child = os.fork()
        if not child:
            _run(change, Path(folder), arguments, SECONDS.get(marked, 60))
        try:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        if code == OWN_FAILURE:
            raise RuntimeError(_noted(Path(folder), "output"))
        red = _noted(Path(folder), "red").splitlines()
        if not red and code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            red = [_noted(Path(folder), "running") or "while the tests were collected"]
        return Session(frozenset(_noted(Path(folder), "collected").splitlines()), tuple(red))


def _noted(folder: Path, name: str) -> str:
    path = folder / name
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _run(change: Change | None, folder: Path, arguments: list[str], seconds: int) -> NoReturn:
    """The child's life; what a changed module breaks ends it as it ends a fresh process, with 1."""
    code = OWN_FAILURE
    try:
        os.setsid()
        output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if change is not None:
            _put_in_force(change, folder / "changed.py")
        sys.path.insert(0, str(ROOT))
        sys.argv = ["pytest", *arguments]
        code = 1
        code = pytest.main(arguments, plugins=[_Notes(folder, seconds)])
    finally:
        traceback.print_exc()  # into the file; after a session it says that there is none
        os._exit(code)


def _put_in_force(change: Change, file: Path) -> None:
    """Here, and in every process that a test starts."""
    file.write_bytes(change.source())
    module = ".".join(change.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    hook = [str(Path(sitecustomize.__file__).parent), os.environ.get("PYTHONPATH", "")]
    os.environ.update(PYTHONPATH=os.pathsep.join(hook).rstrip(os.pathsep), XIETONG_CHANGED=f"{module}={file}")
    sitecustomize.enforce()
