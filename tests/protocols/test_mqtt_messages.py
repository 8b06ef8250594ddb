"""Messages of MQTT: which are readings, exactly and when; what is none and why; no bytes end settle."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xietong.protocols.mqtt import FORMS, Form, Heard, TopicMapping, decode, opened, sealed
from xietong.protocols.values import Message

ZONE = ZoneInfo("Asia/Shanghai")
RECEIVED = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
EIGHT = datetime(2025, 3, 1, 0, 0, tzinfo=UTC)  # 08:00 of the park, 1740787200 s after 1970


EVERY = TopicMapping()


def heard(body: bytes | str, mapping: TopicMapping | None = EVERY, retained: bool = False) -> Heard:
    raw = body.encode() if isinstance(body, str) else body
    return Heard("works/m1", 1, retained, 7, mapping, None, raw)


def through(said: Heard) -> Message:
    """What settle makes of a message, through the journal's payload."""
    return decode(opened(sealed(said)), RECEIVED, ZONE)


def taken(body: bytes | str, mapping: TopicMapping | None = EVERY, retained: bool = False) -> Message:
    return through(heard(body, mapping, retained))


def values(message: Message) -> dict[str, str]:
    return {each.address: f"{each.value:f}" for each in message.values}


def test_values_are_exact_and_named_by_topic_and_path() -> None:
    message = taken('{"e": {"kwh": 123456789012.123456, "list": [0.1, {"x": 1e2}]}, "n": -3}')
    assert values(message) == {
        "mqtt:works/m1#e.kwh": "123456789012.123456",
        "mqtt:works/m1#e.list.0": "0.100000",
        "mqtt:works/m1#e.list.1.x": "100.000000",
        "mqtt:works/m1#n": "-3.000000",
    }
    assert {each.at for each in message.values} == {RECEIVED}
    assert message.unused == ()


def test_a_bare_number_is_a_message() -> None:
    assert values(taken("12.5")) == {"mqtt:works/m1#": "12.500000"}


def test_keys_with_dots_do_not_meet_other_paths() -> None:
    message = taken('{"a.b": 1, "a": {"b": 2, "": 4}, "a~1b": 3, "": {"c": 5}, "c": 6}')
    assert values(message) == {
        "mqtt:works/m1#a~1b": "1.000000",
        "mqtt:works/m1#a.b": "2.000000",
        "mqtt:works/m1#a~01b": "3.000000",
        "mqtt:works/m1#a.~2": "4.000000",
        "mqtt:works/m1#~2.c": "5.000000",
        "mqtt:works/m1#c": "6.000000",
    }


@pytest.mark.parametrize(
    ("form", "stated"),
    [
        ("iso", '"2025-03-01T08:00:00+08:00"'),
        ("iso", '"2025-03-01T00:00:00Z"'),
        ("unix_s", "1740787200"),
        ("unix_s", '"1740787200.0"'),
        ("unix_s", "1740787199.9999998"),  # as a float of the full hour may be written
        ("unix_ms", "1740787200000"),
        ("unix_ms", "1740787199999.9998"),
        ("park", '"2025-03-01 08:00:00"'),
        ("park", '"20250301080000"'),
        ("park", "20250301080000"),
    ],
)
def test_times_of_every_form(form: Form, stated: str) -> None:
    message = taken(f'{{"d": {{"ts": {stated}}}, "v": 1}}', TopicMapping("d.ts", form))
    assert [(each.address, each.at) for each in message.values] == [("mqtt:works/m1#v", EIGHT)]


@pytest.mark.parametrize(
    ("form", "stated"),
    [
        ("iso", '"2025-03-01T08:00:00"'),  # whose time?
        ("iso", "1740787200"),
        ("park", '"2025-03-01T08:00:00+08:00"'),
        ("unix_s", "1740787200000"),  # milliseconds: the year 57134
        ("unix_ms", "1740787200"),  # seconds: January 1970
        ("unix_s", "0"),  # a clock that was never set
        ("unix_s", "true"),
        ("unix_s", "NaN"),
        ("unix_s", "1e999999999"),
        ("unix_s", "1e-999999999"),
        ("iso", "null"),
        ("park", "{}"),
    ],
)
def test_a_time_that_cannot_be_meant_makes_no_reading(form: Form, stated: str) -> None:
    message = taken(f'{{"ts": {stated}, "v": 1}}', TopicMapping("ts", form))
    assert message.values == ()
    assert [each.path for each in message.unused] == ["ts"]


def test_what_is_no_number_is_told_with_its_reason_and_hurts_no_other() -> None:
    message = taken('{"a": NaN, "b": Infinity, "c": true, "d": "12.5", "e": null, "f": 1e12, "g": 1e999999, "h": 7}')
    assert values(message) == {"mqtt:works/m1#h": "7.000000"}
    assert [each.path for each in message.unused] == list("abcdefg")
    assert all(each.sentence.zh and each.sentence.en for each in message.unused)


def test_values_by_name_and_an_absent_one_is_not_zero() -> None:
    message = taken('{"kw": 5, "noise": 1}', TopicMapping(values=("kw", "kwh")))
    assert values(message) == {"mqtt:works/m1#kw": "5.000000"}
    assert [each.path for each in message.unused] == ["kwh"]


def test_more_than_six_decimals_are_rounded_half_to_even_as_for_hj212() -> None:
    assert list(values(taken("[23.100000381469727, 0.0000005, 0.0000015]")).values()) == [
        "23.100000",
        "0.000000",
        "0.000002",
    ]
    assert taken("999999999999.9999999").values == ()


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"{", b"kw=5", b'{"a": 1, "a": 2}', b"[" * 100_000])
def test_what_is_no_json_is_kept_and_gives_nothing(raw: bytes) -> None:
    assert opened(sealed(heard(raw))).body == raw
    message = taken(raw)
    assert message.values == ()
    assert len(message.unused) == 1


def test_no_mapping_and_too_much_give_nothing() -> None:
    assert taken("5", None).values == ()
    assert taken(json.dumps(list(range(1001)))).values == ()
    assert len(taken(json.dumps(list(range(1000)))).values) == 1000
    assert len(taken(json.dumps(list(range(1001))), TopicMapping(values=("3",))).values) == 1


def test_a_retained_message_counts_only_with_a_time_of_its_own() -> None:
    assert taken("5", retained=True).values == ()
    message = taken('{"ts": 1740787200, "v": 5}', TopicMapping("ts", "unix_s"), retained=True)
    assert [each.at for each in message.values] == [EIGHT]


def test_a_repetition_has_the_time_of_its_first_receipt() -> None:
    assert [each.at for each in through(heard("5")._replace(first=EIGHT)).values] == [EIGHT]


def test_an_address_that_cannot_be_written_is_no_reading() -> None:
    assert taken(b'{"\\ud800": 1, "\\u0000": 2}').values == ()
    assert through(heard("1")._replace(topic="x" * 600)).values == ()


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=60) | trees.map(lambda tree: json.dumps(tree).encode()),
    st.sampled_from(FORMS),
    st.booleans(),
    st.lists(st.text(max_size=3), max_size=2),
)
@example(b'{"ts": 1, "v": -0.0}', "receipt", False, [])
def test_any_bytes_give_readings_that_the_lake_takes(raw: bytes, form: Form, retained: bool, named: list[str]) -> None:
    mapping = TopicMapping("" if form == "receipt" else "ts", form, tuple(named))
    said = heard(raw, mapping, retained=retained)
    assert opened(sealed(said)) == said
    message = decode(said, RECEIVED, ZONE)
    assert message == decode(opened(sealed(said)), RECEIVED, ZONE)
    assert len({each.address for each in message.values}) == len(message.values)
    for each in message.values:
        each.address.encode()
        assert abs(each.value) < 10**12
        assert each.value.as_tuple().exponent == -6
        assert each.at.tzinfo is UTC


@settings(max_examples=150, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**11), max_value=10**11, places=6))
def test_a_number_of_six_decimals_comes_back_to_the_digit(value: Decimal) -> None:
    (found,) = taken(f'{{"v": {value:f}}}').values
    assert found.value == value


@pytest.mark.parametrize(
    ("stated", "received", "wanted"),
    [
        ("2025-10-26T02:30", "2025-10-26T00:30:02", "2025-10-26T00:30"),  # summer time still holds
        ("2025-10-26T02:30", "2025-10-26T01:29:59", "2025-10-26T00:30"),
        ("2025-10-26T02:30", "2025-10-26T01:30:02", "2025-10-26T01:30"),  # clocks have gone back
        ("2025-10-26T02:30", "2025-10-26T09:00", ""),  # kept by the device for hours: nobody can say
        ("2025-10-26T03:00", "2025-10-26T09:00", "2025-10-26T02:00"),
        ("2025-03-30T02:30", "2025-03-30T01:30", ""),  # clocks never show it
    ],
)
def test_a_park_time_that_clocks_show_twice_is_told_by_its_receipt(stated: str, received: str, wanted: str) -> None:
    said = heard(json.dumps({"t": stated, "v": 1}), TopicMapping("t", "park", ("v",)))
    at = datetime.fromisoformat(received).replace(tzinfo=UTC)
    message = decode(said, at, ZoneInfo("Europe/Berlin"))
    assert [each.at for each in message.values] == (
        [datetime.fromisoformat(wanted).replace(tzinfo=UTC)] if wanted else []
    )
    assert ["clocks" in each.sentence.en for each in message.unused] == ([] if wanted else [True])


def test_a_day_of_quarters_in_which_clocks_go_back_is_whole() -> None:
    """Row 38 at this door: 100 quarters of 1.25 kWh, each received two seconds behind its stamp: 125 kWh."""
    berlin, first = ZoneInfo("Europe/Berlin"), datetime(2025, 10, 25, 22, tzinfo=UTC)
    found = set()
    for place in range(100):
        at = first + timedelta(minutes=15 * place)
        said = json.dumps({"t": at.astimezone(berlin).strftime("%Y-%m-%dT%H:%M:%S"), "kwh": 1.25})
        message = decode(heard(said, TopicMapping("t", "park", ("kwh",))), at + timedelta(seconds=2), berlin)
        found |= {(each.at, each.value) for each in message.values}
    assert sum(value for _, value in found) == Decimal("125")
