"""A person who imports one file of readings after the other and keeps a fsynced list of what was accepted.

`python importer.py DATA SCRATCH LIST` runs until SIGTERM. A file whose import did not end well is imported again, as a
person would; a line of LIST: point, second, of each row of a file that was accepted (exit status 0).
"""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

from sender import BEGIN, Acknowledged

ROWS = 40
PAUSE_S = 2.0


def csv(number: int) -> str:
    """The file of that number: the seconds that follow those of the file before it."""
    seconds = range(number * ROWS + 1, (number + 1) * ROWS + 1)
    rows = [f"FILE0,{(BEGIN + timedelta(seconds=second)).isoformat()},{second}.0\n" for second in seconds]
    return "point,at,value\n" + "".join(rows)


def main(data: str, scratch: Path, path: str) -> None:
    stop, number = threading.Event(), 0
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Path(path).open("ab") as file:
        acknowledged = Acknowledged(file)
        while not stop.is_set():
            brought = scratch / f"file-{number}.csv"
            brought.write_text(csv(number))
            command = [sys.executable, "-m", "xietong", "import", str(brought), "--data", data]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, env={**os.environ, "DATABASE_URL": ""})
            assert done.returncode in (0, 1, -signal.SIGKILL), done  # 1: the disk is full
            if done.returncode == 0:
                for second in range(number * ROWS + 1, (number + 1) * ROWS + 1):
                    acknowledged.add(0, second)
                acknowledged.keep()
                number += 1
            stop.wait(PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
