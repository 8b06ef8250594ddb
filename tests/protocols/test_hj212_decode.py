"""What frames say: the captured fixtures, the 155 segments of annex C, 18 public packets, and any bytes at all."""

import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from laid_beside import laid_beside, lines_beside

from xietong.protocols.hj212 import CODES, as_json, decode, frame, modern, readings
from xietong.protocols.hj212.codes import find

ROOT = Path(__file__).parents[2]
FRAMES = ROOT / "tests/frames"
PACKETS, ANNEX_C = "hj212/open-packets.jsonl", "hj212/HJ212-2017-annexC-segments.tsv"
NOW = datetime(2026, 3, 14, 8, tzinfo=UTC)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def accepted() -> list[tuple[str, dict[str, Any]]]:
    expected = tomllib.loads((FRAMES / "accepted.toml").read_text())["frame"]
    return list(zip(lines(FRAMES / "accepted.txt"), expected, strict=True))


@pytest.mark.parametrize(("line", "expected"), accepted())
def test_accepted_frames_become_their_readings(line: str, expected: dict[str, Any]) -> None:
    got = decode(line.encode())
    assert got.ok
    assert list(got.errors) == expected["errors"]
    assert got.edition == expected["edition"]
    rows = readings(got, "intake-0/1", NOW)
    assert [[r.address.removeprefix(f"hj212:{got.mn}/"), str(r.value), r.flag] for r in rows] == expected["readings"]
    assert {r.at for r in rows} == ({expected["at"]} if rows else set())
    assert all((r.entry, r.recorded_at) == ("intake-0/1", NOW) for r in rows)


def test_broken_frames_are_refused_with_their_reasons_and_state_no_values() -> None:
    reasons = tomllib.loads((FRAMES / "broken.toml").read_text())["errors"]
    got = [decode(line.encode()) for line in lines(FRAMES / "broken.txt")]
    assert [list(each.errors) for each in got] == reasons
    assert not any(each.ok or each.values or each.data_time for each in got)
    assert all(readings(each, "intake-0/1", NOW) == [] for each in got)


def test_the_header_of_a_part_and_of_a_frame_sent_again() -> None:
    part, again = (decode(lines(FRAMES / "accepted.txt")[index].encode()) for index in (4, 5))
    assert (part.flag, part.pnum, part.pno, part.rf) == (7, 2, 1, False)
    assert (again.flag, again.pnum, again.pno, again.rf) == (9, None, None, True)


def test_json_keeps_the_contract() -> None:
    got = as_json(decode(lines(FRAMES / "accepted.txt")[2].encode()))
    assert got == {
        "ok": True,
        "errors": [],
        "edition": "2005",
        "qn": None,
        "st": "32",
        "cn": "2011",
        "mn": "88888880000001",
        "flag": None,
        "pnum": None,
        "pno": None,
        "rf": False,
        "data_time": "2026-03-14T07:00:00+08:00",
        "values": [
            {"code": "011", "field": "Rtd", "value": 231.0, "flag": "N", "code_2017": "w01018"},
            {"code": "B01", "field": "Rtd", "value": 36.91, "flag": None, "code_2017": "w00000"},
        ],
        "parameters": {},
        "command": {"zh": "污染物实时数据", "en": "real-time data", "direction": "both", "controls": False},
        "system": {"zh": "地表水体环境污染源", "en": "source of surface water pollution"},
        "codes": {
            "011": {"name": "化学需氧量", "unit": "mg/L", "amount_unit": "kg"},
            "B01": {"name": "污水", "unit": "L/s", "amount_unit": "m3"},
        },
        "results": {},
        "violations": [],
    }
    assert "123456" not in json.dumps(got)


def test_a_number_that_json_would_change_is_written_as_text() -> None:
    long, short = (decode(frame(HEAD + f"a21026-Avg={text}&&")) for text in ("123456789012.123456789", "0.10"))
    assert as_json(long)["values"] == [
        {"code": "a21026", "field": "Avg", "value": "123456789012.123456789", "flag": None}
    ]
    assert as_json(short)["values"] == [{"code": "a21026", "field": "Avg", "value": 0.1, "flag": None}]


HEAD = "QN=20260314070000123;ST=31;CN=2061;PW=123456;MN=XT0000000000000000000A01;Flag=5;CP=&&DataTime=20260314060000;"


@pytest.mark.parametrize(
    ("given_header", "errors"),
    [
        ("QN=20260314070000123,ST=31;CN=2061;PW=1;MN=A;Flag=5;", ("header",)),
        ("QN=2026031407;ST=31;CN=2061;PW=1;MN=A;Flag=5;", ("header",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;Flag=5", ("header",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;Flag=5;", ("header",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;MN=B;Flag=5;", ("header",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;Flag=five;", ("flag",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;Flag=256;", ("flag",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;Flag=7;", ("flag",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;Flag=5;PNUM=2;PNO=1;", ("flag",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;Flag=7;PNUM=2;PNO=3;", ("flag",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;Flag=0;", ("edition",)),
        ("QN=20260314070000123;ST=31;CN=2061;PW=1;MN=A;Flag=9;RF=0;", ("header",)),
    ],
)
def test_a_malformed_header_is_named_and_the_frame_kept(given_header: str, errors: tuple[str, ...]) -> None:
    got = decode(frame(f"{given_header}CP=&&DataTime=20260314060000;a21026-Avg=1&&"))
    assert (got.ok, got.errors) == (True, errors)
    assert got.values[0].value == Decimal(1)


@pytest.mark.parametrize("text", ["", "NaN", "1e5", "\uff11\uff12", "1_0", "0x1", "1.2.3", "inf", "-", "1" * 31])
def test_what_is_no_number_is_named_and_never_read(text: str) -> None:
    got = decode(frame(f"{HEAD}a21026-Avg={text}&&"))
    assert (got.ok, got.errors) == (True, ("field",))
    assert got.values[0].value == (text or None)
    assert readings(got, "e", NOW) == []


def test_numbers_beyond_a_reading_stay_in_the_frame() -> None:
    got = decode(frame(f"{HEAD}a-Cou=999999999999.9999995;b-Cou=1000000000000;c-Cou=0.1234565;d-Cou=-2.50&&"))
    assert [(r.address.split("/")[1], str(r.value)) for r in readings(got, "e", NOW)] == [
        ("c", "0.123456"),
        ("d", "-2.50"),
    ]


def test_two_times_in_one_frame_place_no_value() -> None:
    got = decode(frame(f"{HEAD}a21026-Avg=1;DataTime=20260314070000;a21026-Avg=2&&"))
    assert (got.errors, got.data_time, readings(got, "e", NOW)) == (("field",), None, [])
    assert got.parameters == {"DataTime": "20260314060000 20260314070000"}


def test_a_semicolon_at_the_end_is_no_mistake() -> None:
    got = decode(frame(f"{HEAD}a21026-Avg=1;&&"))
    assert (got.errors, len(got.values)) == ((), 1)


def test_text_of_older_loggers_is_read() -> None:
    got = decode(frame((HEAD + "i11001-Info=//清洗//&&").encode("gb18030")))
    assert (got.ok, got.values[0].value) == (True, "//清洗//")


def test_an_encrypted_frame_is_named_as_such() -> None:
    plain = frame(HEAD + "a21026-Avg=1&&")
    cipher = re.sub(rb"&&.*&&", b"&&{0x1f,0x2e,0x3d}&&", plain)
    assert decode(cipher).errors == ("encrypted",)


def test_codes() -> None:
    assert len(CODES) == 365
    assert (modern("011"), modern("02"), modern("w01018"), modern("nobody")) == ("w01018", "a21026", "w01018", "nobody")
    found = find("011")
    assert found is not None
    assert (found.name_zh, found.unit, found.amount_unit) == ("化学需氧量", "mg/L", "kg")
    assert (find("e30107") or found).name_zh == "污水提升泵"
    assert find("zz9") is None


def packets() -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_beside(PACKETS)]


@pytest.mark.parametrize("packet", packets(), ids=lambda packet: f"{packet['source']}:{packet['line']}")
def test_public_packets_get_their_verdicts(packet: dict[str, Any]) -> None:
    got = decode(packet["raw"].encode())
    assert got.ok == (packet["verdict"] == "valid")
    assert ("crc" in got.errors) == (not packet["crc_ok"])
    assert ("length" in got.errors) == (not packet["len_ok"])
    assert (got.cn, got.st, got.mn, got.qn or None) == tuple(packet[key] for key in ("CN", "ST", "MN", "QN"))


def test_of_the_public_packets_twelve_are_accepted_and_six_refused_for_their_crc() -> None:
    assert laid_beside(PACKETS)
    got = [decode(packet["raw"].encode()) for packet in packets()]
    assert sum(each.ok for each in got) == 12
    assert sum("crc" in each.errors for each in got) == 6


def annex_c() -> list[str]:
    return [line.split("\t")[1] for line in lines_beside(ANNEX_C)[1:]]


# As printed: a comma for a semicolon after QN (twice), and no semicolon between Flag=5 and CP.
MISPRINTED = ("534,ST", "Flag=5CP")


def test_annex_c_is_there_to_be_read() -> None:
    assert laid_beside(ANNEX_C)
    assert len(annex_c()) > 50


@pytest.mark.parametrize("printed", annex_c())
def test_annex_c_decodes_field_by_field(printed: str) -> None:
    segment = re.sub(r";?…", "", printed)
    got = decode(frame(segment))
    assert got.ok
    assert set(got.errors) == ({"header"} if any(mark in segment for mark in MISPRINTED) else set())
    assert got.edition == "2017"
    head, _, content = segment.partition("CP=&&")
    said = dict(re.findall(r"(QN|ST|CN|PW|MN|Flag|PNUM|PNO)=([^;,]*?)(?=[;,]|$)", head))
    heard = {"QN": got.qn, "ST": got.st, "CN": got.cn, "PW": got.pw, "MN": got.mn, "Flag": got.flag}
    heard |= {"PNUM": got.pnum, "PNO": got.pno}
    assert {key: str(value) for key, value in heard.items() if value is not None} == said
    pairs = [(key.strip(), value.strip()) for key, value in re.findall(r"([^;,&=]+)=([^;,&]*)", content)]
    heard_pairs = [(f"{value.code}-{value.field}", str(value.value)) for value in got.values]
    heard_pairs += list(got.parameters.items())
    if got.data_time:
        heard_pairs.append(("DataTime", got.data_time.strftime("%Y%m%d%H%M%S")))
    assert sorted(heard_pairs) == sorted(pair for pair in pairs if not pair[0].endswith("-Flag"))
    flags = {value.code: value.flag for value in got.values if value.flag}
    assert flags == {key.removesuffix("-Flag"): value for key, value in pairs if key.endswith("-Flag")}


CODE = st.sampled_from([*CODES, "011", "zz9", "L5"])
NUMBER = st.decimals(-999_999, 999_999, places=3).map(lambda value: f"{value:f}")
ITEM = st.tuples(CODE, st.sampled_from(["Rtd", "Avg", "ZsAvg", "Cou", "Min"]), NUMBER, st.sampled_from("NDMCTBFS"))


@given(
    st.integers(0, 80_000_000).map(lambda seconds: datetime(2024, 6, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.text("0123456789ABCDEF", min_size=24, max_size=24),
    st.integers(4, 11),
    st.lists(ITEM, max_size=8, unique_by=lambda item: item[0]),
)
def test_what_is_built_is_what_is_decoded(
    at: datetime, mn: str, flag: int, items: list[tuple[str, str, str, str]]
) -> None:
    time = at.strftime("%Y%m%d%H%M%S")
    parts = "PNUM=3;PNO=2;" if flag & 2 else ""
    said = "".join(f";{code}-{field}={value},{code}-Flag={mark}" for code, field, value, mark in items)
    segment = f"QN={time}123;ST=31;CN=2061;PW=123456;MN={mn};Flag={flag};{parts}CP=&&DataTime={time}{said}&&"
    got = decode(frame(segment))
    assert got.ok
    assert not {"header", "flag", "field"} & set(got.errors)
    assert (got.qn, got.mn, got.flag) == (f"{time}123", mn, flag)
    assert got.data_time is not None
    assert got.data_time.isoformat() == f"{at:%Y-%m-%dT%H:%M:%S}+08:00"
    assert [(value.code, value.field, str(value.value), value.flag) for value in got.values] == items


MUTABLE = st.sampled_from([line.encode() for line in lines(FRAMES / "accepted.txt")])


@given(st.binary(max_size=400) | st.text(max_size=200).map(frame) | st.binary(max_size=200).map(frame))
@example(b"##0000FFFF")
@example(frame("CP=&&&&"))
@example(frame(b"CP=&&\xff\xfe=;,-=-Flag=&&"))
def test_any_bytes_decode_without_an_exception(raw: bytes) -> None:
    got = decode(raw)
    json.dumps(as_json(got))
    assert got.raw == raw
    assert got.ok or got.values == ()
    readings(got, "e", NOW)


@given(MUTABLE, st.integers(0, 10_000), st.integers(0, 7))
def test_no_single_turned_bit_is_read_as_another_value(line: bytes, place: int, bit: int) -> None:
    turned = bytearray(line)
    turned[place % len(line)] ^= 1 << bit
    was, got = decode(line), decode(bytes(turned))
    assert not got.ok or got.values == was.values
