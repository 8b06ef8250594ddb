"""What is kept of bad pieces, and how the rest is counted."""

import json
from datetime import UTC, datetime, timedelta

from xietong.intake.hj212.refusals import KEPT_BYTES, PEERS_A_MINUTE, PIECES_A_MINUTE, Refusals

AT = datetime(2025, 3, 14, 7, 30, 5, tzinfo=UTC)


def test_pieces_are_kept_up_to_their_number_and_length() -> None:
    refusals = Refusals()
    assert list(refusals.due(AT)) == []
    kept = [refusals.keep("10.0.0.7", "junk", b"x" * 5000) for _ in range(PIECES_A_MINUTE["junk"] + 3)]
    assert kept[0] == b"x" * KEPT_BYTES
    assert kept[-3:] == [None, None, None]
    assert refusals.keep("10.0.0.8", "junk", b"another peer") == b"another peer"
    assert refusals.keep("10.0.0.7", "hj212-refused", b"another kind") == b"another kind"
    assert list(refusals.due(AT + timedelta(seconds=50))) == []
    told = [json.loads(payload) for payload in refusals.due(AT + timedelta(minutes=1))]
    assert told == [
        {
            "left_out": "junk",
            "peer": "10.0.0.7",
            "minute": "2025-03-14T07:30:00+00:00",
            "pieces": 3,
            "bytes": 3 * 5000 + PIECES_A_MINUTE["junk"] * (5000 - KEPT_BYTES),
        }
    ]
    assert refusals.keep("10.0.0.7", "junk", b"a new minute") == b"a new minute"


def test_memory_does_not_grow_with_the_number_of_peers() -> None:
    refusals = Refusals()
    for number in range(PEERS_A_MINUTE + 3000):
        refusals.keep(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", "junk", b"x")
    assert len(refusals._seen) == PEERS_A_MINUTE + 1
    told = [json.loads(payload) for payload in refusals.rest(AT)]
    assert [(each["peer"], each["pieces"]) for each in told] == [("others", 3000 - PIECES_A_MINUTE["junk"])]
