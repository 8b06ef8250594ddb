"""Who may speak: passwords, addresses, keys. Strangers are kept; what a rule refuses is evidence all the same."""

import ipaddress

from xietong.intake.devices import DeviceBook, Rule
from xietong.intake.hj212.callers import Caller, is_within
from xietong.intake.hj212.pace import Pace, Paces, Rate
from xietong.protocols.hj212 import Piece, Splitter, decode, frame
from xietong.protocols.hj212.building import Part, Speaker, build
from xietong.protocols.hj212.sealing import seal

MN, QN = "010000A8900016F000169DC0", "20260314070000123"
KEY = bytes([0x30] * 16)
BOOK = DeviceBook(
    devices={
        MN: Rule(password="654321", addresses=(ipaddress.ip_network("192.168.1.0/24"),)),
        "SEALED": Rule(sm4_keys=(bytes(16), KEY)),
    }
)
CONTENT = "DataTime=20260314060000;a21026-Avg=1,a21026-Flag=N"


def data(mn: str = MN, pw: str = "654321", part: Part | None = None) -> bytes:
    return build(Speaker(mn, pw, "31"), "2061", QN, CONTENT, part=part)


def pieces(*frames: bytes) -> list[Piece]:
    splitter = Splitter()
    return [*splitter.feed(b"".join(frames)), *splitter.flush()]


def caller(host: str = "192.168.1.7", book: DeviceBook = BOOK) -> Caller:
    return Caller(host, f"tcp:{host}:5", lambda: book)


def test_a_device_that_keeps_its_rules_is_kept_and_answered() -> None:
    judged = caller().judge(pieces(data(), data("STRANGER", "000000")))
    assert [each.kind for each in judged.kept] == ["hj212", "hj212"]
    assert judged.answers.count(b"CN=9014") == 2
    assert judged.spoke == {MN: data(), "STRANGER": data("STRANGER", "000000")}


def test_a_wrong_password_or_address_is_refused_with_its_reason_and_not_answered() -> None:
    wrong = caller().judge(pieces(data(pw="123456"), data()))
    assert [(each.kind, each.origin) for each in wrong.kept] == [
        ("hj212-refused", "tcp:192.168.1.7:5#password"),
        ("hj212", "tcp:192.168.1.7:5"),
    ]
    assert wrong.answers.count(b"CN=9014") == 1
    elsewhere = caller("10.0.0.9").judge(pieces(data()))
    assert [each.origin for each in elsewhere.kept] == ["tcp:10.0.0.9:5#address"]
    assert (elsewhere.answers, elsewhere.spoke) == (b"", {})


def test_a_changed_rule_holds_for_connections_that_are_open() -> None:
    books = [BOOK]
    open_line = Caller("192.168.1.7", "tcp:192.168.1.7:5", lambda: books[0])
    assert open_line.judge(pieces(data())).kept[0].kind == "hj212"
    books[0] = DeviceBook(devices={MN: Rule(password="999999")})
    assert open_line.judge(pieces(data())).kept[0].kind == "hj212-refused"


def test_a_sealed_frame_is_answered_only_where_a_key_opens_it() -> None:
    plain = data("SEALED", "123456")
    sealed = seal(plain[6:-6], KEY)
    judged = caller().judge(pieces(sealed))
    assert [(each.kind, each.raw) for each in judged.kept] == [("hj212", sealed)]
    assert decode(judged.answers).cn == "9014"
    stranger = seal(data("NOKEY", "123456")[6:-6], KEY)
    refused = caller().judge(pieces(stranger))
    assert [(each.kind, each.raw) for each in refused.kept] == [("hj212-refused", stranger)]
    assert refused.answers == b""


def test_junk_bad_frames_and_parts_are_told_apart() -> None:
    bad = data()[:-6] + b"FFFF\r\n"
    judged = caller().judge(pieces(b"junk" * 3, bad, data(part=Part(2, 1))))
    assert [each.kind for each in judged.kept] == ["junk", "hj212-refused", "hj212"]
    assert judged.has_parts
    assert not caller().judge(pieces(data())).has_parts
    segment = data()[6:-6]
    for unsaid in (
        segment.replace(b"Flag=5;", b"Flag=5;PNO=1;PNUM=2;"),
        segment.replace(b"Flag=5;", b"FLAG=5;PNUM=2;PNO=1;"),
    ):
        assert caller().judge(pieces(frame(unsaid))).has_parts  # bit D of the Flag does not say so


def test_an_answer_of_a_device_is_no_sample_of_how_it_sends_data() -> None:
    answer = build(Speaker(MN, "654321", "31"), "9012", QN, "ExeRtn=1")
    assert caller().judge(pieces(answer)).spoke == {MN: b""}
    assert caller().judge(pieces(data(), answer)).spoke == {MN: data()}


def test_addresses() -> None:
    networks = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fe80::/10"))
    inside = ["10.1.2.3", "::ffff:10.1.2.3", "fe80::1%eth0"]
    assert [is_within(host, networks) for host in [*inside, "11.0.0.1", "no address"]] == [True] * 3 + [False] * 2


def test_a_pace_lets_a_burst_through_and_then_its_rate() -> None:
    pace = Pace(Rate(steady=10.0, burst=100.0), 0.0)
    assert pace.wait(100, 0.0) == 0.0
    assert pace.wait(20, 0.0) == 2.0
    assert pace.wait(0, 2.0) == 0.0
    assert pace.wait(1, 2.0) == 0.1
    assert pace.wait(100, 1000.0) == 0.0  # rested: the whole burst is there again, and no more
    assert pace.wait(10, 1000.0) == 1.0


def test_of_too_many_names_the_one_silent_longest_is_forgotten_and_nobody_else() -> None:
    """Whoever makes up names costs no memory without end, and frees no device that is being heard of its pace."""
    paces = Paces(Rate(steady=1.0, burst=10.0), most=3)
    assert paces.wait("NOISY", 10, 0.0) == 0.0
    for number in range(50):
        assert paces.wait(f"MADE{number}", 1, 0.0) == 0.0
        assert paces.wait("NOISY", 1, 0.0) == number + 1
        assert len(paces) <= 3
    for number in range(3):
        paces.wait(f"MORE{number}", 1, 0.0)
    assert paces.wait("NOISY", 10, 0.0) == 0.0  # not heard of for three others
