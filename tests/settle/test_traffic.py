"""Permuted, repeated, delayed, split and merged traffic settles to the same readings as in order and exactly once."""

import os
import random
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from settle_folder import Folder
from traffic import BEGIN, Message, entries, mangled, messages, said, through_tcp

from xietong.journal import JournalWriter
from xietong.protocols.hj212 import ColumnReader, Piece, decode, frame
from xietong.protocols.hj212.building import Part, Speaker, build, number, stamp
from xietong.protocols.hj212.parts import MOST_OF_A_DEVICE, Parts
from xietong.readings import Entry
from xietong.settle.taking import take

# The long runs begin at this seed: several at once, or other histories each time.
FIRST = int(os.environ.get("XIETONG_FIRST", "10000"))
SPEAKER = Speaker("010000A8900016F000169DC0", st="31")


def in_order(sent: list[Message]) -> list[Entry]:
    return entries((float(number), Piece("hj212", message.whole())) for number, message in enumerate(sent))


def histories(first: int, count: int) -> None:
    for seed in range(first, first + count):
        dice = random.Random(seed)
        sent = messages(dice)
        history = entries(through_tcp(mangled(sent, dice), dice))
        assert said(history) == said(in_order(sent)), f"seed {seed}"


def test_histories_settle_as_if_in_order_and_once() -> None:
    histories(0, 100)


@pytest.mark.slow
def test_two_thousand_histories_settle_as_if_in_order_and_once() -> None:
    histories(0, 2_000)


@pytest.mark.long
def test_a_hundred_thousand_histories() -> None:
    histories(FIRST, int(os.environ.get("XIETONG_HISTORIES", "100000")))


def test_a_restart_anywhere_remembers_the_same_parts() -> None:
    """Reading again from the floor gives what was not settled, and nothing of what was."""
    for seed in range(60):
        dice = random.Random(seed)
        history = entries(through_tcp(mangled(messages(dice), dice), dice))
        at = dice.randrange(len(history))
        before = Parts()
        first = said(history[:at], before)
        floor = at if before.since is None else before.since - 1
        again, reader = Parts(), ColumnReader()
        for entry in history[floor:at]:  # settled already: only remembered
            take(entry, again, reader, lambda _: ())
        assert first | said(history[at:], again) == said(history), f"seed {seed}"


def lake_histories(folder: Path, first: int, count: int) -> None:
    for seed in range(first, first + count):
        dice = random.Random(seed)
        sent = messages(dice)
        history = entries(through_tcp(mangled(sent, dice), dice))
        data = folder / str(seed)
        with JournalWriter(data / "journal", "intake-0") as writer:
            settler = Folder(data).settler()
            for entry in history:
                writer.append(entry.kind, entry.origin, entry.payload, entry.received_at)
                if dice.random() < 0.1:
                    writer.commit()
                    settler.step()
                if dice.random() < 0.05:
                    settler = Folder(data).settler()  # the former one died
            writer.commit()
        Folder(data).settler().run(Event(), once=True)
        rows = Folder(data).rows()
        assert {(a, at, str(float(v)), f) for a, at, v, f, _ in rows} == said(in_order(sent)), f"seed {seed}"


@pytest.mark.slow
def test_forty_histories_with_deaths_in_a_real_lake(tmp_path: Path) -> None:
    lake_histories(tmp_path, 0, 40)


@pytest.mark.long
def test_two_thousand_histories_in_a_real_lake(tmp_path: Path) -> None:
    lake_histories(tmp_path, FIRST, int(os.environ.get("XIETONG_LAKES", "2000")))


def part(number: int, of: int, content: str, qn: str = "20260314090000000") -> bytes:
    return build(SPEAKER, "2061", qn, content, part=Part(of, number))


def settled(*timed: tuple[float, bytes]) -> list[list[str]]:
    """What each entry gives: its values, and "gap" with the missing numbers."""
    parts, reader, found = Parts(), ColumnReader(), []
    for entry in entries((seconds, Piece("hj212", raw)) for seconds, raw in timed):
        taken = take(entry, parts, reader, lambda _: ())
        assert taken.columns is None
        found.append([str(each.value) for each in taken.readings] + [f"gap {list(gap.missing)}" for gap in taken.gaps])
    return found


ONE = "DataTime=20260314080000;a21026-Avg=1,a21026-Flag=N"
TWO = "DataTime=20260314080000;a21002-Avg=2,a21002-Flag=N"


def test_a_message_gives_its_readings_when_its_last_part_is_there_and_once() -> None:
    one, two = part(1, 2, ONE), part(2, 2, TWO)
    assert settled((0, one), (1, two), (2, one), (3, two)) == [[], ["1", "2"], [], [], []]
    assert settled((0, two), (1, two), (2, one)) == [[], [], ["1", "2"], []]


def test_a_missing_part_is_waited_for_30_seconds_then_the_rest_is_given_with_its_gap() -> None:
    one, two = part(1, 2, ONE), part(2, 2, TWO)
    assert settled((0, one)) == [[], ["1", "gap [2]"]]
    assert settled((0, one), (29, one), (58, two)) == [[], [], ["1", "2"], []]  # each part begins the wait anew
    assert settled((0, one), (31, two)) == [[], ["1", "2", "gap [2]"], []]  # late, but given


def test_a_number_cut_in_two_is_never_read_as_half_of_it() -> None:
    cut = "DataTime=20260314080000;a21026-Avg=12.5,a21026-Flag=N;a21002-Avg=40.1,a21002-Flag=D"
    place = cut.index("0.1")
    assert settled((0, part(1, 2, cut[:place])), (1, part(2, 2, cut[place:])))[1] == ["12.5", "40.1"]
    # The second part is lost: 4 is no value of a21002.
    assert settled((0, part(1, 2, cut[:place]))) == [[], ["12.5", "gap [2]"]]
    # The first is lost: without a DataTime nothing can be placed, and that is a gap too.
    assert settled((0, part(2, 2, cut[place:]))) == [[], ["gap [1]"]]


def test_a_differing_part_is_kept_as_a_second_version() -> None:
    other = ONE.replace("Avg=1", "Avg=9")
    given = settled((0, part(1, 2, ONE)), (1, part(2, 2, TWO)), (2, part(1, 2, other)))
    assert given == [[], ["1", "2"], ["9"], []]


def test_parts_of_two_devices_do_not_meet() -> None:
    there = part(2, 2, TWO).replace(b"C0;Flag", b"C1;Flag")
    stranger = build(SPEAKER._replace(mn=SPEAKER.mn[:-1] + "1"), "2061", "20260314090000000", TWO, part=Part(2, 2))
    assert there != stranger
    assert settled((0, part(1, 2, ONE)), (1, stranger))[1] == []


def test_annex_c_50_is_put_together_though_its_qn_changes() -> None:
    first, second = (
        part(number, 2, content, f"2016080108585753{3 + number}") for number, content in ((1, ONE), (2, TWO))
    )
    assert settled((0, first), (1, second))[1] == ["1", "2"]
    assert BEGIN.year == 2026


def test_pno_may_stand_before_pnum_and_the_flag_may_not_say_so() -> None:
    """Loggers write PNO before PNUM, or leave bit D out of the Flag: the part is a part, the Flag's fault is named."""
    head = f"QN=20260314090000000;ST=31;CN=2061;PW=123456;MN={SPEAKER.mn};Flag="
    turned = frame(f"{head}7;PNO=1;PNUM=2;CP=&&{ONE}&&")
    unsaid = frame(f"{head}5;PNUM=2;PNO=2;CP=&&{TWO}&&")
    assert settled((0, turned), (1, unsaid)) == [[], ["1", "2"], []]
    assert (decode(turned).errors, decode(unsaid).errors) == ((), ("flag",))
    alone = frame(f"{head}7;PNUM=1;PNO=1;CP=&&{ONE}&&")
    plain = frame(f"{head}5;CP=&&{ONE}&&")
    assert said(entries([(0.0, Piece("hj212", alone))])) == said(entries([(0.0, Piece("hj212", plain))]))


def test_a_device_that_never_ends_its_messages_holds_little_and_delays_nobody() -> None:
    """Its own oldest messages are given as they are; what waits for another device goes on waiting."""
    parts, reader = Parts(), ColumnReader()
    honest = (part(1, 2, ONE), part(2, 2, TWO))
    flood = [
        build(
            SPEAKER._replace(mn="FLOOD"),
            "2011",
            number(BEGIN),
            f"DataTime={stamp(at)};a1-Rtd={place},a1-Flag=N",
            part=Part(9, 1),
        )
        for place, at in enumerate(BEGIN + timedelta(seconds=second) for second in range(3_000))
    ]
    again = [
        build(SPEAKER._replace(mn="AGAIN"), "2011", number(BEGIN), f"{ONE};b1-Rtd={place},b1-Flag=N", part=Part(2, 1))
        for place in range(1_000)
    ]
    timed = [(0.001 * place, Piece("hj212", raw)) for place, raw in enumerate([honest[0], *flood, *again, honest[1]])]
    given: dict[str, int] = {}
    for entry in entries(timed):
        for each in take(entry, parts, reader, lambda _: ()).readings:
            mn = each.address.partition("/")[0]
            given[mn] = given.get(mn, 0) + 1
        assert parts.held <= 2 * MOST_OF_A_DEVICE
    assert given[f"hj212:{SPEAKER.mn}"] == 2
    assert given["hj212:FLOOD"] == 3_000  # nothing is lost
    assert given["hj212:AGAIN"] == 1_000 + 1
