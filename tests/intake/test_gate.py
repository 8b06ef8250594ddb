"""Commands that write or control: closed to everybody and everything, but two persons and the park's own device."""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from xietong.intake.devices import DeviceBook, Rule
from xietong.intake.hj212 import gate
from xietong.intake.hj212.asking import Asker, Order, Wanted
from xietong.intake.hj212.listener import Conditions, Listener
from xietong.journal import JournalWriteError, JournalWriter, read
from xietong.protocols.hj212 import decode
from xietong.protocols.hj212.building import Speaker, build
from xietong.protocols.hj212.tables import COMMANDS, CONTROLLING, FETCHING, READING
from xietong.readings import EntryKind

OWN, THEIRS = "OWN0000000000000000000A1", "010000A8900016F000169DC0"
BOOK = DeviceBook(devices={OWN: Rule(own=True)})
NOW = datetime(2026, 3, 14, 8, tzinfo=UTC)
WISH = gate.Wish(OWN, "1062", {"RtdInterval": "60"})
A, B = gate.Person(1, "王工", "cli:order"), gate.Person(2, "李主任", "web:order")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[JournalWriter]:
    with JournalWriter(tmp_path / "journal", "cli-0") as opened:
        yield opened


def test_two_persons_open_it_for_one_command_and_each_step_is_in_the_journal(
    tmp_path: Path, writer: JournalWriter
) -> None:
    proposal = gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW)
    assert list(gate.waiting(tmp_path)) == []
    assert gate.proposals(tmp_path, NOW) == [(proposal, OWN, "1062", "RtdInterval=60", "王工", NOW)]
    assert gate.proposals(tmp_path, NOW + timedelta(hours=2)) == []
    given = gate.confirm(tmp_path, writer, BOOK, proposal, by=B, now=NOW + timedelta(minutes=5))
    assert gate.proposals(tmp_path, NOW) == []
    assert (given.mn, given.cn, given.content, given.persons) == (OWN, "1062", "RtdInterval=60", ("王工", "李主任"))
    entries = list(read(tmp_path / "journal", "cli-0"))
    notes = [json.loads(entry.payload) for entry in entries]
    assert [
        (entry.origin, note["order"], note["by"], note["account"]) for entry, note in zip(entries, notes, strict=True)
    ] == [
        ("cli:order", "proposed", "王工", 1),
        ("web:order", "confirmed", "李主任", 2),
    ]
    (order,) = gate.waiting(tmp_path)
    assert gate.read(tmp_path, BOOK, order, NOW) == given
    gate.done(order)
    assert list(gate.waiting(tmp_path)) == []
    with pytest.raises(gate.GateClosed, match="confirmed before"):
        gate.confirm(tmp_path, writer, BOOK, proposal, by=B, now=NOW)


@pytest.mark.parametrize("cn", sorted(CONTROLLING))
def test_no_device_but_the_parks_own_is_ever_commanded(tmp_path: Path, writer: JournalWriter, cn: str) -> None:
    for mn in (THEIRS, "UNKNOWN"):
        with pytest.raises(gate.GateClosed, match="not registered as the park's own"):
            gate.propose(tmp_path, writer, BOOK, gate.Wish(mn, cn, {}), by=A, now=NOW)
    proposal = gate.propose(tmp_path, writer, BOOK, gate.Wish(OWN, cn, {}), by=A, now=NOW)
    with pytest.raises(gate.GateClosed, match="not registered as the park's own"):  # it no longer is
        gate.confirm(tmp_path, writer, DeviceBook(), proposal, by=B, now=NOW)
    assert (list(gate.waiting(tmp_path)), writer.durable) == ([], 1)


def test_one_person_is_not_two(tmp_path: Path, writer: JournalWriter) -> None:
    """Not by account, not by name, and nobody at all without an account."""
    proposal = gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW)
    for same in (A, A._replace(name="somebody else"), B._replace(name=" 王工 "), B._replace(name=" ")):
        with pytest.raises(gate.GateClosed, match="two persons"):
            gate.confirm(tmp_path, writer, BOOK, proposal, by=same, now=NOW)
    assert list(gate.waiting(tmp_path)) == []


def test_parameters_cannot_smuggle_in_more(tmp_path: Path, writer: JournalWriter) -> None:
    for word, said in (("RtdInterval", "60;NewPW=1"), ("A=B", "1"), ("A", "1&&"), ("A", "1\r\n##0001"), ("", "1")):
        with pytest.raises(gate.GateClosed, match="cannot be written"):
            gate.propose(tmp_path, writer, BOOK, gate.Wish(OWN, "1062", {word: said}), by=A, now=NOW)
    assert gate.proposals(tmp_path, NOW) == []


def test_what_is_no_command_what_is_too_old_and_what_is_made_up(tmp_path: Path, writer: JournalWriter) -> None:
    with pytest.raises(gate.GateClosed, match="no command that writes"):
        gate.propose(tmp_path, writer, BOOK, gate.Wish(OWN, "2061", {}), by=A, now=NOW)
    proposal = gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW)
    with pytest.raises(gate.GateClosed, match="older than an hour"):
        gate.confirm(tmp_path, writer, BOOK, proposal, by=B, now=NOW + timedelta(hours=2))
    for wrong in ("cli-0/99", "../x", "cli-0/0"):
        with pytest.raises(gate.GateClosed, match="cannot be read"):
            gate.confirm(tmp_path, writer, BOOK, wrong, by=B, now=NOW)


def plant(data: Path, proposal: str, confirmation: str, name: str = "") -> Path:
    """An order that no second person left; under its own name unless told."""
    order = data / "orders" / f"{name or proposal.replace('/', '-')}.json"
    order.parent.mkdir(exist_ok=True)
    order.write_text(json.dumps({"proposal": proposal, "confirmation": confirmation}))
    return order


def confirmed(writer: JournalWriter, proposal: str, by: gate.Person, at: datetime) -> str:
    """The note of a confirmation, written past the gate; its entry."""
    told = {"order": "confirmed", "proposal": proposal, "by": by.name, "account": by.account}
    return f"{writer.name}/{writer.record('note', by.origin, json.dumps(told).encode(), at)}"


def test_a_confirmation_opens_its_own_proposal_only_and_never_to_the_one_who_proposed(
    tmp_path: Path, writer: JournalWriter
) -> None:
    mild, harsh = (gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW) for _ in range(2))
    of_another, of_the_same = confirmed(writer, mild, B, NOW), confirmed(writer, harsh, A, NOW)
    for confirmation in (of_another, of_the_same):
        with pytest.raises(gate.GateClosed, match="not what the journal says"):
            gate.read(tmp_path, BOOK, plant(tmp_path, harsh, confirmation), NOW)
    assert gate.read(tmp_path, BOOK, plant(tmp_path, mild, of_another), NOW).persons == ("王工", "李主任")


@pytest.mark.parametrize(
    ("confirmed_after_s", "read_after_s", "is_open"),
    [(0, 3600, True), (0, 3601, False), (600, 4200, True), (600, 4201, False), (-1, 0, False)],
)
def test_an_order_is_good_for_an_hour_and_no_confirmation_comes_before_its_proposal(
    tmp_path: Path, writer: JournalWriter, confirmed_after_s: int, read_after_s: int, is_open: bool
) -> None:
    proposal = gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW)
    order = plant(tmp_path, proposal, confirmed(writer, proposal, B, NOW + timedelta(seconds=confirmed_after_s)))
    with contextlib.nullcontext() if is_open else pytest.raises(gate.GateClosed, match="too old"):
        gate.read(tmp_path, BOOK, order, NOW + timedelta(seconds=read_after_s))


def test_to_the_hour_a_proposal_waits_and_may_be_confirmed(tmp_path: Path, writer: JournalWriter) -> None:
    proposal = gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW)
    hour = NOW + gate.VALID_FOR
    assert [each.id for each in gate.proposals(tmp_path, hour)] == [proposal]
    (tmp_path / "orders" / "cli-0-0.proposed").write_text("half a fi")  # says nothing, and hides nothing
    (tmp_path / "orders" / "web-0-1.proposed").write_text("half a fi")
    assert [each.id for each in gate.proposals(tmp_path, hour)] == [proposal]
    (tmp_path / "orders" / f"{proposal.replace('/', '-')}.proposed").unlink()  # the journal has it
    assert gate.confirm(tmp_path, writer, BOOK, proposal, by=B, now=hour).proposal == proposal


def test_an_order_is_on_the_disk_whole_before_it_lies_there(
    tmp_path: Path, writer: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe: list[tuple[str, bool]] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if "orders" in path.parts:
            safe.append((path.name, path.is_dir() or path.stat().st_size > 0))
        real(handle)

    proposal = gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW)
    monkeypatch.setattr(os, "fsync", fsync)
    gate.confirm(tmp_path, writer, BOOK, proposal, by=B, now=NOW)
    (order,) = gate.waiting(tmp_path)
    assert safe[-2:] == [(f"{order.stem}.half", True), ("orders", True)]
    safe.clear()
    gate.done(order)
    assert safe == [("orders", True)]  # else a power cut would give it again
    order.write_text("half a fi")
    with pytest.raises(gate.GateClosed, match="the order cannot be read"):
        gate.read(tmp_path, BOOK, order, NOW)


def test_a_planted_order_is_not_carried_out(tmp_path: Path, writer: JournalWriter) -> None:
    """A file alone opens nothing: both acts must be in the journal, by their origin and by two persons."""
    ours = gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW)
    told = {"order": "confirmed", "proposal": ours, "by": "b", "account": 2}
    elsewhere = writer.record("note", "tcp:1.2.3.4:5", json.dumps(told).encode(), NOW)
    by_device = writer.record("hj212", A.origin, json.dumps(told).encode(), NOW)
    made_up = [
        {**told, "by": "王工 "},
        {**told, "account": 1},
        {**told, "account": "2"},
        {"order": "confirmed", "proposal": ours, "by": "b"},
    ]
    same = [writer.record("note", A.origin, json.dumps(each).encode(), NOW) for each in made_up]
    for confirmation in (*(f"cli-0/{each}" for each in (elsewhere, by_device, *same)), ours, "cli-0/77"):
        order = plant(tmp_path, ours, confirmation, "planted")
        with pytest.raises(gate.GateClosed, match="under its own name"):
            gate.read(tmp_path, BOOK, order, NOW)
        order = plant(tmp_path, ours, confirmation)
        with pytest.raises(gate.GateClosed, match=r"journal says|cannot be read|no proposal or confirmation"):
            gate.read(tmp_path, BOOK, order, NOW)
    order.unlink()
    closed = DeviceBook()
    good = gate.confirm(tmp_path, writer, BOOK, ours, by=B, now=NOW)
    (real,) = (path for path in gate.waiting(tmp_path) if path.name != "planted.json")
    assert gate.read(tmp_path, BOOK, real, NOW) == good
    with pytest.raises(gate.GateClosed, match="park's own"):
        gate.read(tmp_path, closed, real, NOW)  # no longer registered


@pytest.mark.parametrize("is_given", [False, True])
def test_a_copy_of_an_order_is_not_given_again(tmp_path: Path, writer: JournalWriter, is_given: bool) -> None:
    """A proposal is given once at most, whatever its file is copied to and when."""
    proposal = gate.propose(tmp_path, writer, BOOK, WISH, by=A, now=NOW)
    gate.confirm(tmp_path, writer, BOOK, proposal, by=B, now=NOW)
    (order,) = gate.waiting(tmp_path)
    said = order.read_bytes()
    if is_given:
        gate.done(order)
        order.write_bytes(said)
    for name in ("copy.json", f"{order.stem}-2.json", f"a/../{order.stem}-3.json"):
        (order.parent / "a").mkdir(exist_ok=True)
        (order.parent / name).write_bytes(said)
    passed = []
    for path in gate.waiting(tmp_path):
        with contextlib.suppress(gate.GateClosed):
            passed.append(gate.read(tmp_path, BOOK, path, NOW))
            gate.done(path)
    assert len(passed) == (0 if is_given else 1)


def ordered(data: Path, writer: JournalWriter) -> tuple[Path, gate.Command]:
    """A command of two persons that waits for its device."""
    given = gate.confirm(data, writer, BOOK, gate.propose(data, writer, BOOK, WISH, by=A, now=NOW), by=B, now=NOW)
    (order,) = gate.waiting(data)
    return order, given


def test_what_the_journal_has_as_given_is_never_given_again_whatever_becomes_of_its_files(
    tmp_path: Path, writer: JournalWriter
) -> None:
    order, given = ordered(tmp_path, writer)
    said = order.read_bytes()
    gate.give(tmp_path, order, given, NOW)
    (note,) = read(tmp_path / "journal", "orders-0")
    told = {"order": "given", "proposal": given.proposal, "confirmation": given.confirmation}
    assert (note.kind, note.origin, json.loads(note.payload)) == ("note", "intake:order", told)
    assert list(gate.waiting(tmp_path)) == []

    (done,) = (tmp_path / "orders").iterdir()
    done.unlink()  # or moved away
    order.write_bytes(said)
    with pytest.raises(gate.GateClosed, match="given before"):
        gate.read(tmp_path, BOOK, order, NOW)
    order.unlink()
    (tmp_path / "orders" / f"{order.stem}.proposed").write_text(json.dumps({"proposal": given.proposal}))
    assert gate.proposals(tmp_path, NOW) == []
    with pytest.raises(gate.GateClosed, match="confirmed before"):
        gate.confirm(tmp_path, writer, BOOK, given.proposal, by=B, now=NOW)

    other, next_one = ordered(tmp_path, writer)  # another command is another
    with JournalWriter(tmp_path / "journal", "orders-0") as theirs:  # what others note there gives nothing
        theirs.record("note", "cli:order", json.dumps({"proposal": next_one.proposal}).encode(), NOW)
    assert gate.read(tmp_path, BOOK, other, NOW) == next_one
    (segment,) = (tmp_path / "journal" / "orders-0").glob("*.seg")
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(b'"given"', b'"gIven"'))
    with pytest.raises(gate.GateClosed, match="cannot be read whole"):
        gate.read(tmp_path, BOOK, other, NOW)


def test_an_order_that_cannot_be_noted_is_not_given_and_waits(
    tmp_path: Path, writer: JournalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, given = ordered(tmp_path, writer)
    with monkeypatch.context() as full:
        full.setattr(os, "fdatasync", _no_room)
        with pytest.raises(JournalWriteError):
            gate.give(tmp_path, order, given, NOW)
    assert list(gate.waiting(tmp_path)) == [order]


def _no_room(_handle: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_listener_sends_an_order_once_and_never_again_after_a_restart(tmp_path: Path, writer: JournalWriter) -> None:
    """Whoever brings the order back, and takes its .done away, while the platform stands."""
    (tmp_path / "devices.toml").write_text(f"[device.{OWN}]\nown = true\n")
    order, _ = ordered(tmp_path, writer)
    said = order.read_bytes()
    assert [decode(raw).cn for raw in swept(tmp_path)] == ["1062"]
    for path in (tmp_path / "orders").iterdir():
        path.unlink()
    order.write_bytes(said)
    assert swept(tmp_path) == []
    assert list(gate.waiting(tmp_path)) == []


def swept(data: Path) -> list[bytes]:
    """What a new listener sends to the device, which is there, as it sweeps."""
    line = Line()

    async def run() -> None:
        with JournalWriter(data / "journal", "intake-0") as journal:
            listener = Listener(journal, data, Conditions(clock=lambda: NOW, sweep=0.01))
            frame = build(Speaker(OWN, st="31"), "2061", "20260314070000123", "DataTime=20260314060000")
            listener._asker.met(OWN, line, frame)
            sweeping = asyncio.create_task(listener.sweep())
            await asyncio.sleep(0.1)
            sweeping.cancel()
            await listener.finish()

    asyncio.run(run())
    return line.sent


class Line:
    """A connection that remembers what was sent."""

    origin = "tcp:127.0.0.1:5"
    is_open = True

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, raw: bytes) -> None:
        self.sent.append(raw)


def asked(data: Path, told: list[dict[str, object]], order: Order | None = None) -> tuple[list[bytes], list[EntryKind]]:
    """What leaves and what is kept when requests.json says so."""
    (data / "requests.json").write_text(json.dumps({"positions": {}, "requests": told}))
    line, kinds = Line(), []

    async def run() -> None:
        def keep(kind: EntryKind, origin: str, payload: bytes) -> "tuple[int, asyncio.Future[None]]":
            kinds.append(kind)
            safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            safe.set_result(None)
            return len(kinds), safe

        asker = Asker(data, "intake-0", keep, lambda: BOOK, lambda: NOW)
        for mn in (OWN, THEIRS):
            asker.met(mn, line, build(Speaker(mn, st="31"), "2061", "20260314070000123", "DataTime=20260314060000"))
        asker.tick(0.0)
        if order is not None and asker.can_take(order.wanted.mn):
            asker.command(order, 0.0)
        await asyncio.sleep(0)

    asyncio.run(run())
    return line.sent, kinds


def test_no_command_but_the_asking_ones_comes_from_requests_json(tmp_path: Path) -> None:
    for each in sorted({command.cn for command in COMMANDS} | {"9999"}):
        for mn in (OWN, THEIRS):
            sent, kinds = asked(tmp_path, [{"mn": mn, "cn": each, "begin": None, "end": None}])
            assert [decode(raw).cn for raw in sent] == ([each] if each in FETCHING | READING else [])
            assert kinds == ["hj212-sent"] * len(sent)


def test_an_order_of_two_persons_is_sent_as_it_was_given(tmp_path: Path) -> None:
    order = Order(Wanted(OWN, "1062", None, None), "cli-0/1", "RtdInterval=60")
    ((raw,), kinds) = asked(tmp_path, [], order)
    got = decode(raw)
    assert (got.mn, got.cn, got.parameters, got.flag) == (OWN, "1062", {"RtdInterval": "60"}, 5)
    assert kinds == ["hj212-sent"]


@pytest.mark.parametrize("disk", ["slow", "refuses"])
def test_nothing_leaves_before_it_is_safe_in_the_journal(tmp_path: Path, disk: str) -> None:
    (tmp_path / "requests.json").write_text(
        json.dumps({"positions": {}, "requests": [{"mn": THEIRS, "cn": "1011", "begin": None, "end": None}]})
    )
    line = Line()

    async def run() -> None:
        safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asker = Asker(tmp_path, "intake-0", lambda *_: (1, safe), lambda: BOOK, lambda: NOW)
        asker.met(THEIRS, line, build(Speaker(THEIRS, st="31"), "2061", "20260314070000123", ""))
        asker.tick(0.0)
        await asyncio.sleep(0)
        assert line.sent == []
        if disk == "refuses":
            safe.set_exception(OSError("no space"))
        else:
            safe.set_result(None)
        await asyncio.sleep(0)

    asyncio.run(run())
    assert len(line.sent) == (0 if disk == "refuses" else 1)


def test_who_makes_up_names_takes_nobodys_place(tmp_path: Path) -> None:
    def keep(kind: EntryKind, origin: str, payload: bytes) -> "tuple[int, asyncio.Future[None]]":
        raise AssertionError(kind, origin, payload)

    asker = Asker(tmp_path, "intake-0", keep, lambda: BOOK, lambda: NOW)
    inventor, honest = Line(), Line()
    for number in range(30_000):
        asker.met(f"MADE{number}", inventor, b"x")
    asker.met(OWN, honest, b"x")
    assert asker.knows(OWN, honest)
    assert not asker.knows("MADE29999", inventor)
    asker.left(inventor, 0.0)
    assert not asker.knows("MADE0", inventor)
