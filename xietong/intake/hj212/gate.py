"""The gate of commands that write or control: closed, unless two persons open it for one command to a park's device.

A park may not alter an enterprise's regulated monitor (环发 2015-175, art. 4). A command is proposed by one person and
confirmed by another, each in an entry of the journal; only then an order file exists, and the listener carries it out
only after it has found both entries in the journal itself, and none that says that it was given before. Nothing in
data, and no other file, leads here. That the persons are who they say is settled above, where accounts are known
(xietong.park.ordering).
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from xietong.intake.devices import DeviceBook
from xietong.intake.opening import open_journal
from xietong.journal import (
    UNFINISHED,
    JournalError,
    JournalReader,
    JournalWriter,
    find,
    make_folder,
    names,
    sync_folder,
)
from xietong.protocols.hj212.building import parameters
from xietong.protocols.hj212.tables import CONTROLLING, command
from xietong.texts import Text

# Where a person signed in to act: on a page, or with their password on the command line.
ORIGINS = ("web:order", "cli:order")
VALID_FOR = timedelta(hours=1)
# What was given is noted in a journal of its own, an entry an order, so that it can be looked through at each order.
GIVEN_JOURNAL, GIVEN_ORIGIN = "orders", "intake:order"
_WORD, _SAID = re.compile(r"[A-Za-z0-9-]{1,40}"), re.compile(r"[^\s;,=&#\x00-\x1f]{0,200}")


class GateClosed(Exception):
    """A command that may not be given; text says why and what would have to be so."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Text(zh, en)
        super().__init__(en)


class Person(NamedTuple):
    """Somebody who has signed in: the account's number and name, and where they did (one of ORIGINS)."""

    account: int
    name: str
    origin: str


class Wish(NamedTuple):
    """A command that somebody wants given: to which device, which one, with what parameters."""

    mn: str
    cn: str
    parameters: Mapping[str, str]


class Command(NamedTuple):
    """A command as it was proposed and confirmed."""

    proposal: str
    confirmation: str
    mn: str
    cn: str
    content: str
    persons: tuple[str, str]
    confirmed_at: datetime


class Proposal(NamedTuple):
    """A command that waits for its second person."""

    id: str
    mn: str
    cn: str
    content: str
    by: str
    at: datetime


def propose(data: Path, writer: JournalWriter, book: DeviceBook, wish: Wish, *, by: Person, now: datetime) -> str:
    """The first person's act; returns the id of its entry, by which the second confirms. Raises GateClosed."""
    _may_be_commanded(book, wish.mn, wish.cn)
    for word, said in wish.parameters.items():
        if not _WORD.fullmatch(word) or not _SAID.fullmatch(said):
            raise GateClosed(
                f"参数 {word}={said} 不能这样写，命令没有提议；请改正后再试。",
                f"the parameter {word}={said} cannot be written like that, so nothing was proposed; correct it.",
            )
    told = {"order": "proposed", "mn": wish.mn, "cn": wish.cn, "parameters": dict(wish.parameters), **_signed(by)}
    proposal = f"{writer.name}/{writer.record('note', by.origin, _json(told), now)}"
    _leave(_proposed_file(data, proposal), {"proposal": proposal})
    return proposal


def proposals(data: Path, now: datetime) -> list[Proposal]:
    """The commands that wait for their second person and may still be confirmed, the oldest first."""
    found = []
    for path in (data / "orders").glob("*.proposed"):
        try:
            proposal = str(json.loads(path.read_bytes())["proposal"])
            told, at = _told(data, proposal, "proposed")
        except (OSError, ValueError, TypeError, LookupError, GateClosed):
            continue
        if now - at <= VALID_FOR and not _order_of(data, proposal).exists() and not _was_given(data, proposal):
            content = _content(told)
            found.append(
                Proposal(proposal, str(told["mn"]), cn=str(told["cn"]), content=content, by=str(told["by"]), at=at)
            )
    return sorted(found, key=lambda each: (each.at, each.id))


def confirm(
    data: Path, writer: JournalWriter, book: DeviceBook, proposal: str, *, by: Person, now: datetime
) -> Command:
    """The second person's act; leaves the order for the listener. Raises GateClosed."""
    told, proposed_at = _told(data, proposal, "proposed")
    _may_be_commanded(book, str(told["mn"]), str(told["cn"]))
    if _is_same(told, _signed(by)):
        raise GateClosed(
            "提议和确认必须是两个人。", "who proposes a command cannot confirm it: two persons are needed."
        )
    if now - proposed_at > VALID_FOR:
        raise GateClosed("提议已过一小时，请重新提议。", "the proposal is older than an hour; propose it again.")
    if _order_of(data, proposal).exists() or _was_given(data, proposal):
        raise GateClosed("这个提议已经确认过。", "this proposal has been confirmed before.")
    note = {"order": "confirmed", "proposal": proposal, **_signed(by)}
    confirmation = f"{writer.name}/{writer.record('note', by.origin, _json(note), now)}"
    _leave(_order_of(data, proposal), {"proposal": proposal, "confirmation": confirmation})
    _proposed_file(data, proposal).unlink(missing_ok=True)
    return read(data, book, _order_of(data, proposal), now)


def read(data: Path, book: DeviceBook, order: Path, now: datetime) -> Command:
    """An order, checked anew against settings and journal; raises GateClosed where anything is not as it must be."""
    try:
        said = json.loads(order.read_bytes())
        proposal, confirmation = str(said["proposal"]), str(said["confirmation"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise GateClosed(f"命令单读不出来：{error}", f"the order cannot be read: {error}") from error
    if order != _order_of(data, proposal) or _was_given(data, proposal):
        raise GateClosed(
            "命令单不在它自己的名字下，或者这个提议已经发出过；一个提议最多发出一次，请重新提议。",
            "the order does not lie under its own name, or its proposal has been given before; a proposal is given "
            "once at most, so propose it again.",
        )
    proposed, proposed_at = _told(data, proposal, "proposed")
    confirmed, confirmed_at = _told(data, confirmation, "confirmed")
    mn, cn = str(proposed["mn"]), str(proposed["cn"])
    _may_be_commanded(book, mn, cn)
    persons = (str(proposed["by"]), str(confirmed["by"]))
    if confirmed["proposal"] != proposal or _is_same(proposed, confirmed):
        raise GateClosed(
            "命令单与存证不符，命令没有发出；请重新提议和确认。",
            "the order is not what the journal says, so nothing was sent; propose and confirm it again.",
        )
    if now - confirmed_at > VALID_FOR or confirmed_at < proposed_at:
        raise GateClosed(
            "命令单已过期，命令没有发出；请重新提议和确认。",
            "the order is too old, so nothing was sent; propose and confirm it again.",
        )
    return Command(
        proposal, confirmation, mn=mn, cn=cn, content=_content(proposed), persons=persons, confirmed_at=confirmed_at
    )


def waiting(data: Path) -> Iterator[Path]:
    """The orders that nobody has carried out yet."""
    folder = data / "orders"
    if folder.is_dir():
        yield from sorted(folder.glob("*.json"))


def give(data: Path, order: Path, command: Command, now: datetime) -> None:
    """Note in the journal that an order is given, and put it away: to be called before it is sent.

    A command is given once at most, whatever happens in between and to the files of the folder orders. Raises
    JournalError where the disk refuses the note: then it was not given, and the order waits.
    """
    told = {"order": "given", "proposal": command.proposal, "confirmation": command.confirmation}
    with open_journal(data, GIVEN_JOURNAL) as writer:
        writer.record("note", GIVEN_ORIGIN, _json(told), now)
    done(order)


def done(order: Path) -> None:
    """Put an order away, given or refused."""
    order.rename(order.with_suffix(".done"))
    sync_folder(order.parent)


# ---- inside ----


def _was_given(data: Path, proposal: str) -> bool:
    """Whether the journal has it that this proposal was given. Raises GateClosed where it cannot be read whole."""
    try:
        return any(proposal == each for name in _given_journals(data) for each in _given(data, name))
    except (JournalError, ValueError) as error:
        raise GateClosed(
            "已发命令的存证读不完整，无法确定这个提议是否发出过，命令没有发出；请用 xietong doctor 核对存证。",
            "the journal of what was given cannot be read whole, so nobody can tell whether this was given before and "
            "nothing was sent; look with xietong doctor.",
        ) from error


def _given_journals(data: Path) -> list[str]:
    return [name for name in names(data / "journal") if name.rpartition("-")[0] == GIVEN_JOURNAL]


def _given(data: Path, name: str) -> Iterator[str]:
    """The proposals that were given, as one journal has them."""
    reader = JournalReader(data / "journal", name)
    try:
        while entries := reader.read():
            for entry in entries:
                if entry.kind == "note" and entry.origin == GIVEN_ORIGIN:
                    yield str(json.loads(entry.payload)["proposal"])
        rest = reader.rest()
        if rest is not None and rest.reason != UNFINISHED:  # a note that was not finished let nothing be sent
            raise rest
    finally:
        reader.close()


def _may_be_commanded(book: DeviceBook, mn: str, cn: str) -> None:
    known = command(cn)
    if known is None or cn not in CONTROLLING:
        raise GateClosed(f"{cn} 不是写入或控制命令。", f"{cn} is no command that writes or controls.")
    if not book.rule(mn).own:
        raise GateClosed(
            f"设备 {mn} 没有登记为园区自有（devices.toml 的 own），园区不得改动企业的法定监测设备。",
            f"device {mn} is not registered as the park's own (own in devices.toml); a park may not alter an "
            "enterprise's regulated monitor.",
        )


def _signed(by: Person) -> dict[str, object]:
    return {"by": by.name, "account": by.account}


def _is_same(one: Mapping[str, object], two: Mapping[str, object]) -> bool:
    """Whether two acts are one person's, by account or by name; without an account nobody signed in at all."""
    accounts, names = (one.get("account"), two.get("account")), (one.get("by"), two.get("by"))
    if not all(type(account) is int for account in accounts) or not all(str(name).strip() for name in names):
        return True
    return accounts[0] == accounts[1] or str(names[0]).strip().casefold() == str(names[1]).strip().casefold()


def _content(told: Mapping[str, object]) -> str:
    words = told.get("parameters")
    return parameters({str(key): str(value) for key, value in words.items()}) if isinstance(words, dict) else ""


def _json(told: Mapping[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


def _told(data: Path, entry_id: str, step: str) -> tuple[dict[str, object], datetime]:
    try:
        entry = find(data / "journal", entry_id)
        told = json.loads(entry.payload)
    except (JournalError, ValueError) as error:
        raise GateClosed(
            f"存证 {entry_id} 读不出来，命令没有发出；请用 xietong doctor 核对存证，再重新提议。",
            f"entry {entry_id} cannot be read, so nothing was sent; look with xietong doctor, then propose it again.",
        ) from error
    if entry.kind != "note" or entry.origin not in ORIGINS or not isinstance(told, dict) or told.get("order") != step:
        raise GateClosed(
            f"存证 {entry_id} 不是命令的提议或确认，命令没有发出；请重新提议。",
            f"entry {entry_id} is no proposal or confirmation, so nothing was sent; propose it again.",
        )
    return told, entry.received_at


def _order_of(data: Path, proposal: str) -> Path:
    name = proposal.replace("/", "-")
    done_before = data / "orders" / f"{name}.done"
    return done_before if done_before.exists() else data / "orders" / f"{name}.json"


def _proposed_file(data: Path, proposal: str) -> Path:
    return data / "orders" / f"{proposal.replace('/', '-')}.proposed"


def _leave(path: Path, told: Mapping[str, object]) -> None:
    """Put a file that only points into the journal, whole or not at all."""
    make_folder(path.parent)
    half = path.with_suffix(".half")
    with half.open("wb") as file:
        file.write(_json(told))
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    sync_folder(path.parent)
