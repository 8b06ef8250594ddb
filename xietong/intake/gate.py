"""The gate of commands that write or control: closed, unless two persons open it for one command to a park's device.

A park may not alter an enterprise's regulated monitor (环发 2015-175, art. 4). A command is proposed by one person and
confirmed by another, each in an entry of the journal; only then an order file exists, and the listener carries it out
only after it has found both entries in the journal itself. Nothing in data, and no other file, leads here.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from xietong.intake.devices import DeviceBook
from xietong.journal import JournalError, JournalWriter, find, make_folder, sync_folder
from xietong.protocols.hj212.building import parameters
from xietong.protocols.hj212.tables import CONTROLLING, command
from xietong.texts import Text

ORIGIN = "cli:order"
VALID_FOR = timedelta(hours=1)


class GateClosed(Exception):
    """A command that may not be given; text says why and what would have to be so."""

    def __init__(self, zh: str, en: str) -> None:
        self.text = Text(zh, en)
        super().__init__(en)


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


def propose(writer: JournalWriter, book: DeviceBook, wish: Wish, *, by: str, now: datetime) -> str:
    """The first person's act; returns the id of its entry, by which the second confirms. Raises GateClosed."""
    _may_be_commanded(book, wish.mn, wish.cn)
    _named(by)
    told = {"order": "proposed", "mn": wish.mn, "cn": wish.cn, "parameters": dict(wish.parameters), "by": by}
    return f"{writer.name}/{writer.record('note', ORIGIN, _json(told), now)}"


def confirm(data: Path, writer: JournalWriter, book: DeviceBook, proposal: str, *, by: str, now: datetime) -> Command:
    """The second person's act; leaves the order for the listener. Raises GateClosed."""
    told, proposed_at = _told(data, proposal, "proposed")
    _may_be_commanded(book, str(told["mn"]), str(told["cn"]))
    if _named(by) == _named(str(told["by"])):
        raise GateClosed(
            "提议和确认必须是两个人。", "who proposes a command cannot confirm it: two persons are needed."
        )
    if now - proposed_at > VALID_FOR:
        raise GateClosed("提议已过一小时，请重新提议。", "the proposal is older than an hour; propose it again.")
    if _order_of(data, proposal).exists():
        raise GateClosed("这个提议已经确认过。", "this proposal has been confirmed before.")
    note = {"order": "confirmed", "proposal": proposal, "by": by}
    confirmation = f"{writer.name}/{writer.record('note', ORIGIN, _json(note), now)}"
    _leave(data, proposal, confirmation)
    return read(data, book, _order_of(data, proposal), now)


def read(data: Path, book: DeviceBook, order: Path, now: datetime) -> Command:
    """An order, checked anew against settings and journal; raises GateClosed where anything is not as it must be."""
    try:
        said = json.loads(order.read_bytes())
        proposal, confirmation = str(said["proposal"]), str(said["confirmation"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise GateClosed(f"命令单读不出来：{error}", f"the order cannot be read: {error}") from error
    proposed, proposed_at = _told(data, proposal, "proposed")
    confirmed, confirmed_at = _told(data, confirmation, "confirmed")
    mn, cn = str(proposed["mn"]), str(proposed["cn"])
    _may_be_commanded(book, mn, cn)
    persons = (str(proposed["by"]), str(confirmed["by"]))
    if confirmed["proposal"] != proposal or _named(persons[0]) == _named(persons[1]):
        raise GateClosed("命令单与存证不符。", "the order is not what the journal says.")
    if now - confirmed_at > VALID_FOR or confirmed_at < proposed_at:
        raise GateClosed("命令单已过期。", "the order is too old.")
    words = proposed["parameters"]
    content = parameters({str(key): str(value) for key, value in words.items()}) if isinstance(words, dict) else ""
    return Command(proposal, confirmation, mn, cn, content, persons, confirmed_at)


def waiting(data: Path) -> Iterator[Path]:
    """The orders that nobody has carried out yet."""
    folder = data / "orders"
    if folder.is_dir():
        yield from sorted(folder.glob("*.json"))


def done(order: Path) -> None:
    """Put an order away, carried out or refused: it is never given twice."""
    order.rename(order.with_suffix(".done"))
    sync_folder(order.parent)


# ---- inside ----


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


def _named(person: str) -> str:
    name = person.strip().casefold()
    if not name:
        raise GateClosed("请写明是谁（--by）。", "say who you are (--by).")
    return name


def _json(told: Mapping[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


def _told(data: Path, entry_id: str, step: str) -> tuple[dict[str, object], datetime]:
    try:
        entry = find(data / "journal", entry_id)
        told = json.loads(entry.payload)
    except (JournalError, ValueError) as error:
        raise GateClosed(f"存证 {entry_id} 读不出来。", f"entry {entry_id} cannot be read.") from error
    if entry.kind != "note" or entry.origin != ORIGIN or not isinstance(told, dict) or told.get("order") != step:
        raise GateClosed(f"存证 {entry_id} 不是这样一个命令。", f"entry {entry_id} is no such act.")
    return told, entry.received_at


def _order_of(data: Path, proposal: str) -> Path:
    name = proposal.replace("/", "-")
    done_before = data / "orders" / f"{name}.done"
    return done_before if done_before.exists() else data / "orders" / f"{name}.json"


def _leave(data: Path, proposal: str, confirmation: str) -> None:
    make_folder(data / "orders")
    path = _order_of(data, proposal)
    half = path.with_suffix(".half")
    half.write_bytes(_json({"proposal": proposal, "confirmation": confirmation}))
    half.rename(path)
    sync_folder(path.parent)
