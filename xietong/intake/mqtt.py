"""The MQTT process, `python -m xietong.intake.mqtt`: subscribers for every broker of mqtt.toml over one journal.

Settings with a mistake are told of and stop nothing else; the file is looked at again whenever it changes.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from xietong.intake.brokers import FILE, Broker, read_brokers
from xietong.intake.devices import BadSettings, stamp
from xietong.intake.listener import utc_now
from xietong.intake.subscriber import MOST_RECENT, Recent, Subscriber
from xietong.journal import GroupCommit, JournalError, JournalReader, JournalWriter, open_writer
from xietong.protocols.mqtt import opened

LOG = logging.getLogger("xietong.intake.mqtt")
LOOK_S = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Take messages until SIGTERM or SIGINT; 0 after an orderly end, 1 where the journal cannot be opened."""
    parser = argparse.ArgumentParser(prog="python -m xietong.intake.mqtt", description="MQTT 数据接收 · MQTT intake")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("XIETONG_DATA", "data")), metavar="DIR")
    given = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(_run(given.data))
    except (JournalError, OSError) as error:
        print(f"xietong.intake.mqtt: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(data: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(data, stop)


async def serve(data: Path, stop: asyncio.Event, clock: Callable[[], datetime] = utc_now) -> None:
    """Take messages until stop is set, by the settings of the moment."""
    with open_writer(data / "journal", "mqtt") as writer:
        group, settings = GroupCommit(writer), _Settings(data / FILE)
        recent = remembered(data, writer)
        while not stop.is_set():
            subscribers = [
                Subscriber(each, group, clock, recent.setdefault(_origin(each), Recent())) for each in settings.brokers
            ]
            running = [asyncio.create_task(each.run()) for each in subscribers]
            try:
                await _until_change(stop, settings, running)
            finally:
                for each in subscribers:
                    each.end()
                await asyncio.gather(*running)
        await group.close()


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


class _Settings:
    """mqtt.toml as it is now; where it cannot be used, the former brokers stay."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, stamp(path)
        self.brokers: tuple[Broker, ...] = ()
        self._read()

    def changed(self) -> bool:
        """Whether there are other brokers now."""
        seen, former = stamp(self._path), self.brokers
        if seen == self._seen:
            return False
        self._seen = seen
        self._read()
        return self.brokers != former

    def _read(self) -> None:
        try:
            self.brokers = read_brokers(self._path)
        except BadSettings as error:
            LOG.warning("%s · %s", error.text.zh, error.text.en)


async def _until_change(stop: asyncio.Event, settings: _Settings, running: list[asyncio.Task[None]]) -> None:
    """Wait for stop or other settings; a subscriber that fails is a bug and ends the process, which is started anew."""
    while not stop.is_set() and not settings.changed():
        for task in running:
            if task.done():
                task.result()
        try:
            await asyncio.wait_for(stop.wait(), LOOK_S)
        except TimeoutError:
            continue


def _origin(broker: Broker) -> str:
    return f"mqtt:{broker.name}/{broker.client}"


def _ignore(error: JournalError) -> None:
    """Settle and doctor tell of damage; here it only means that less is remembered."""
    LOG.debug("%s", error)


if __name__ == "__main__":
    sys.exit(main())
