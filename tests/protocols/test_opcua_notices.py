"""Values of OPC UA: what the server calls good, uncertain and bad; whose time counts; which values are numbers."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.protocols.opcua import How, Node, Notice, Stated, decode, opened, sealed
from xietong.protocols.values import Message, source_of

AT = datetime(2025, 3, 1, 0, 0, 1, 250_000, tzinfo=UTC)
SOURCE, SERVER = AT - timedelta(seconds=1), AT - timedelta(milliseconds=10)
NODE = Node("kwh", "ns=2;s=M1.kWh")


def taken(stated: Stated, node: Node = NODE, how: How = "notified") -> Message:
    """What settle makes of a value, through the journal's payload."""
    notice = Notice("scada", "opc.tcp://10.0.0.9:4840", how, AT, (node,), (stated,))
    assert opened(sealed(notice)) == notice
    return decode(opened(sealed(notice)))


def stated(value: str, kind: str = "Double", status: int = 0) -> Stated:
    return Stated("kwh", kind, value, status, SOURCE, SERVER)


def reason(said: Stated, node: Node = NODE) -> str:
    message = taken(said, node)
    (unused,) = message.unused
    assert message.values == ()
    assert unused.sentence.zh
    return unused.sentence.en


def test_a_good_value_has_the_instant_that_its_source_states() -> None:
    (value,) = taken(stated("12.5")).values
    assert value == ("opcua:scada/kwh", SOURCE, Decimal("12.500000"), "")
    assert source_of(value.address) == "opcua:scada"
    (value,) = taken(stated("12.5"), Node("kwh", "i=1", "server", Decimal("0.001"), Decimal(-1))).values
    assert (value.at, value.value) == (SERVER, Decimal("-0.987500"))
    (value,) = taken(stated("12.5"), how="history").values
    assert value.at == SOURCE
    (value,) = taken(stated("12.5"), how="read").values
    assert value.at == AT.replace(microsecond=0)


@pytest.mark.parametrize(
    ("status", "flag"),
    [(0, ""), (0x00000480, ""), (0x00960000, "S"), (0x00960400, "S"), (0x40000000, "U"), (0x40900000, "U")],
)
def test_what_may_be_wrong_is_kept_with_a_mark_that_does_not_count(status: int, flag: str) -> None:
    assert [each.flag for each in taken(stated("1", status=status)).values] == [flag]


@pytest.mark.parametrize("status", [0x80000000, 0x808B0000, 0x80310000, 0x80FF0000, 0xC0000000])
def test_what_is_bad_is_no_reading_whatever_it_says(status: int) -> None:
    assert "is bad" in reason(stated("0", status=status))


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("Boolean", "True", "1.000000"),
        ("Boolean", "False", "0.000000"),
        ("UInt64", "999999999999", "999999999999.000000"),
        ("Int64", "-7", "-7.000000"),
        ("Float", "0.10000000149011612", "0.100000"),
        ("Double", "1e-07", "0.000000"),
        ("Double", "-0.0", "0.000000"),
    ],
)
def test_numbers_and_truths_are_readings(kind: str, value: str, kept: str) -> None:
    assert [f"{each.value:f}" for each in taken(stated(value, kind)).values] == [kept]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("Double", "nan", "not finite"),
        ("Double", "inf", "not finite"),
        ("Double", "1e300", "not finite"),
        ("UInt64", "18446744073709551615", "12 digits"),
        ("String", "12.5", "no single number"),
        ("Double[]", "[1.0]", "no single number"),
        ("Null", "", "no single number"),
        ("Boolean", "yes", "no single number"),
        ("Double", "", "no single number"),
    ],
)
def test_what_is_no_number_is_kept_with_the_reason(kind: str, value: str, said: str) -> None:
    assert said in reason(stated(value, kind))


def test_without_the_time_that_is_asked_for_there_is_no_reading() -> None:
    assert "no such time" in reason(Stated("kwh", "Double", "1", 0, None, SERVER))
    assert "no such time" in reason(Stated("kwh", "Double", "1", 0, SOURCE, None), Node("kwh", "i=1", "server"))
    assert "no such time" in reason(Stated("kwh", "Double", "1", 0, datetime(1601, 1, 1, tzinfo=UTC), SERVER))


STAMPS = st.none() | st.datetimes(timezones=st.just(UTC)) | st.just(AT.astimezone(timezone(timedelta(hours=8))))


@given(
    st.builds(
        Stated,
        st.just("kwh"),
        st.sampled_from(["Double", "Boolean", "String", "UInt64", "Float", "Double[]", "x"]),
        st.text(max_size=30) | st.floats().map(repr) | st.integers().map(str),
        st.integers(0, 2**32 - 1),
        STAMPS,
        STAMPS,
    )
)
def test_whatever_a_server_states_is_a_number_of_the_lake_or_is_none(said: Stated) -> None:
    message = taken(said)
    assert len(message.values) + len(message.unused) == 1
    for each in message.values:
        assert abs(each.value) < 10**12
        assert said.status >> 30 < 2
        assert each.at == said.source
