"""Any bytes as what programs send: readings pushed, months stated, messages of MQTT, words of Modbus.

The first byte says which (P, S, M, R), the second under which mapping or manner. Beyond "nothing raises": every reading
of a body is taken or refused with its place, field and sentence; the same bytes give the same rows when settle reads
them again; what was answered is what the journal holds.
"""

import json
import random
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.test import Client
from fuzz_months import MONTHS, WORDS, check_month
from fuzz_park import Park
from fuzz_registers import check_poll

from xietong.journal import find
from xietong.protocols import mqtt, pushed
from xietong.protocols.mqtt import FORMS, Heard, TopicMapping
from xietong.readings import Entry, EntryKind
from xietong.settle.batch import Batch
from xietong.settle.taking import READINGS_OF

ZONE, RECEIVED = ZoneInfo("Asia/Shanghai"), datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMIT = Decimal(10) ** 12
TOPICS = ("works/m1", "works/电表/1", "t" * 480, "a\x00b", "/")
PATHS = ("", "ts", "t", "data.0.kw", "e.kwh", "a~1b", "~2", "none")
DOOR_EVERY, MONTH_EVERY = 6, 3
PUSHES = (
    b'{"readings": [{"point": "M1", "at": "2025-03-01T08:00", "value": 12.5, "flag": "N"}]}',
    b'{"readings": [{"point": "M2", "at": "2025-03-01T08:00+08:00", "value": "7"}, {"point": "M9", "value": null}]}',
    b'{"readings": []}',
    b'{"readings": [{"point": "M1", "at": "2025-03-01T08:00", "value": 1000000000000}]}',
    b'{"readings": [{"point": "M1", "at": "20250301T080000Z", "value": -0.000001}, 7, {"point": "M3"}]}',
)
MESSAGES = (
    b'{"ts": 1740787200000, "kw": 12.5, "on": true, "e": {"kwh": 123456789012.123456, "list": [0.1, {"x": 1e2}]}}',
    b'{"t": "2025-03-01T08:00:00", "data": [{"kw": 1}, {"kw": "2"}], "a.b": 3, "": 4, "a~1b": null}',
    b'{"ts": "20250301080000", "v": -1}',
    b"12.5",
    b'[1, 2, [3, {"x": 4}]]',
    b'{"a.b": 1, "a": {"b": 2, "": 4}, "a~1b": 3, "~2": 5, "c": 6, "": 7}',
)
TOKENS = (
    *('"\\ud800"', '"\\u0000"', "1e999999999999999999999"),
    *("-1e-999999", "NaN", "-Infinity", "sNaN", '"sNaN"', "1e1000000"),
    *("9" * 40, "9" * 5000, "0.0000001", "999999999999.9999999", "-0", "null", "true", "{}", "[]", '""', "[" * 200),
    *('"0001-01-01T00:00"', '"9999-12-31T23:59:59.999999"'),
    *('"2025-03-01T24:00"', '"2025-W09-6"', '"M1"', '"M2"', '"point"'),
    *('"20250301080000"', "253402300799999", "1740787200"),
    *('"1740787200.5"', "-1", '"\\ud83d\\ude00"', '"\uff11\uff12"', '"1_0"'),
    *('"value"', '"flag"', '"at"', '"readings"', '"ts"', '"t"'),
    *('"2025-03-01T08:00+23:59"', '"1e5"', "0e-400", '" 5 "'),
)  # fmt: skip
_SPLIT = re.compile(r'("(?:[^"\\]|\\.)*"|[{}\[\],:]|\s+)')
Blind = Callable[[bytes], bytes]


class Payloads:
    """The target of a campaign: where to begin, how to change, what must hold."""

    longest = 6_000

    def __init__(self, park: Park) -> None:
        self._park, self._client, self._turn = park, Client(headers={"host": "127.0.0.1"}), 0
        settings.DATA = park.data

    def seeds(self) -> list[bytes]:
        """Bodies and messages under every mapping."""
        heard = [b"M" + bytes([manner]) + body for manner in range(0, 256, 4) for body in MESSAGES]
        polled = [b"R\0" + random.Random(seed).randbytes(60) for seed in range(60)]
        return (
            [b"P" + bytes([manner]) + body for manner in (0, 1) for body in PUSHES]
            + [b"S" + bytes([manner]) + body for manner in (0, 1) for body in MONTHS]
            + heard
            + polled
        )

    def mutate(self, data: bytes, dice: random.Random, blind: Blind) -> bytes:
        """Another payload: words of its JSON changed, taken out, doubled or moved."""
        if dice.random() < 0.1:  # what is shortened for its coverage alone would soon be no JSON at all
            data = dice.choice(self.seeds())
        head, body = data[:2].ljust(2, b"P"), data[2:]
        if dice.random() < 0.1:
            head = dice.choice([b"P", b"M", b"S"]) + dice.randbytes(1)
        if dice.random() < 0.15 or head[:1] == b"R":
            return head + blind(body)
        words = _SPLIT.split(body.decode("utf-8", "surrogateescape"))
        for _ in range(dice.choice([1, 1, 2, 4])):
            place = dice.randrange(len(words))
            words[place : place + 1] = _changed(words, place, dice)
            words = words or [""]
        return head + "".join(words).encode("utf-8", "surrogateescape")

    def check(self, data: bytes) -> None:
        """What must hold of any payload; AssertionError or anything raised is a crash."""
        head, body = data[:2], data[2:]
        manner = head[1] if len(head) > 1 else 0
        if head[:1] == b"M":
            _check_message(body, manner)
            return
        if head[:1] == b"R":
            _into_the_lake("modbus", check_poll(data[1:]))
            return
        self._turn += 1
        if head[:1] == b"S":
            if zlib.crc32(data) % MONTH_EVERY == 0:
                check_month(self._client, self._park, body, f"{self._turn}", partial=bool(manner % 2))
            return
        _check_body(body)
        if zlib.crc32(data) % DOOR_EVERY == 0:
            _check_push(self._client, self._park, body, f"{self._turn}", partial=bool(manner % 2))


def _changed(words: list[str], place: int, dice: random.Random) -> list[str]:
    """What one word of a JSON text becomes."""
    word = words[place]
    match dice.randrange(7):
        case 0:
            return []
        case 1:
            return [word, word]
        case 2:
            return [word, dice.choice(words)]
        case 3:
            end = place + dice.randrange(1, 20)
            return [*words[place:end], ",", *words[place:end]]
        case 4:
            return [dice.choice("{}[],:"), word]
        case _:
            return [dice.choice(TOKENS if dice.random() < 0.6 else WORDS)]


def _into_the_lake(kind: EntryKind, payload: bytes) -> int:
    """As settle does it; gives how many rows the lake gets."""
    entry, batch = Entry("web-0", 1, kind, RECEIVED, "o", payload, b""), Batch()
    batch.add_readings(READINGS_OF[kind](entry, ZONE))
    table = batch.table()
    assert all(-LIMIT < value < LIMIT for value in table.column("value").to_pylist())
    return len(table)


def _check_body(body: bytes) -> None:
    found = pushed.decode(body, ZONE)
    assert pushed.decode(body, ZONE) == found
    assert all(each.sentence.zh and each.sentence.en for each in found.problems)
    taken, refused = [row.place for row in found.rows], {each.place for each in found.problems}
    if refused == {-1}:
        assert not taken
        return
    listed = json.loads(body, parse_int=str, parse_float=str)["readings"]
    assert sorted([*taken, *refused]) == list(range(len(listed))), "a reading is neither taken nor refused, or both"
    every_other = set(taken[1::2])
    kept = pushed.sealed(body, refused | every_other)
    assert pushed.opened(kept, ZONE) == tuple(row for row in found.rows if row.place not in every_other)
    assert _into_the_lake("pushed", kept) == len(taken) - len(every_other)


def _check_push(client: Client, park: Park, body: bytes, idempotency: str, *, partial: bool) -> None:
    """The door itself: what it answers, and that the journal holds just that."""
    headers = {"Authorization": f"Bearer {park.secret}", "Idempotency-Key": idempotency}
    address = f"/api/readings{'?partial=true' if partial else ''}"
    answer = client.post(address, body, "application/json", headers=headers)
    told = json.loads(answer.content)
    assert all(" · " in each["message"] for each in told["rejected"])
    if answer.status_code == 422:
        assert (told["entry"], told["accepted"]) == ("", 0)
        assert told["rejected"], "nothing was taken, and nobody says why"
        return
    assert answer.status_code == 201, answer.content
    payload = find(park.data / "journal", told["entry"]).payload
    assert payload.endswith(b"\n" + body)
    assert len(pushed.opened(payload, ZONE)) == told["accepted"] == _into_the_lake("pushed", payload) > 0
    assert partial or not told["rejected"]
    again = client.post(address, body, "application/json", headers=headers)
    assert (again.status_code, again.content) == (201, answer.content), "the same push again was answered otherwise"


def _check_message(body: bytes, manner: int) -> None:
    form, topic = FORMS[manner % len(FORMS)], TOPICS[manner // 8 % len(TOPICS)]
    values = PATHS[:: manner // 16 + 1] if manner % 3 == 0 else ()
    mapping = None if manner == 255 else TopicMapping("" if form == "receipt" else PATHS[1 + manner % 2], form, values)
    heard = Heard(topic, 1, manner % 7 == 0, 7, mapping, RECEIVED if manner % 2 else None, body)
    payload = mqtt.sealed(heard)
    assert mqtt.opened(payload) == heard
    message = mqtt.decode(heard, RECEIVED, ZONE)
    assert mqtt.decode(mqtt.opened(payload), RECEIVED, ZONE) == message
    assert all(each.sentence.zh and each.sentence.en for each in message.unused)
    addresses = [each.address for each in message.values]
    assert len(set(addresses)) == len(addresses)
    assert not set(addresses) & {f"mqtt:{topic}#{each.path}" for each in message.unused}
    refused = len(message.unused) == 1 and not message.values
    if mapping is not None and not mapping.values and not refused:
        leaves = _leaves(json.loads(body, parse_int=str, parse_float=str)) - (form != "receipt")
        assert len(message.values) + len(message.unused) == leaves, "something in a message is neither read nor named"
    assert _into_the_lake("mqtt", payload) == len(message.values)


def _leaves(told: object) -> int:
    """How many values there are in a message that are no objects and no lists."""
    if isinstance(told, dict):
        return sum(map(_leaves, told.values()))
    return sum(map(_leaves, told)) if isinstance(told, list) else 1
