"""A Modbus device of pymodbus's server in a process of its own, which does what files in its folder say.

registers.json  {"holding": {"0": 7}}, read again at each request; coils and discrete inputs at the start
slow            how many seconds an answer takes; refuse: an exception code that every answer is; answers.txt: a
                line for each answer, its time, function, address and words, which is the tests' second source
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mosquitto import answers, until
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
FIRST, LAST = 0, 999


async def act(
    folder: Path, function: int, start: int, address: int, count: int, current: list[int], _set: object
) -> ExcCodes | None:
    slow, refuse = folder / "slow", folder / "refuse"
    if slow.exists():
        await asyncio.sleep(float(slow.read_text()))
    if refuse.exists():
        return ExcCodes(int(refuse.read_text()))
    if TABLES[function] in ("holding", "input"):
        told = registers(folder, TABLES[function])
        for at in range(address, address + count):
            current[at - start] = told.get(at, 0)
    words = current[address - start : address - start + count]
    with (folder / "answers.txt").open("a") as log:
        log.write(json.dumps([time.time(), TABLES[function], address, words]) + "\n")
    return None


def registers(folder: Path, table: str) -> dict[int, int]:
    told = json.loads((folder / "registers.json").read_text()).get(table, {})
    return {int(at): word for at, word in told.items()}


async def serve(folder: Path, port: int) -> None:
    words = [SimData(FIRST, count=LAST + 1, values=0, datatype=DataType.REGISTERS)]
    coils, discrete = (
        [SimData(FIRST, values=[bool(told.get(at)) for at in range(FIRST, LAST + 1)], datatype=DataType.BITS)]
        for told in (registers(folder, "coil"), registers(folder, "discrete"))
    )
    units = [SimDevice(unit, (coils, discrete, words, words), action=partial(act, folder)) for unit in (1, 2)]
    await ModbusTcpServer(units, address=("127.0.0.1", port)).serve_forever()


@contextmanager
def device(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen([sys.executable, __file__, str(folder), str(port)])
    try:
        assert until(lambda: answers(port))
        yield process
    finally:
        process.kill()
        process.wait(10)


def put(folder: Path, **tables: dict[int, int]) -> None:
    """Set what its registers hold."""
    folder.mkdir(exist_ok=True)
    beside = folder / "registers.new"
    beside.write_text(json.dumps(tables))
    beside.replace(folder / "registers.json")


def answered(folder: Path) -> list[tuple[float, str, int, list[int]]]:
    """What it has answered: when, from which table and address, which words."""
    path = folder / "answers.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(at, table, address, words) for at, table, address, words in map(json.loads, lines)]


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
