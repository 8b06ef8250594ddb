"""Caller: who speaks on one connection, as it says itself, and whether it may: password and address rules, SM4 keys.

A frame that a rule refuses is kept like any refused frame, and its entry's origin says why (`tcp:HOST:PORT#password`),
so that settle needs no rule to know. Nothing is answered to it.
"""

import ipaddress
from collections.abc import Callable
from typing import NamedTuple

from xietong.intake.devices import DeviceBook, Rule
from xietong.protocols.hj212 import Piece, glance
from xietong.protocols.hj212.framing import PieceKind, open_envelope
from xietong.protocols.hj212.header import read_header
from xietong.protocols.hj212.sealing import unseal
from xietong.readings import EntryKind

MOST_NAMES = 256  # of devices behind one connection; a gateway may speak for many


class Kept(NamedTuple):
    """One entry to be: its kind, origin and bytes."""

    kind: EntryKind
    origin: str
    raw: bytes


class Judged(NamedTuple):
    """What becomes of a chunk's pieces: entries, the answers to be written when they are safe, and what intake must
    know of them: who spoke (MN → a data frame of its, or b""), whether some were parts, how many pieces came."""

    kept: list[Kept]
    answers: bytes
    spoke: dict[str, bytes]
    has_parts: bool
    frames: int


class _Known(NamedTuple):
    mn: str
    refused_for: str


class Caller:
    """One connection's memory of whom it has heard; book gives the settings of the moment."""

    def __init__(self, host: str, origin: str, book: Callable[[], DeviceBook]) -> None:
        self._host, self._origin, self._book = host, origin, book
        self._known: dict[bytes, _Known] = {}
        self._judged_by: DeviceBook | None = None

    def judge(self, pieces: list[Piece]) -> Judged:
        """Say what becomes of pieces, in their order."""
        book = self._book()
        if book is not self._judged_by:  # the settings have changed: everybody is looked at again
            self._known.clear()
            self._judged_by = book
        kept: list[Kept] = []
        answers: list[bytes] = []
        spoke: dict[str, bytes] = {}
        has_parts = False
        for piece in pieces:
            opened = self._opened(piece) if piece.kind == "hj212-sealed" else piece.raw
            if piece.kind in ("junk", "hj212-refused") or opened is None:
                kept.append(Kept(_entry_kind(piece.kind), self._origin, piece.raw))
                continue
            seen = glance(opened)
            known = self._known.get(seen.who) or self._meet(seen.who)
            if known.refused_for:
                kept.append(Kept("hj212-refused", f"{self._origin}#{known.refused_for}", piece.raw))
                continue
            kept.append(Kept("hj212", self._origin, piece.raw))
            if seen.cn.startswith("9"):
                spoke.setdefault(known.mn, b"")
            else:
                spoke[known.mn] = piece.raw
            has_parts = has_parts or seen.is_part
            if seen.answer:
                answers.append(seen.answer)
        return Judged(kept, b"".join(answers), spoke, has_parts, len(pieces))

    # ---- inside ----

    def _meet(self, who: bytes) -> _Known:
        header = read_header(who.decode(errors="replace"))
        book = self._book()
        is_strange = book.listen.unlisted == "refused" and header.mn not in book.devices
        refused_for = "unlisted" if is_strange else _refusal(book.rule(header.mn), header.pw, self._host)
        known = _Known(header.mn, refused_for)
        if len(self._known) >= MOST_NAMES:
            self._known.clear()
        self._known[who] = known
        return known

    def _opened(self, piece: Piece) -> bytes | None:
        """The frame in plain words; None where no key of the device that it names fits."""
        head = open_envelope(piece.raw).segment.partition(b"CP=")[0]
        keys = self._book().rule(read_header(head.decode(errors="replace")).mn).sm4_keys
        opened = unseal(piece.raw, keys)
        return opened.frame if opened else None


def _entry_kind(kind: PieceKind) -> EntryKind:
    return "junk" if kind == "junk" else "hj212-refused"


def _refusal(rule: Rule, password: str, host: str) -> str:
    """Which rule refuses a device's frames from this address: "password", "address" or ""."""
    if rule.password and password != rule.password:
        return "password"
    if rule.addresses and not is_within(host, rule.addresses):
        return "address"
    return ""


def is_within(host: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    """Whether an address lies in one of the networks; IPv4 written as IPv6 counts as IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
