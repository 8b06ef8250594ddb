"""A device's password is hidden wherever its bytes are shown, whatever became of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.protocols.hj212 import as_json, decode, frame
from xietong.protocols.hj212.masking import without_password

SECRET = "s3cr3t"
SEGMENT = f"QN=20250310010000195;ST=31;CN=2061;PW={SECRET};MN=010000A8900016F000169DC0;Flag=5;CP=&&a=1&&"


@pytest.mark.parametrize(
    "shown",
    [
        SEGMENT,
        SEGMENT.replace("PW=", "pw = "),
        SEGMENT.replace("PW=", "NewPW="),
        SEGMENT.replace(f"{SECRET};", f"{SECRET};,"),
        SEGMENT.partition(";MN")[0],
        f"xx\r\n{SEGMENT}\r\n##0101PW={SECRET}",
        SEGMENT.partition("PW=")[2],
        f"W={SEGMENT.partition('PW=')[2]}",
        f"GET / PW={SECRET}&x",
    ],
)
def test_no_way_of_writing_shows_it(shown: str) -> None:
    assert SECRET not in without_password(shown)
    assert "••••••" in without_password(shown)


@given(st.integers(0, len(SEGMENT)))
def test_a_stream_cut_anywhere_shows_no_whole_password(place: int) -> None:
    assert not any(SECRET in without_password(part) for part in (SEGMENT[:place], SEGMENT[place:]))


def test_what_has_none_is_left_alone() -> None:
    assert without_password("a21026-Avg=1.5,a21026-Flag=N;SPW-x") == "a21026-Avg=1.5,a21026-Flag=N;SPW-x"


def test_a_decoded_frame_tells_none_of_it() -> None:
    told = json.dumps(as_json(decode(frame(SEGMENT.replace("a=1", f"NewPW={SECRET};PW={SECRET}")))))
    assert SECRET not in told
