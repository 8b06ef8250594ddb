"""MQTT devices that keep their own fsynced list of what the broker has acknowledged. Imports nothing of ours.

`python publisher.py PORT LISTS` runs until SIGTERM. Devices 0 and 1 say when in their messages (topics fault/N, the
list LISTS/mqtt), 2 and 3 do not (plain/N, LISTS/mqtt-plain). A line: device, second.
"""

import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessageInfo, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from sender import BEGIN, Acknowledged

TIMED, DEVICES = 2, 4
PAUSE_S, MOST_UNANSWERED = 0.02, 50


def publish(client: Client, device: int, second: int) -> MQTTMessageInfo:
    """Publish one reading at QoS 1."""
    if device >= TIMED:
        return client.publish(f"plain/{device}", f"{second}.{device}", 1)
    at = int((BEGIN + timedelta(seconds=second)).timestamp())
    return client.publish(f"fault/{device}", f'{{"ts": {at}, "n": {second}.{device}}}', 1)


def main(port: int, lists: Path) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    client = Client(CallbackAPIVersion.VERSION2, "fault-devices", protocol=MQTTv311)
    client.connect("127.0.0.1", port)
    client.loop_start()
    unanswered: list[tuple[int, int, MQTTMessageInfo]] = []
    kept_at, number = time.monotonic(), 0
    with (lists / "mqtt").open("ab") as timed, (lists / "mqtt-plain").open("ab") as plain:
        acknowledged = Acknowledged(timed), Acknowledged(plain)
        while not stop.is_set() or unanswered:
            if not stop.is_set() and len(unanswered) < MOST_UNANSWERED:
                device, second = number % DEVICES, number // DEVICES + 1
                unanswered.append((device, second, publish(client, device, second)))
                number += 1
            for device, second, sent in unanswered:
                if sent.is_published():
                    acknowledged[device >= TIMED].add(device, second)
            unanswered = [each for each in unanswered if not each[2].is_published()]
            if time.monotonic() - kept_at > 0.03 or stop.is_set():
                for each in acknowledged:
                    each.keep()
                kept_at = time.monotonic()
            time.sleep(PAUSE_S)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
