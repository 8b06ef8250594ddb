"""The MQTT process, `python -m xietong.intake.mqtt`: subscribers for every broker of mqtt.toml over one journal.

How settings are looked at and sources served is in `sources`; here is only what MQTT remembers between processes.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from xietong.intake import sources
from xietong.intake.mqtt.brokers import FILE, Broker, read_brokers
from xietong.intake.mqtt.subscriber import MOST_RECENT, Recent, Subscriber
from xietong.intake.settings_file import Settled
from xietong.journal import JournalError, JournalReader, JournalWriter
from xietong.protocols.mqtt import opened

LOG = logging.getLogger("xietong.intake.mqtt")


def main(arguments: Sequence[str] | None = None) -> int:
    """Take messages until SIGTERM or SIGINT; 0 after an orderly end, 1 where the journal cannot be opened."""
    return sources.main(sources.Kind("mqtt", FILE, _settled, _begin), arguments)


def _settled(path: Path) -> Settled[Broker]:
    return Settled({broker.name: broker for broker in read_brokers(path)}, {})


def _begin(ground: sources.Ground) -> Callable[[Broker], Subscriber]:
    recent = remembered(ground.data, ground.writer)

    def made(broker: Broker) -> Subscriber:
        origin = f"mqtt:{broker.name}/{broker.client}"
        return Subscriber(broker, ground, recent.setdefault(origin, Recent()))

    return made


def remembered(data: Path, writer: JournalWriter) -> dict[str, Recent]:
    """The last messages of each session as its journal has them: a broker repeats what it saw no acknowledgement of."""
    found: dict[str, Recent] = {}
    reader = JournalReader(data / "journal", writer.name, max(writer.durable - MOST_RECENT, 0), on_damage=_ignore)
    try:
        while entries := reader.read():
            for entry in entries:
                if entry.kind == "mqtt":
                    found.setdefault(entry.origin, Recent()).note(opened(entry.payload), entry.received_at)
    finally:
        reader.close()
    return found


def _ignore(error: JournalError) -> None:
    """Settle and doctor tell of damage; here it only means that less is remembered."""
    LOG.debug("%s", error)
