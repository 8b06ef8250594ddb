"""What devices do wrong is named; whether it is refused or tolerated is as the standard allows."""

import pytest

from xietong.protocols.hj212 import decode, frame
from xietong.protocols.hj212.sealing import seal
from xietong.protocols.hj212.violations import modbus, violations

HEAD = "QN=20260314070000123;ST=31;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
BODY = "CP=&&DataTime=20260314060000;a21026-Avg=1,a21026-Flag=N&&"
GOOD = frame(HEAD + BODY)


def named(raw: bytes) -> tuple[str, ...]:
    return violations(decode(raw))


def test_a_good_frame_breaks_nothing() -> None:
    assert named(GOOD) == ()


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (HEAD.replace("Flag=5", "FLAG=5"), ("header",)),
        (HEAD.replace("Flag=5", "Flag=7"), ("flag",)),
        (HEAD.replace("Flag=5", "Flag=1"), ("edition",)),
        (HEAD.replace("MN=0100", "MN=jl00"), ("mn_form",)),
        (HEAD.replace("ST=31", "ST=77"), ("unknown_st",)),
        (HEAD.replace("CN=2061", "CN=2099"), ("unknown_cn",)),
        (HEAD.replace("CN=2061", "CN=1062"), ("wrong_way",)),
        (HEAD.replace("CN=2061", "CN=9012"), ("answer_st",)),
        (HEAD.replace("Flag=5;", "Flag=9;RF=0;"), ("header",)),
    ],
)
def test_what_is_tolerated_is_named(head: str, names: tuple[str, ...]) -> None:
    assert decode(frame(head + BODY)).ok
    assert named(frame(head + BODY)) == names


def test_values_codes_and_lengths() -> None:
    assert named(frame(HEAD + BODY.replace("Avg=1", "Avg=--"))) == ("field",)
    assert named(frame(HEAD + BODY.replace("a21026", "zz9999"))) == ("unknown_code",)
    assert named(frame(HEAD + "CP=&&DataTime=20260314060000;SB1-RS=1;LA-Rtd=50.1&&")) == ()
    long = ";".join(f"a21026-Avg={number}" for number in range(80))
    assert named(frame(f"{HEAD}CP=&&DataTime=20260314060000;{long}&&")) == ("over_long",)


def test_a_lower_case_crc_is_tolerated_and_named() -> None:
    lower = GOOD[:-6] + GOOD[-6:].lower()
    assert lower != GOOD
    assert decode(lower).ok
    assert named(lower) == ("lower_case_crc",)


def test_what_is_refused_is_refused_for_one_reason() -> None:
    segment = (HEAD + BODY).encode()
    by_modbus = b"##%04d%b%04X\r\n" % (len(segment), segment, modbus(segment))
    assert named(by_modbus) == ("modbus_crc",)
    assert named(GOOD[:-6] + b"FFFF\r\n") == ("crc",)
    assert named(b"##0011" + GOOD[6:]) == ("length",)
    assert named(b"what is this") == ("no_header",)
    assert named(seal(segment, bytes(16))) == ("encrypted",)


def test_the_modbus_crc_is_that_of_its_own_check_value() -> None:
    assert modbus(b"123456789") == 0x4B37  # the check value of CRC-16/MODBUS in every catalogue of CRCs
