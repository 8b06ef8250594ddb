"""The CRC against the standard's own bit-by-bit rule, and the cutting of streams."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.protocols.hj212 import Piece, Splitter, crc16, frame
from xietong.protocols.hj212.framing import JUNK_BYTES, REFUSED_BYTES, open_envelope

SEGMENT = "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
ONE = frame(SEGMENT)
TWO = frame(SEGMENT.replace("RtdInterval=30", "RtdInterval=3600"))
BAD_CRC = ONE[:-6] + b"FFFF\r\n"
# With the CRC that public libraries give it; their CRC-16/MODBUS of it is 25FB.
ANNEX_C_25 = (
    "##0123QN=20160801085857223;ST=23;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
    "CP=&&DataTime=20160801085857; LA-Rtd=50.1&&1E00"
)


def crc_by_the_text(data: bytes) -> int:
    """Appendix A word for word: bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ byte
        for _ in range(8):
            lowest = crc & 1
            crc >>= 1
            if lowest:
                crc ^= 0xA001
    return crc


def modbus(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc


def cut(*chunks: bytes, flush: bool = True) -> list[Piece]:
    splitter = Splitter()
    pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)]
    return pieces + (splitter.flush() if flush else [])


def kinds(pieces: list[Piece]) -> list[str]:
    return [piece.kind for piece in pieces]


# Printed in HJ 212-2017 appendix A (whose prose misprints it as 1C08), in HJ 212-2025 A.1 and in annex C.25.
@pytest.mark.parametrize(
    "line",
    [
        "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80",
        "##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200",
        ANNEX_C_25,
    ],
)
def test_the_printed_packets_have_their_printed_crc(line: str) -> None:
    segment = line[6:-4]
    assert frame(segment) == f"{line}\r\n".encode()
    assert open_envelope(line.encode()) == (segment.encode(), ())
    assert f"{modbus(segment.encode()):04X}" != line[-4:]


@given(st.binary(max_size=700))
def test_the_folded_crc_is_the_crc_of_the_text(data: bytes) -> None:
    assert crc16(data) == crc_by_the_text(data)


def test_lower_case_crc_digits_are_accepted_and_odd_digits_are_not() -> None:
    assert open_envelope(ONE.replace(b"1C80", b"1c80")).errors == ()
    for digits in (b"+1C8", b"1_C8", b"0x1C", b"    "):
        assert "crc" in open_envelope(ONE[:-6] + digits + b"\r\n").errors


def test_a_segment_too_long_for_its_length_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="10000 bytes"):
        frame(b"x" * 10_000)


def test_two_frames_in_one_segment_and_one_frame_in_three() -> None:
    assert cut(ONE + TWO, flush=False) == [Piece("hj212", ONE), Piece("hj212", TWO)]
    assert cut(ONE[:4], ONE[4:50], ONE[50:], flush=False) == [Piece("hj212", ONE)]


def test_junk_between_frames_comes_out_as_junk() -> None:
    assert cut(b"hello" + ONE + b"#1##x" + TWO) == [
        Piece("junk", b"hello"),
        Piece("hj212", ONE),
        Piece("junk", b"#1##x"),
        Piece("hj212", TWO),
    ]


def test_blank_lines_between_frames_are_nothing() -> None:
    assert cut(ONE + b"\r\n\r\n" + TWO + b"\n") == [Piece("hj212", ONE), Piece("hj212", TWO)]


def test_a_wrong_crc_is_refused_with_its_bytes_and_the_next_frame_lives() -> None:
    assert cut(BAD_CRC + TWO) == [Piece("hj212-refused", BAD_CRC), Piece("hj212", TWO)]


@pytest.mark.parametrize("digits", [b"0000", b"0010", b"0100", b"0102", b"0150", b"9999"])
def test_a_wrong_length_costs_one_frame_only(digits: bytes) -> None:
    wrong = b"##" + digits + ONE[6:]
    assert cut(wrong + TWO, flush=False) == [Piece("hj212-refused", wrong), Piece("hj212", TWO)]


def test_half_a_frame_ends_where_the_next_begins() -> None:
    assert cut(ONE[:60] + TWO, flush=False) == [Piece("hj212-refused", ONE[:60]), Piece("hj212", TWO)]


def test_half_a_frame_then_silence_is_held_then_refused() -> None:
    splitter = Splitter()
    assert splitter.feed(ONE[:60]) == []
    assert splitter.held == 60
    assert splitter.flush() == [Piece("hj212-refused", ONE[:60])]
    assert splitter.held == 0
    assert splitter.feed(TWO) == [Piece("hj212", TWO)]


@pytest.mark.parametrize("tail", [b"\r\n", b"\n", b""])
def test_a_frame_may_end_without_its_tail(tail: bytes) -> None:
    one = ONE.removesuffix(b"\r\n") + tail
    assert cut(one + TWO) == [Piece("hj212", one), Piece("hj212", TWO)]
    assert cut(one) == [Piece("hj212", one)]


def test_a_megabyte_of_junk_is_bounded_in_memory_and_does_not_hide_the_frame_behind_it() -> None:
    junk = b"\x00\xff#" * 350_000
    splitter = Splitter()
    pieces: list[Piece] = []
    most = 0
    for begin in range(0, len(junk), 65_536):
        pieces += splitter.feed(junk[begin : begin + 65_536])
        most = max(most, splitter.held)
    pieces += splitter.feed(ONE)
    assert most <= REFUSED_BYTES + 6
    assert pieces[-1] == Piece("hj212", ONE)
    assert b"".join(piece.raw for piece in pieces[:-1]) == junk
    assert set(kinds(pieces[:-1])) == {"junk"}
    assert max(len(piece.raw) for piece in pieces) == JUNK_BYTES


def test_a_frame_that_never_ends_is_given_up() -> None:
    pieces = cut(b"##9999" + b"x" * 30_000, ONE)
    assert pieces[0].kind == "hj212-refused"
    assert len(pieces[0].raw) == REFUSED_BYTES
    assert pieces[-1] == Piece("hj212", ONE)


PARTS = st.sampled_from(
    [
        ONE,
        TWO,
        BAD_CRC,
        ONE[:40],
        ONE[:-2],
        b"##",
        b"##12",
        b"#",
        b"\r\n",
        b"\r",
        b"\n",
        b"junk",
        b"##0003abc",
        b"##9999",
    ]
)


@given(st.lists(PARTS | st.binary(max_size=30), max_size=12).map(b"".join), st.data())
def test_the_pieces_do_not_depend_on_how_the_stream_was_cut(stream: bytes, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    ends = [*places, len(stream)]
    chunks = [stream[begin:end] for begin, end in zip([0, *places], ends, strict=True)]
    assert cut(*chunks) == cut(stream) == cut(*(bytes([byte]) for byte in stream))


@given(st.lists(PARTS | st.binary(max_size=30), max_size=12).map(b"".join))
def test_no_byte_is_lost_but_white_space(stream: bytes) -> None:
    def black(data: bytes) -> bytes:
        return re.sub(rb"\s", b"", data)

    assert black(b"".join(piece.raw for piece in cut(stream))) == black(stream)


@given(st.lists(PARTS | st.binary(max_size=30), max_size=12).map(b"".join))
def test_an_accepted_piece_opens_without_error(stream: bytes) -> None:
    for piece in cut(stream):
        if piece.kind == "hj212":
            assert open_envelope(piece.raw).errors == ()
