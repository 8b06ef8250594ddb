"""Any bytes as the body of a month that a program states: through the door itself, twice, and taken back."""

import json
from typing import Any

from django.db import transaction
from django.test import Client
from fuzz_park import Park

from xietong.journal import find
from xietong.web.shell import shelf

MONTHS = (
    b'{"rows": [{"item": "coke", "amount": 1150.5, "unit": "t"}]}',
    b'{"rows": [{"item": "raw_coal", "amount": "40", "unit": "t", "use": "fuel", "opening": 30, "closing": 25}]}',
    b'{"rows": [{"item": "cod", "amount": "<0.025", "unit": "t"}, {"item": "coke", "amount": ""}]}',
    b'{"rows": [{"subject": "E02", "item": "coke", "amount": 1}, {"item": "no", "amount": -1, "unit": "kWh", "x": 1}]}',
    b'{"rows": []}',
)
WORDS = (
    *('"rows"', '"item"', '"amount"', '"unit"', '"coke"', '"raw_coal"'),
    *('"cod"', '"subject"', '"E01"', '"E02"', '"E01-W1"'),
    *('"period"', '"2025-03"', '"2025"', '"0025"', '"t"', '"kg"'),
    *('"10^4m3"', '"use"', '"fuel"', '"closing"', '"opening"'),
    *('"method"', '"bill"', '"counterparty"', '"note"', '"<3"'),
    *('"0.025L"', '"ND"', '"1,150"', "1150", '"problem"', '"x"'),
)  # fmt: skip


def check_month(client: Client, park: Park, body: bytes, idempotency: str, *, partial: bool) -> None:
    """What must hold of a body stated for March 2025 of E01."""
    address = f"/api/months/E01/2025-03{'?partial=true' if partial else ''}"
    headers = {"Authorization": f"Bearer {park.secret}", "Idempotency-Key": idempotency}
    with transaction.atomic():
        answer = client.post(address, body, "application/json", headers=headers)
        told: dict[str, Any] = json.loads(answer.content)
        _check_said(told)
        if answer.status_code == 201:
            _check_entered(park, body, told, partial=partial)
            again = client.post(address, body, "application/json", headers=headers)
            assert (again.status_code, again.content) == (201, answer.content), "the same month again: another answer"
        else:
            assert answer.status_code == 422, answer.content
            assert (told["entry"], told["accepted"]) == ("", 0)
            assert told["errors"] or told["remarks"], "nothing was taken, and nobody says why"
        transaction.set_rollback(True)
    shelf.SHELF.clear()


def _check_said(told: dict[str, Any]) -> None:
    for each in [*told["errors"], *told["remarks"]]:
        assert each["where"]
        assert each["rule"]
        for word in ("zh", "en"):
            assert each["sentence"][word]
            assert each["remedy"][word]


def _check_entered(park: Park, body: bytes, told: dict[str, Any], *, partial: bool) -> None:
    assert told["accepted"] > 0
    assert partial or not told["errors"]
    assert told["sha256"] in find(park.data / "journal", told["entry"]).payload.decode()
    kept = park.data / "evidence" / told["sha256"][:2] / told["sha256"]
    assert kept.read_bytes() == body, "what was kept is not what was sent"
    wrong = {_place(each["where"]) for each in [*told["errors"], *told["remarks"]]}
    listed = set(range(len(json.loads(body, parse_int=str, parse_float=str)["rows"])))
    taken = len(listed - wrong)
    assert taken <= told["accepted"] <= len(listed), "a row is neither taken nor told of"


def _place(where: str) -> int:
    return int(where.removeprefix("rows[").partition("]")[0]) if where.startswith("rows[") else -1
