"""Bodies that programs push: what can be used, what cannot and why; the same bytes always give the same rows."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.protocols.pushed import decode, opened, sealed

ZONE = ZoneInfo("Asia/Shanghai")


def body(*readings: object) -> bytes:
    return json.dumps({"readings": list(readings)}).encode()


def test_rows_are_exact_and_in_utc() -> None:
    raw = (
        b'{"readings":[{"point":"M1","at":"2025-03-01T08:00","value":0.1},'
        b'{"point":"M2","at":"2025-03-01T08:00Z","value":"12.000001","flag":"N"}]}'
    )
    pushed = decode(raw, ZONE)
    assert pushed.problems == ()
    assert [tuple(row) for row in pushed.rows] == [
        (0, "M1", datetime(2025, 3, 1, tzinfo=UTC), Decimal("0.1"), ""),
        (1, "M2", datetime(2025, 3, 1, 8, tzinfo=UTC), Decimal("12.000001"), "N"),
    ]


def test_each_problem_is_named_by_place_and_field() -> None:
    stated = {"point": "M1", "at": "2025-03-01T08:00", "value": 1}
    bad = [
        {**stated, "point": ""},
        {**stated, "at": "yesterday"},
        {**stated, "value": None},
        {**stated, "value": "0.0000001"},
        {**stated, "value": True},
        {**stated, "value": "NaN"},
        {**stated, "flag": 5},
        7,
    ]
    pushed = decode(body(stated, *bad), ZONE)
    assert [row.place for row in pushed.rows] == [0]
    fields = ["point", "at", "value", "value", "value", "value", "flag", ""]
    assert [(each.place, each.field) for each in pushed.problems] == list(enumerate(fields, start=1))


def test_what_the_door_refused_is_not_read_later() -> None:
    one, two = ({"point": name, "at": "2025-03-01T08:00", "value": 1} for name in "ab")
    assert [row.point for row in opened(sealed(body(one, two), {0}), ZONE)] == ["b"]
    assert sealed(body(one), set()).endswith(b"\n" + body(one))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(
            lambda each: json.dumps({"readings": each}).encode()
        ),
    )
)
def test_no_body_breaks_it(raw: bytes) -> None:
    pushed = decode(raw, ZONE)
    assert pushed.rows == () or not {each.place for each in pushed.problems} & {row.place for row in pushed.rows}


def test_a_name_that_stands_twice_is_refused_at_the_door_and_only_there() -> None:
    """Of two values under one name the last was taken, and of two lists of readings the first was lost."""
    one = '{"point":"M1","at":"2025-03-01T08:00","value":1}'
    two = '{"point":"M1","at":"2025-03-01T09:00","value":1,"value":2}'
    raw = f'{{"readings":[{one},{two}]}}'.encode()
    asked = decode(raw, ZONE, 10)
    assert [(each.place, each.field) for each in asked.problems] == [(1, "value")]
    assert [row.place for row in opened(sealed(raw, [1]), ZONE)] == [0]
    assert [row.value for row in opened(sealed(raw, []), ZONE)] == [1, 2]  # what was taken before stays as it was read
    lists = f'{{"readings":[{one}],"readings":[{one}]}}'.encode()
    assert [(each.place, each.field) for each in decode(lists, ZONE, 10).problems] == [(-1, "readings")]
    assert decode(lists, ZONE, 10).rows == ()
    assert len(decode(lists, ZONE).rows) == 1


def test_a_mark_in_the_other_case_is_that_mark() -> None:
    stated = {"point": "M1", "at": "2025-03-01T08:00", "value": 1}
    raw = body(*({**stated, "flag": flag} for flag in ("n", "\uff2e", " N ", "d", "ok", "")))
    assert [row.flag for row in decode(raw, ZONE).rows] == ["N", "N", "N", "D", "ok", ""]
