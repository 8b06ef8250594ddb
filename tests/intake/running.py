"""The intake process of a source as its tests run it: as it is, on a disk that refuses, or held before its fsync."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REFUSING = """
import os, sys
from pathlib import Path
from xietong.intake.{kind}.process import main
real = os.pwrite
def pwrite(*given):
    if Path(sys.argv[3]).exists():
        raise OSError(28, "No space left on device")
    return real(*given)
os.pwrite = pwrite
sys.exit(main(sys.argv[1:3]))
"""
_HELD = """
import sys, time
from pathlib import Path
from xietong.intake.{kind}.process import main
from xietong.journal import JournalWriter
real = JournalWriter.commit
def held(writer):
    Path(sys.argv[3]).touch()
    time.sleep({seconds})
    return real(writer)
JournalWriter.commit = held
sys.exit(main(sys.argv[1:3]))
"""


def refusing(kind: str) -> str:
    """The process as it is, on a disk that is full while the file of its last argument exists."""
    return _REFUSING.format(kind=kind)


def held(kind: str, seconds: float) -> str:
    """The process as it is, but between receipt and fsync it waits for the kill; that it is there it says by a file."""
    return _HELD.format(kind=kind, seconds=seconds)


@contextmanager
def intake(kind: str, data: Path, *program: str) -> Iterator[subprocess.Popen[bytes]]:
    """The running process, or a program in its place; it ends by SIGTERM without an error, or was killed."""
    command = program or ("-m", f"xietong.intake.{kind}", "--data", str(data))
    with (data / "intake.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, *command], stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGKILL), (data / "intake.log").read_text()
