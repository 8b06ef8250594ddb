"""What any bytes may do to us: nothing. Decoder, sheets and payloads from seeds changed at random; every crash ever
found is a case here by its name.

The long form is a campaign each, guided by coverage where atheris is installed: `make fuzz`, or XIETONG_FUZZ_S seconds
of `pytest -m long tests/fuzz`.
"""

import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzz_decoder import Blind, Decoder
from fuzz_park import founded
from fuzz_payloads import Payloads
from fuzz_sheets import Sheets
from pytest_django import Settings

from xietong.protocols.hj212 import frame
from xietong.web.api import push
from xietong.web.shell import shelf

HERE = Path(__file__).parent


class Target(Protocol):
    """What is fuzzed."""

    def seeds(self) -> list[bytes]:
        """Inputs to begin with."""

    def mutate(self, data: bytes, dice: random.Random, blind: Blind) -> bytes:
        """Another input made of one."""

    def check(self, data: bytes) -> None:
        """Raises where something does not hold."""


def _target(name: str, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    if name == "decoder":
        return Decoder()
    settings.DATA = folder
    monkeypatch.setattr(push, "_JOURNAL", type(push._JOURNAL)())
    shelf.SHELF.clear()
    park = founded(folder)
    return Sheets(park) if name == "sheets" else Payloads(park)


@pytest.fixture
def target(
    request: pytest.FixtureRequest, db: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Target]:
    """The target of that name, in a park of its own."""
    yield _target(request.param, settings, tmp_path, monkeypatch)
    shelf.SHELF.clear()


def changed(target: Target, first: int) -> Iterator[bytes]:
    """Seeds as they are, then seeds changed again and again, without end."""
    seeds = target.seeds()
    yield from seeds
    dice = random.Random(first)
    kinds = [[seed for seed in seeds if seed[:1] == kind] for kind in sorted({seed[:1] for seed in seeds})]

    def blind(part: bytes) -> bytes:
        data = bytearray(part)
        for _ in range(dice.choice([1, 1, 3])):
            place = dice.randrange(len(data) + 1)
            data[place : place + dice.choice([0, 1, 9])] = dice.randbytes(dice.choice([0, 1, 9]))
        return bytes(data)

    while True:
        data = dice.choice(dice.choice(kinds))
        for _ in range(dice.choice([1, 2, 3])):
            data = target.mutate(data, dice, blind)
        yield data


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "runs"), [("decoder", 900), ("sheets", 500), ("payloads", 1_500)], indirect=["target"]
)
def test_nothing_that_is_sent_brings_us_down(target: Target, runs: int) -> None:
    for _, data in zip(range(runs), changed(target, runs), strict=False):
        target.check(data)


@pytest.mark.long
@pytest.mark.parametrize("target", ["decoder", "sheets", "payloads"], indirect=True)
def test_nor_for_a_long_time(target: Target, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    seconds = int(os.environ.get("XIETONG_FUZZ_S", "600"))
    name = request.node.callspec.params["target"]
    if find_spec("atheris"):
        command = [sys.executable, str(HERE / "fuzz_campaign.py"), name, str(tmp_path / "campaign"), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True)
        print(f"{name}: {done.stderr.partition('Done ')[2]}")
        assert done.returncode == 0, done.stderr[-4_000:]
        return
    ends, runs = time.monotonic() + seconds, 0
    for data in changed(target, int(time.time())):
        target.check(data)
        runs += 1
        if time.monotonic() > ends:
            break
    print(f"{name}: {runs} inputs in {seconds} s without coverage, none raised")


def _said(content: str, head: str = "QN=20260314070000123;ST=31;CN=2061;PW=1;MN=X;Flag=5;") -> bytes:
    return frame(f"{head}CP=&&{content}&&")


DECODER = {
    "the first hours of the year 1 cannot be told in UTC": _said("DataTime=00010101000000;a21026-Avg=1"),
    "a part whose first part had its QN before the year 1": _said(
        "DataTime=20260314060000;a21026-Avg=1",
        "QN=00010101000000000;ST=31;CN=2061;PW=1;MN=X;Flag=7;PNUM=3;PNO=2;",
    ),
    # The quick way answered another device than the exact one heard.
    "a content that begins inside the MN": frame(
        "QN=20260314070000123;ST=31;CN=2061;PW=1;MN=XTCP=&&01;Flag=5;CP=&&DataTime=20260314060000;a21026-Avg=1&&"
    ),
    "an encrypted content without its commas": _said("{0xE43E}").replace(b"Flag=5", b"Flag=9"),
}


def test_streams_that_once_ended_settle() -> None:
    for stream in DECODER.values():
        Decoder().check(stream)


PAYLOADS = {
    "a number whose exponent no decimal holds": b'P\0{"readings": [{"value": 1e99999999999999999999}]}',
    "half a character as the mark": b'P\0{"readings": [{"point": "M1", "at": "2025-03-01T08:00", "value": 1, '
    b'"flag": "\\ud800"}]}',
    "a NUL as the point": b'P\0{"readings": [{"point": "\\u0000", "at": "2025-03-01T08:00", "value": 1}]}',
    "no readings, refused without a word": b'P\0{"readings": []}',
    "no rows, refused without a word": b'S\0{"rows": []}',
    "an instant of the year 1": b'P\0{"readings": [{"point": "M1", "at": "0001-01-01T08:00Z", "value": 1}]}',
}


@pytest.mark.parametrize("target", ["payloads"], indirect=True)
def test_payloads_that_once_raised(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz_payloads.DOOR_EVERY", 1)
    monkeypatch.setattr("fuzz_payloads.MONTH_EVERY", 1)
    through_the_doors = [seed for seed in target.seeds() if seed[:1] in (b"P", b"S")]
    for payload in [*PAYLOADS.values(), *through_the_doors]:
        target.check(payload)


def _parquet(**columns: pa.Array) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table(columns), made)
    return made.getvalue()


def _with_two_values() -> bytes:
    made = io.BytesIO()
    text = pa.array(["1"])
    pq.write_table(pa.Table.from_arrays([text, text, text, text], ["point", "at", "value", "value"]), made)
    return made.getvalue()


_ONE_VALUE = b'M\0[columns]\npoint = "code"\nat = "shape"\nvalue = "interval_s"\n'
_HEADER = b"subject,period,item,amount,unit\n"
SHEETS = {
    "UTF-16 without its mark": b"C\x08point\tat\tvalue\n",
    "an encoding that is none of text": _ONE_VALUE + b'[file]\nencoding = "base64"\n',
    "an encoding that no computer has": _ONE_VALUE + b'[file]\nencoding = "\\u0000"\n',
    "an encoding that is a number": _ONE_VALUE + b"[file]\nencoding = 1\n",
    "a sheet that is a number": _ONE_VALUE + b"[file]\nsheet = 3\n",
    "a delimiter of two signs": _ONE_VALUE + b'[file]\ndelimiter = ";;"\n',
    "a form of times with two years": _ONE_VALUE + b'[times]\nformat = "%Y %Y"\n',
    "a form of times that gives the year 1": b"C\x07" + "表号;时刻;读数\nM1;01.01.0001 00:30;1\n".encode("gb18030"),
    "the last day of time, closed": b"C\x07" + "表号;时刻;读数\nM1;31.12.9999 00:00;1\n".encode("gb18030"),
    "a period of the year 25": b"C\x01" + _HEADER + b"E01,0025,coke,1,t\n",
    "a time of day of a thousand hours": b"Q\x01"
    + _parquet(
        subject=pa.array(["E01"]),
        period=pa.array(["2025-01"]),
        item=pa.array(["coke"]),
        amount=pa.array([2**62], pa.int64()).view(pa.time64("us")),
        unit=pa.array(["t"]),
    ),
    "words of a Parquet file that are no UTF-8": b"Q\x00"
    + _parquet(point=pa.array(["M1"]), at=pa.array(["2025-03-01T08:00"]), value=pa.array([b"1\x9f"]).view(pa.string())),
    "two columns of one name": b"Q\x00" + _with_two_values(),
    "somebody else's column row": b"Q\x00"
    + _parquet(point=pa.array(["M1"]), at=pa.array(["2025-03-01T08:00"]), value=pa.array(["1"]), row=pa.array(["a"])),
}


@pytest.mark.parametrize("target", ["sheets"], indirect=True)
def test_sheets_that_once_raised(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz_sheets.CHILD_EVERY", 1)
    monkeypatch.setattr("fuzz_sheets.DOOR_EVERY", 1)
    for sheet in SHEETS.values():
        target.check(sheet)
