"""What the platform says back, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.protocols.hj212 import answer, decode, frame, reply, wants_answer


def raw(cn: str = "2011", flag: str = "Flag=5;", qn: str = "QN=20160801085857223;") -> bytes:
    return frame(f"{qn}ST=32;CN={cn};PW=123456;MN=010000A8900016F000169DC0;{flag}CP=&&DataTime=20160801085857&&")


def test_data_is_answered_as_annex_c_14_prints_it() -> None:
    printed = "QN=20160801085857223;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&"
    assert answer(decode(raw())) == frame(printed) == reply(raw())


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        (raw(), True),
        (raw(flag="Flag=9;"), True),
        (raw(flag="Flag=7;PNUM=2;PNO=1;"), True),
        (raw(flag="FLAG=1;"), True),
        (raw(flag="Flag=4;"), False),
        (raw(flag="Flag=8;"), False),
        (raw(flag=""), False),
        (raw(flag="Flag=257;"), False),
        (raw(qn=""), True),
        (raw(cn="9011"), False),
        (raw(cn="9014"), False),
        (raw(cn="9015"), True),
        (b"junk", False),
    ],
)
def test_an_answer_is_sent_where_the_flag_asks_and_never_to_an_answer(sent: bytes, asked: bool) -> None:
    assert wants_answer(sent) == wants_answer(decode(sent)) == asked
    assert (reply(sent) is not None) == asked


@pytest.mark.parametrize(("cn", "with_cn"), [("1013", "9013"), ("9015", "9013"), ("2061", "9014"), ("3020", "9014")])
def test_a_notice_is_answered_by_9013_and_data_by_9014(cn: str, with_cn: str) -> None:
    assert decode(answer(decode(raw(cn=cn)))).cn == with_cn
    assert decode(answer(decode(raw(cn=cn)), cn="9012")).cn == "9012"


@pytest.mark.parametrize(("flag", "back"), [("Flag=9;", 8), ("Flag=7;PNUM=2;PNO=1;", 4), ("Flag=1;", 0), ("", 0)])
def test_the_answer_speaks_the_edition_of_the_frame_and_asks_for_nothing(flag: str, back: int) -> None:
    assert decode(answer(decode(raw(flag=flag)))).flag == back


FIELDS = [
    "QN=20160801085857223",
    "ST=32",
    "CN=2011",
    "CN=9015",
    "PW=1",
    "MN=A:b",
    "Flag=5",
    "FLAG=1",
    "Flag=255",
    "Flag=300",
    "x",
]
HEADERS = st.lists(st.sampled_from([*FIELDS, ""]), max_size=8)


@given(HEADERS.map(lambda fields: frame(";".join(fields) + ";CP=&&&&")) | st.binary(max_size=80).map(frame))
def test_the_quick_reply_is_the_exact_answer(sent: bytes) -> None:
    exact = decode(sent)
    assert wants_answer(sent) == wants_answer(exact)
    assert reply(sent) == (answer(exact) if wants_answer(exact) else None)
