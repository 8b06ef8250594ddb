"""Who makes way where there are too many connections, held against the rule as it reads."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from xietong.intake.hj212.room import Room

MOST, MOST_A_PEER = 6, 5


@dataclass(frozen=True)
class Seat:
    peer: str
    number: int


def goes(heard: list[Seat], newcomer: Seat) -> Seat | None:
    """heard: those in the room, the one silent longest first."""
    own = [each for each in heard if each.peer == newcomer.peer]
    if len(own) < MOST_A_PEER and len(heard) < MOST:
        return None
    greedy = [each for each in heard if 2 * sum(other.peer == each.peer for other in heard) > MOST]
    return (own or greedy or heard)[0]


ACTS = st.lists(st.tuples(st.sampled_from(["enter", "heard", "leave"]), st.sampled_from("AABC"), st.integers(0, 9)))


@given(ACTS)
def test_the_one_that_goes_is_the_one_of_the_rule(acts: list[tuple[str, str, int]]) -> None:
    room: Room[Seat] = Room(MOST, MOST_A_PEER)
    heard: list[Seat] = []
    for number, (act, peer, place) in enumerate(acts):
        if act == "enter":
            newcomer = Seat(peer, number)
            gone = goes(heard, newcomer)
            assert room.enter(newcomer) == gone
            heard = [each for each in heard if each != gone] + [newcomer]
        elif heard:
            seat = heard.pop(place % len(heard))
            if act == "heard":
                room.heard(seat)
                heard.append(seat)
            else:
                room.leave(seat)
        assert list(room) == heard
        assert all(room.of(each) == sum(seat.peer == each for seat in heard) for each in "ABC")


def test_after_a_power_failure_every_device_behind_one_gateway_comes_in_and_the_silent_connections_go() -> None:
    room: Room[Seat] = Room(1_200, 1_200)
    before, after = (
        [Seat("A", number) for number in range(1_000)],
        [Seat("A", number) for number in range(5_000, 6_000)],
    )
    for each in before:
        assert room.enter(each) is None
    gone = [room.enter(each) for each in after]
    assert gone == [None] * 200 + before[:800]
    assert set(after) < set(room)


def test_an_address_with_more_than_half_makes_way_for_a_newcomer_and_not_the_one_silent_longest_of_all() -> None:
    room: Room[Seat] = Room(6, 6)
    for each in (quiet := Seat("B", 0), other := Seat("C", 1), *(greedy := [Seat("A", number) for number in range(4)])):
        assert room.enter(each) is None
    assert room.enter(newcomer := Seat("D", 9)) == greedy[0]
    assert list(room) == [quiet, other, *greedy[1:], newcomer]
    assert room.enter(Seat("E", 10)) == quiet  # three of six are no more than half
