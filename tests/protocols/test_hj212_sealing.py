"""SM4 of HJ 212-2025: the public vector, the form of appendix A.2, streams whose length digits are the plain ones."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.protocols.hj212 import Piece, Splitter, decode, frame, readings
from xietong.protocols.hj212.building import Speaker, build
from xietong.protocols.hj212.sealing import _cipher, is_sealed, read_key, seal, unseal

KEY = bytes([0x30] * 16)  # "16 × 0x30" in the examples of appendix A.2
NOW = datetime(2026, 3, 14, tzinfo=UTC)
HEAD = "QN=20240601085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&"
CONTENT = "DataTime=20240601085857;a21026-Rtd=12.34,a21026-Flag=N;a21002-Rtd=56.7,a21002-Flag=N"
SEGMENT = f"{HEAD}{CONTENT}&&".encode()


def test_the_cipher_is_sm4_by_the_vector_of_gb_t_32907() -> None:
    vector = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert _cipher(vector).encryptor().update(vector).hex() == "681edf34d206965e86b3e94f536e4246"


@pytest.mark.parametrize(("plain", "length", "wire"), [(208, b"0295", 1128), (147, b"0234", 811)])
def test_the_form_is_that_of_appendix_a2(plain: int, length: bytes, wire: int) -> None:
    """Printed there: 208 and 147 bytes of content, length digits 0295 and 0234, and 1128 and 811 bytes on the wire."""
    segment = f"{HEAD}{'x' * plain}&&".encode()
    sealed = seal(segment, KEY)
    assert sealed[2:6] == length
    assert len(sealed) - len(b"##0295") - len(b"1234\r\n") == wire
    assert sealed[-6:] == frame(segment)[-6:]  # the CRC is that of the plain segment
    tail = sealed.partition(b"}")[2]
    assert tail == b"x" * (plain % 16) + b"&&" + sealed[-6:]


def test_with_its_key_it_reads_like_the_plain_frame_and_without_it_says_nothing() -> None:
    sealed, plain = seal(SEGMENT, KEY), decode(frame(SEGMENT))
    opened = decode(sealed, [bytes(16), KEY])
    assert (opened.ok, opened.errors, opened.raw) == (True, (), sealed)
    assert readings(opened, "e", NOW) == readings(plain, "e", NOW)
    assert len(readings(opened, "e", NOW)) == 2
    for keys in ([], [bytes(16)]):
        closed = decode(sealed, keys)
        assert (closed.ok, closed.errors, closed.values, closed.mn) == (False, ("encrypted",), (), plain.mn)


def test_length_digits_and_crc_of_the_cipher_are_tolerated() -> None:
    inside = seal(SEGMENT, KEY)[6:-6]
    assert decode(frame(inside), [KEY]).values == decode(frame(SEGMENT)).values
    longer = b"##%04d" % len(inside) + seal(SEGMENT, KEY)[6:]
    assert decode(longer, [KEY]).ok


def test_a_short_content_stays_plain_and_what_has_none_cannot_be_sealed() -> None:
    short = f"{HEAD}QnRtn=1&&".encode()
    assert seal(short, KEY) == frame(short)
    with pytest.raises(ValueError, match="CP="):
        seal(b"QN=1;ST=32", KEY)


@pytest.mark.parametrize("turned", range(0, 16, 5))
def test_a_turned_bit_of_the_cipher_is_found(turned: int) -> None:
    sealed = bytearray(seal(SEGMENT, KEY))
    place = sealed.index(b"{0x") + 3 + 5 * turned
    sealed[place] = ord("1") if sealed[place] != ord("1") else ord("2")
    assert unseal(bytes(sealed), [KEY]) is None


def test_keys_as_people_write_them() -> None:
    assert read_key("0" * 16) == KEY
    assert read_key("30" * 16) == KEY
    assert [read_key(text) for text in ("", "short", "zz" * 16, "国" * 16)] == [None] * 4


@given(st.lists(st.integers(1, 400), max_size=20))
def test_a_stream_with_sealed_frames_is_cut_whole_wherever_tcp_cuts(cuts: list[int]) -> None:
    plain, sealed = frame(SEGMENT), seal(SEGMENT, KEY)
    stream = sealed + plain + sealed + sealed + plain
    splitter, pieces = Splitter(), []
    for size in [*cuts, len(stream)]:
        pieces += splitter.feed(stream[:size])
        stream = stream[size:]
    assert [*pieces, *splitter.flush()] == [
        Piece("hj212-sealed", sealed),
        Piece("hj212", plain),
        Piece("hj212-sealed", sealed),
        Piece("hj212-sealed", sealed),
        Piece("hj212", plain),
    ]


@given(st.binary(max_size=300))
def test_any_bytes_can_be_unsealed_without_an_exception(raw: bytes) -> None:
    assert unseal(b"##0100" + raw, [KEY]) is None or is_sealed(raw)
    decode(b"##0100QN=1;CP=&&{0x" + raw, [KEY])


def test_a_list_of_bytes_that_is_none_opens_nothing() -> None:
    sealed = seal(SEGMENT, KEY)
    for broken in (sealed.replace(b",0x", b"0x", 1), sealed.replace(b",0x", b",,0x", 1), sealed.replace(b"}", b",}")):
        assert unseal(broken, [KEY]) is None
    assert not is_sealed(build(Speaker("A"), "2011", "1" * 17, "x"))
