"""Stamps that a program computed: a hair beside the point's grid counts on it, what lies off it is taken and named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from small_parks import park, point, subject

from xietong.protocols.pushed import opened, sealed
from xietong.web.api import push

HOURLY = point("M", "A", "electricity_purchased", "kWh")
POINTS = (
    HOURLY,
    replace(HOURLY, code="F", interval_s=5),
    replace(HOURLY, code="C", shape="counter"),
    replace(HOURLY, code="I", shape="instant"),
)
PARK = park(subject("A"), points=POINTS)


def taken(*rows: tuple[str, str]) -> tuple[list[datetime], list[str]]:
    """Push such stamps; what settle reads of the entry, and what is remarked."""
    body = json.dumps({"readings": [{"point": code, "at": at, "value": 1} for code, at in rows]}).encode()
    judged = push._judged(body, PARK, "A")
    payload = sealed(body, judged.refused, {}, judged.stamps.meant)
    assert payload.endswith(b"\n" + body)
    said = [each.message for each in judged.answer(judged.accepted, len(body)).remarks]
    return [row.at for row in opened(payload, PARK.zone)], said


@pytest.mark.parametrize("stamp", ["07:59:59.99", "07:59:59.5", "07:59:59.999999", "08:00:00.01", "08:00:00.499999"])
@pytest.mark.parametrize("code", ["M", "F"])
def test_a_hair_beside_the_grid_is_on_it(code: str, stamp: str) -> None:
    assert taken((code, f"2025-03-01T{stamp}")) == ([datetime(2025, 3, 1, tzinfo=UTC)], [])


@pytest.mark.parametrize(("code", "beside_us"), [("C", 10_000), ("I", 10_000), ("M", 500_001)])
def test_an_instant_stays_what_it_is_and_so_does_more_than_half_a_second(code: str, beside_us: int) -> None:
    at = datetime(2025, 3, 1, tzinfo=UTC) - timedelta(microseconds=beside_us)
    found, said = taken((code, at.isoformat()))
    assert found == [at]
    assert bool(said) is (code == "M")


@pytest.mark.parametrize("code", ["C", "I"])
def test_the_noise_of_a_float_is_taken_off_an_instant(code: str) -> None:
    assert taken((code, "2025-03-01T07:59:59.9995")) == ([datetime(2025, 3, 1, tzinfo=UTC)], [])


def test_what_lies_off_the_grid_is_taken_and_named_once_a_point() -> None:
    rows = [
        ("M", "2025-03-01T08:00"),
        ("M", "2025-03-01T08:59:58"),
        ("M", "2025-03-01T09:30"),
        ("C", "2025-03-01T08:07"),
    ]
    found, (said,) = taken(*rows)
    assert found[1] == datetime(2025, 3, 1, 0, 59, 58, tzinfo=UTC)
    assert "2 stamps of point M" in said
    assert "有 2 个时刻" in said


def test_an_entry_of_before_is_read_as_it_was() -> None:
    body = b'{"readings":[{"point":"M","at":"2025-03-01T07:59:59.99","value":1}]}'
    (row,) = opened(sealed(body, set()), PARK.zone)
    assert row.at == datetime(2025, 2, 28, 23, 59, 59, 990_000, tzinfo=UTC)
