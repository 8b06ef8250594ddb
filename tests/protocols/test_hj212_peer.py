"""An exchange as devices answer it, well and badly: time-outs, retries, refusals, another QN or ST, no data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.protocols.hj212 import Frame, decode
from xietong.protocols.hj212.building import Speaker, asking, build
from xietong.protocols.hj212.content import read_time
from xietong.protocols.hj212.peer import Exchange, Patience, Request

SPEAKER = Speaker("010000A8900016F000169DC0", st="31")
QN, EARLIER, OTHER = "20260314120000123", "20260314110000123", "20260314120001999"
BEGIN, END = read_time("20260314080000"), read_time("20260314090000")


def exchange() -> Exchange:
    assert BEGIN is not None
    assert END is not None
    raw = build(SPEAKER, "2061", QN, asking(BEGIN, END))
    return Exchange(Request(SPEAKER.mn, "2061", QN, raw, BEGIN, END), Patience(10.0, 3), 0.0, EARLIER)


def begun() -> Exchange:
    started = exchange()
    assert started.due(0.0) is not None
    return started


def says(cn: str, content: str, qn: str = QN, mn: str = SPEAKER.mn) -> Frame:
    return decode(build(SPEAKER._replace(mn=mn), cn, qn, content, asks=False))


HOUR = "DataTime=20260314080000;a21026-Avg=1,a21026-Flag=N"


def test_it_is_sent_three_times_ten_seconds_apart_and_then_the_device_was_silent() -> None:
    waiting = exchange()
    sent = [second for second in range(60) if waiting.due(float(second)) is not None]
    assert sent == [0, 10, 20]
    assert waiting.result == ("silent", "", 0)
    assert waiting.due(99.0) is None


def test_a_9011_ends_the_sending_and_data_keep_it_alive() -> None:
    waiting = begun()
    assert waiting.heard(says("9011", "QnRtn=1"), 5.0)
    assert [waiting.due(second) for second in (10.0, 20.0, 34.0)] == [None] * 3
    assert waiting.heard(says("2061", HOUR, OTHER), 34.0)
    assert waiting.due(60.0) is None
    assert waiting.result is None
    assert waiting.due(64.0) is None
    assert waiting.result == ("unfinished", "", 1)


@pytest.mark.parametrize(
    ("cn", "content", "outcome", "code"),
    [
        ("9011", "QnRtn=2", "refused", "2"),
        ("9011", "QnRtn=3", "refused", "3"),
        ("9012", "ExeRtn=1", "done", "1"),
        ("9012", "ExeRtn=100", "no_data", "100"),
        ("9012", "ExeRtn=5", "failed", "5"),
        ("9012", "", "done", ""),
    ],
)
def test_how_it_ends(cn: str, content: str, outcome: str, code: str) -> None:
    waiting = begun()
    assert waiting.heard(says(cn, content), 1.0)
    assert waiting.result == (outcome, code, 0)
    assert not waiting.heard(says("9012", "ExeRtn=1"), 2.0)


def test_what_belongs_and_what_does_not() -> None:
    waiting = begun()
    assert waiting.heard(says("2061", HOUR, OTHER), 1.0)  # before any 9011, with a QN of its own
    assert not waiting.heard(says("2061", HOUR.replace("14080000", "14100000"), OTHER), 1.0)  # not asked for
    assert not waiting.heard(says("2051", HOUR, OTHER), 1.0)
    assert not waiting.heard(says("9012", "ExeRtn=1", mn="010000A8900016F000169DC1"), 1.0)
    assert not waiting.heard(says("9012", "ExeRtn=1", EARLIER), 1.0)  # late, to the exchange before
    assert waiting.heard(says("9012", "ExeRtn=1", OTHER), 1.0)  # annex C.43 prints another QN
    assert waiting.result == ("done", "1", 1)


def test_nothing_is_heard_before_it_is_sent_and_a_cut_connection_is_no_silence() -> None:
    waiting = exchange()
    assert not waiting.heard(says("9011", "QnRtn=1"), 0.0)
    waiting.due(0.0)
    waiting.cut()
    assert waiting.result == ("cut", "", 0)


FRAMES = st.sampled_from(
    [
        says("9011", "QnRtn=1"),
        says("9011", "QnRtn=2"),
        says("9011", "QnRtn=1", OTHER),
        says("9012", "ExeRtn=1", EARLIER),
        says("2061", HOUR, OTHER),
        says("9013", ""),
        decode(b"##0000FFFF"),
        decode(b"junk"),
    ]
)


@given(st.lists(FRAMES | st.binary(max_size=60).map(decode) | st.none(), max_size=30), st.integers(1, 12))
def test_whatever_is_heard_it_ends_and_sends_at_most_three_times(heard: list[Frame | None], step: int) -> None:
    waiting, now, sent = exchange(), 0.0, 0
    for each in [*heard, *[None] * 40]:
        sent += waiting.due(now) is not None
        if each is not None:
            waiting.heard(each, now)
        now += step
    waiting.due(now + 1000)
    assert waiting.result is not None
    assert sent <= 3


def test_a_command_to_stop_is_answered_by_a_notice_alone() -> None:
    """Annex C.11 and C.13: 2012 and 2022 have neither 9011 nor 9012; of other commands a 9013 says nothing."""
    for cn, ends in (("2012", True), ("2022", True), ("1062", False)):
        asked = Exchange(Request(SPEAKER.mn, cn, QN, build(SPEAKER, cn, QN, "")), Patience(), 0.0)
        assert asked.due(0.0) is not None
        assert asked.heard(says("9013", "", OTHER), 1.0) is ends
        assert asked.result == (("done", "", 0) if ends else None)
