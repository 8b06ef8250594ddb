"""A real Mosquitto on a free port, and a publisher that knows which messages the broker has acknowledged."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

PROGRAM = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin") or "mosquitto"
# Started by root it would become another user, who may not read the folders of the tests.
SETTINGS = "listener {port} 127.0.0.1\nuser root\npersistence false\nmax_queued_messages 0\nlog_type all\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until(met: Callable[[], bool], seconds: float = 90.0) -> bool:
    deadline = time.monotonic() + seconds
    while not met() and time.monotonic() < deadline:
        time.sleep(0.02)
    return met()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def broker(folder: Path, port: int, more: str = "allow_anonymous true") -> Iterator[subprocess.Popen[bytes]]:
    """A broker that keeps everything for those who are away, as long as it runs."""
    settings = folder / "mosquitto.conf"
    settings.write_text(SETTINGS.format(port=port) + more)
    with (folder / "mosquitto.log").open("ab") as log:
        process = subprocess.Popen([PROGRAM, "-c", str(settings)], stdout=log, stderr=log)
    try:
        assert until(lambda: answers(port)), (folder / "mosquitto.log").read_text()
        yield process
    finally:
        process.terminate()
        process.wait(10)


class Publisher:
    """Sends at QoS 1 and lists what the broker has acknowledged."""

    def __init__(self, port: int) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, "publisher", protocol=MQTTv311)
        self._client.on_publish = self._published
        self._sent: dict[int, str] = {}
        self._answered: list[int] = []
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    @property
    def acknowledged(self) -> list[str]:
        """The bodies that the broker has taken."""
        return [self._sent[mid] for mid in self._answered[:] if mid in self._sent]

    def send(self, topic: str, body: str, retain: bool = False) -> None:
        self._sent[self._client.publish(topic, body, 1, retain).mid] = body

    def close(self) -> None:
        """Wait until everything is acknowledged."""
        assert until(lambda: len(self.acknowledged) == len(self._sent))
        self._client.disconnect()
        self._client.loop_stop()

    def _published(
        self, _client: Client, _data: object, mid: int, _reason: ReasonCode, _properties: Properties
    ) -> None:
        self._answered.append(mid)  # no lock here: the client holds its own, which `publish` takes too
