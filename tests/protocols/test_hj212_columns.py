"""The quick way to readings says exactly what the exact way says."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xietong.protocols.hj212 import ColumnReader, decode, frame, readings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FRAMES = Path(__file__).parents[1] / "frames/accepted.txt"
HEAD = "QN=20260314070000123;ST=31;CN=2061;PW=123456;MN=XT01;Flag=5;CP=&&DataTime=20260314060000;"
READER = ColumnReader()


def both(raw: bytes) -> tuple[list[tuple[str, int, Decimal, str]], list[tuple[str, int, Decimal, str]]]:
    rows = readings(decode(raw), "e", EPOCH)
    exact = [(row.address, int((row.at - EPOCH).total_seconds() * 1_000_000), row.value, row.flag) for row in rows]
    found = READER.columns(raw)
    if found is None:
        return [], exact
    quick = zip(found.addresses, found.values, found.flags, strict=True)
    return [(address, found.at_us, Decimal(value), flag) for address, value, flag in quick], exact


@pytest.mark.parametrize("line", FRAMES.read_text().splitlines())
def test_the_fixtures_give_the_same_columns(line: str) -> None:
    quick, exact = both(line.encode())
    assert quick == exact


def test_a_known_shape_is_read_again_with_other_values() -> None:
    for value in ("1.5", "-2", "0.000001"):
        quick, exact = both(frame(f"{HEAD}a21026-Avg={value},a21026-Flag=N;011-Cou=3,011-Flag=D&&"))
        assert quick == exact
        assert [row[2:] for row in quick] == [(Decimal(value), "N"), (Decimal(3), "D")]


KEYS = [
    "a21026-Avg",
    "a21026-Flag",
    "a21026-ZsAvg",
    "011-Rtd",
    "011-Flag",
    "011-EFlag",
    "DataTime",
    "SB1-RS",
    "x",
    "-Avg",
]
TEXTS = ["1", "23.45", "-0.5", "1e3", "", "N", " 7", "20260314070000", "1234567890123", "0.1234567", "1=2"]
EQUALS = ["=", "=", "=", "", " = "]
PARTS = st.tuples(*(st.sampled_from(choices) for choices in ([*KEYS, ""], EQUALS, TEXTS, [",", ";", ";"])))
BODIES = st.lists(PARTS, max_size=6)


@given(BODIES.map(lambda parts: "".join(map("".join, parts))))
@example("a21026-Avg=1;a21026-Flag=N;")
@example("a21026-Avg=1=011-Rtd,2")
@example("a21026-Avg=1,011-Rtd=2,011-Flag=D")
@example("a21026-Avg=1,011-Flag=D;011-Rtd=2;")
@example("a21026-Avg=1,a21026-Avg=2,a21026-Flag=N,a21026-Flag=D")
def test_any_content_gives_the_same_columns(body: str) -> None:
    raw = frame(f"{HEAD}{body}&&")
    for _ in range(2):  # the second time by the plan that the first has made
        quick, exact = both(raw)
        assert quick == exact
