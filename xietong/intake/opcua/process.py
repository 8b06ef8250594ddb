"""The OPC UA process, `python -m xietong.intake.opcua`: a monitor for every server of opcua.toml over one journal.

How settings are looked at and sources served is in `sources`; here is only what OPC UA remembers between processes.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from xietong.intake import sources
from xietong.intake.opcua.monitor import Monitor
from xietong.intake.opcua.servers import FILE, Server, read_servers
from xietong.journal import JournalError, JournalReader, JournalWriter
from xietong.protocols.opcua import opened

LOG = logging.getLogger("xietong.intake.opcua")
LOOKED_BACK = 2_000  # entries


def main(arguments: Sequence[str] | None = None) -> int:
    """Take values until SIGTERM or SIGINT; 0 after an orderly end, 1 where the journal cannot be opened."""
    return sources.main(sources.Kind("opcua", FILE, read_servers, _begin), arguments)


def _begin(ground: sources.Ground) -> Callable[[Server], Monitor]:
    latest = remembered(ground.data, ground.writer)

    def made(server: Server) -> Monitor:
        return Monitor(server, ground, latest.setdefault(server.name, {}))

    return made


def remembered(data: Path, writer: JournalWriter) -> dict[str, dict[str, datetime]]:
    """The newest source time that the journal has, by server and name: from there on a server's memory is asked."""
    found: dict[str, dict[str, datetime]] = {}
    reader = JournalReader(data / "journal", writer.name, max(writer.durable - LOOKED_BACK, 0), on_damage=_ignore)
    try:
        while entries := reader.read():
            for notice in (opened(entry.payload) for entry in entries if entry.kind == "opcua"):
                latest = found.setdefault(notice.server, {})
                for each in notice.values:
                    if each.source is not None:
                        latest[each.name] = max(each.source, latest.get(each.name, each.source))
    finally:
        reader.close()
    return found


def _ignore(error: JournalError) -> None:
    """Settle and doctor tell of damage; here it only means that a server is asked for more than is missing."""
    LOG.debug("%s", error)
