"""Slips of loggers that must never become another value: commas in numbers, text behind the end, letters in the other
case, several analysers in one frame, CRCs of other kinds. Expected values are those of the fault list, or written out.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.protocols.hj212 import ColumnReader, crc16, decode, frame, glance, readings
from xietong.protocols.hj212.columns import columns_of
from xietong.protocols.hj212.parts import Parts
from xietong.protocols.hj212.tables import VIOLATIONS
from xietong.protocols.hj212.violations import OTHERS, modbus, swapped_of, violations
from xietong.readings import Entry, Reading
from xietong.settle.taking import take

HEAD = "QN=20250310010000195;ST=31;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
AT = datetime(2025, 3, 9, 17, tzinfo=UTC)
TIME = "DataTime=20250310000000"


def read(content: str, head: str = HEAD) -> dict[str, tuple[str, str]]:
    """code/field → value and mark, as settle reads the frame; both ways must give the same."""
    raw = frame(f"{head}CP=&&{TIME};{content}")
    quick, exact = ColumnReader().columns(raw), columns_of(decode(raw))
    got = [(each.addresses, each.values, each.flags) if each else None for each in (quick, exact)]
    assert got[0] == got[1]
    if exact is None:
        return {}
    names = (address.split("/", 1)[1].split("@")[0] for address in exact.addresses)
    return dict(zip(names, zip(exact.values, exact.flags, strict=True), strict=True))


@pytest.mark.parametrize("field", ["Avg", "Cou", "Min", "Max", "Rtd", "ZsAvg"])
@pytest.mark.parametrize("number", ["0,98", "1,000.5", "1,0000", "-0,5", "0, 98", "0，98", "1,2,3", "12,N", "1 000"])
def test_a_piece_behind_a_number_spoils_it_and_nothing_else(field: str, number: str) -> None:
    for content in (f"a21026-{field}={number},a21026-Flag=N", f"a21026-Flag=N,a21026-{field}={number}"):
        whole = f"{content};a21002-Avg=100,a21002-Flag=N&&"
        assert read(whole) == {"a21002/Avg": ("100", "N")}
        got = decode(frame(f"{HEAD}CP=&&{TIME};{whole}"))
        assert got.ok
        assert "field" in violations(got)
        assert str(got.values[0].value).replace(" ", "") == number.replace(" ", "")


@pytest.mark.parametrize("cn", ["2011", "2031", "2051", "2061"])
@pytest.mark.parametrize(
    "head", ["ST=32;CN=%s;PW=123456;MN=LD130133000015;", HEAD.replace("2061", "%s").replace("=5", "=9")]
)
def test_so_it_is_in_every_edition_and_without_a_mark(cn: str, head: str) -> None:
    content = f"{TIME};w01018-Avg=0,98;060-Rtd=1,000.5;w21003-Avg=0;98,w21003-Flag=N;w00000-Cou=7&&"
    found = readings(decode(frame(f"{head % cn}CP=&&{content}")), "", AT)
    assert [(each.address.split("/", 1)[1], str(each.value)) for each in found] == [(f"w00000/Cou@{cn}", "7")]


def test_a_comma_that_ends_an_item_is_only_named() -> None:
    content = "a21026-Avg=0.98,a21026-Flag=N,;a21002-Avg=100,,a21002-Flag=N&&"
    assert read(content) == {"a21026/Avg": ("0.98", "N"), "a21002/Avg": ("100", "N")}
    assert "field" in violations(decode(frame(f"{HEAD}CP=&&{TIME};{content}")))


def test_a_number_cut_between_two_parts_is_not_read_either() -> None:
    parts, reader = Parts(), ColumnReader()
    found: list[Reading] = []
    for number, content in enumerate((f"{TIME};a21026-Avg=0,", "98,a21026-Flag=N;a21002-Avg=100,a21002-Flag=N"), 1):
        head = HEAD.replace("Flag=5;", f"Flag=7;PNUM=2;PNO={number};")
        raw = frame(f"{head}CP=&&{content}&&")
        entry = Entry("intake-0", number, "hj212", AT, "tcp:127.0.0.1:1", raw, b"")
        found += take(entry, parts, reader, lambda _: []).readings
    assert [(each.address.split("/")[1], str(each.value)) for each in found] == [("a21002", "100")]


@pytest.mark.parametrize("behind", [";Flag=5", ";", " ", "\r", "&", "&&", ";Flag=5;", ",Flag=5", " Flag = 5", "xyz"])
def test_what_stands_behind_the_end_never_enters_a_mark_or_a_value(behind: str) -> None:
    content = "a21026-Avg=10,a21026-Flag=N;a00000-Cou=1000&&"
    assert read(content + behind) == read(content) == {"a21026/Avg": ("10", "N"), "a00000/Cou": ("1000", "")}
    marked = read("a00000-Cou=1000,a00000-Flag=N&&" + behind)
    assert marked == {"a00000/Cou": ("1000", "N")}
    assert "behind_end" in violations(decode(frame(f"{HEAD}CP=&&{TIME};{content}{behind}")))


@pytest.mark.parametrize(
    "written",
    [
        "{head}CP=&&{content}&&;Flag=5",
        "{head}CP=&&Flag=5;{content}&&",
        "{head}CP=&&{content};Flag=5&&",
        "Flag=5;{head}CP=&&{content}&&",
        "{head}Flag=5;CP=&&{content}",
        "{head}Flag=5;CP=&&{content}&",
        "{head}Flag=5;CP=&{content}&&",
        "{head}Flag=5;cp=&&{content}&&",
        "CP=&&{content}&&{head}Flag=5",
        "{head}flag=5,CP=&&{content}&&",
    ],
)
def test_header_fields_out_of_place_still_ask_for_the_answer(written: str) -> None:
    head, content = HEAD.removesuffix("Flag=5;"), f"{TIME};a21026-Avg=10,a21026-Flag=N"
    raw = frame(written.format(head=head, content=content))
    got = decode(raw)
    assert (got.ok, got.flag, got.mn) == (True, 5, "010000A8900016F000169DC0")
    assert [(each.code, str(each.value), each.flag) for each in got.values] == [("a21026", "10", "N")]
    assert glance(raw).answer == frame(
        "QN=20250310010000195;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&"
    )
    named = set(violations(got))
    assert named & {"header", "behind_end", "field"} or written.startswith("Flag")
    assert named <= VIOLATIONS.keys()


def test_a_flag_in_its_place_counts_before_one_behind_the_end() -> None:
    raw = frame(f"{HEAD.replace('=5', '=4')}CP=&&{TIME};a21026-Avg=10&&;Flag=5")
    assert decode(raw).flag == 4
    assert glance(raw).answer is None


def test_letters_in_the_other_case_are_read_and_named() -> None:
    content = "A21026-avg=10,A21026-FLAG=n;a21002-ZSAVG=7,a21002-Flag=d;sb1-rs=1&&"
    assert read(content) == {"a21026/Avg": ("10", "N"), "a21002/ZsAvg": ("7", "D"), "SB1/RS": ("1", "")}
    assert "letter_case" in violations(decode(frame(f"{HEAD}CP=&&{TIME};{content}")))
    right = "a21026-Avg=10,a21026-Flag=N;I33400-Rtd=80,I33400-Flag=N&&"
    assert "letter_case" not in violations(decode(frame(f"{HEAD}CP=&&{TIME};{right}")))


def test_a_mark_that_is_none_stays_as_sent_and_is_named() -> None:
    content = "a21026-Avg=10,a21026-Flag=N1&&"
    assert read(content) == {"a21026/Avg": ("10", "N1")}
    assert "field" in violations(decode(frame(f"{HEAD}CP=&&{TIME};{content}")))


STATES = HEAD.replace("2061", "3020").replace("ST=31", "ST=32")


def test_each_analyser_keeps_its_own_state() -> None:
    """Two frames of the fault list: the fault (2) of the first stands beside the second's run (0)."""
    first, second = (read(f"PolId={each}&&", STATES) for each in ("w01018;i12001-Info=2", "w21003;i12001-Info=0"))
    assert first == {"w01018.i12001/Info": ("2", "")}
    assert second == {"w21003.i12001/Info": ("0", "")}


def test_several_analysers_in_one_frame_each_own_their_states() -> None:
    content = "PolId=w01018;i12001-Info=2;i12003-Info=1;PolId=w21003;i12001-Info=0,i12002-Info=0&&"
    assert read(content, STATES) == {
        "w01018.i12001/Info": ("2", ""),
        "w01018.i12003/Info": ("1", ""),
        "w21003.i12001/Info": ("0", ""),
        "w21003.i12002/Info": ("0", ""),
    }
    got = decode(frame(f"{STATES}CP=&&{TIME};{content}"))
    assert violations(got) == ()
    assert [each.owner for each in got.values] == ["w01018", "w01018", "w21003", "w21003"]
    assert got.parameters == {"PolId": "w01018 w21003"}


def test_a_log_that_is_no_number_is_no_reading_and_a_factor_has_no_owner() -> None:
    assert read("PolId=a21026;i11001-Info=//back blow//&&", STATES) == {}
    assert read("PolId=a21026;a21026-Avg=3,a21026-Flag=N&&") == {"a21026/Avg": ("3", "N")}


def with_crc(segment: bytes, crc: int) -> bytes:
    return b"##%04d%b%04X" % (len(segment), segment, crc)


@pytest.mark.parametrize("place", range(len(OTHERS)))
def test_another_crc_is_named_as_what_it_is(place: int) -> None:
    segment = f"{HEAD}CP=&&{TIME};a21026-Avg=10&&".encode()
    other, of_modbus = OTHERS[place].of(segment), modbus(segment)
    expected = {
        "modbus_crc": of_modbus,
        "modbus_swapped_crc": swapped_of(of_modbus),
        "swapped_crc": swapped_of(crc16(segment)),
        "span_crc": crc16(b"##%04d" % len(segment) + segment),
        "other_crc": other,
        "crc": crc16(segment) ^ 0x1234,
    }
    for name, crc in expected.items():
        assert violations(decode(with_crc(segment, crc))) == (name,)
    assert violations(decode(with_crc(segment, swapped_of(other)))) == ("other_crc",)


def test_the_catalogue_s_check_values() -> None:
    """The CRC of "123456789" as catalogues of CRCs print it for each of the six, and for Modbus."""
    assert [each.of(b"123456789") for each in OTHERS] == [0xBB3D, 0x29B1, 0x31C3, 0x2189, 0x906E, 0xB4C8]
    assert modbus(b"123456789") == 0x4B37


NUMBERS = st.decimals(-999, 999, places=3).map(str)
PIECES = st.text("0123456789.N ", min_size=1, max_size=4).filter(str.strip)


@given(number=NUMBERS, piece=PIECES, other=NUMBERS, behind=st.text("&; Flag=5,\r", max_size=12))
def test_no_slip_gives_another_value(number: str, piece: str, other: str, behind: str) -> None:
    content = f"a21026-Avg={number},{piece},a21026-Flag=N;a21002-Avg={other},a21002-Flag=N&&{behind}"
    assert set(read(content)) == {"a21002/Avg"}
