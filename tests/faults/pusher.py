"""Programs that push readings over HTTP and keep their own fsynced list of what got a 201. Imports nothing of ours.

`python pusher.py PORT SECRET LIST` runs until SIGTERM. A push without an answer is sent again under the same
idempotency key until there is one, as every such program does; a line of LIST: program, second, of each reading.
"""

import http.client
import json
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue

from sender import BEGIN, Acknowledged

PROGRAMS, READINGS = 2, 3
PAUSE_S, TIMEOUT_S = 0.1, 10
STOP = threading.Event()


def body(program: int, first: int) -> bytes:
    """The readings of a push: as many seconds from `first` on."""
    rows = [
        {
            "point": f"PUSH{program}",
            "at": (BEGIN + timedelta(seconds=second)).isoformat(),
            "value": f"{second}.{program}",
        }
        for second in range(first, first + READINGS)
    ]
    return json.dumps({"readings": rows}).encode()


def answer(connection: http.client.HTTPConnection, program: int, first: int, secret: str) -> int:
    """The status that a push got; 0 where it got none."""
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": f"{program}-{first}"}
    try:
        connection.request("POST", "/api/readings", body(program, first), headers)
        got = connection.getresponse()
        told = got.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    assert got.status == 201 or got.status >= 500, (got.status, told)
    return got.status


def push_on(program: int, port: int, secret: str, taken: SimpleQueue[tuple[int, int]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    first = 1
    while not STOP.is_set():
        if answer(connection, program, first, secret) != 201:
            time.sleep(0.1)
            continue
        taken.put((program, first))
        first += READINGS
        time.sleep(PAUSE_S)


def keep(taken: SimpleQueue[tuple[int, int]], acknowledged: Acknowledged) -> None:
    while not taken.empty():
        program, first = taken.get()
        for second in range(first, first + READINGS):
            acknowledged.add(program, second)
    acknowledged.keep()


def main(port: int, secret: str, path: str) -> int:
    signal.signal(signal.SIGTERM, lambda *_: STOP.set())
    taken: SimpleQueue[tuple[int, int]] = SimpleQueue()
    threads = [threading.Thread(target=push_on, args=(each, port, secret, taken)) for each in range(PROGRAMS)]
    for thread in threads:
        thread.start()
    with Path(path).open("ab") as file:
        acknowledged = Acknowledged(file)
        while all(thread.is_alive() for thread in threads):
            time.sleep(0.03)
            keep(taken, acknowledged)
        failed = not STOP.is_set()  # a thread ended by itself: it was told something that it may not be told
        STOP.set()
        for thread in threads:
            thread.join()
        keep(taken, acknowledged)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
