"""The MQTT intake against a real Mosquitto: what the broker took is kept and counts once, whoever is killed when."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import pytest
import running
from mosquitto import Publisher, broker, free_port, until
from test_limits import certificate

from xietong.intake.source_state import read_states
from xietong.journal import read
from xietong.lake.points import PointSpec
from xietong.processes import Door, Supervisor, platform
from xietong.protocols.mqtt import opened
from xietong.readings import Entry
from xietong.settle import Conditions, Settler

pytestmark = pytest.mark.slow
intake = partial(running.intake, "mqtt")
REFUSING = running.refusing("mqtt")
HELD = running.held("mqtt", 0.4)
ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
ROUNDS, BURST = 5, 15
SECURED = [("password_file", "users"), ("certfile", "cert.pem"), ("keyfile", "key.pem")]
SETTINGS = """
[broker.works]
host = "127.0.0.1"
port = {port}
[[broker.works.topic]]
filter = "timed/+"
time = "ts"
form = "unix_s"
values = ["n"]
[[broker.works.topic]]
filter = "plain/#"
"""
# The process as it is, whose acknowledgements are lost on the way.
UNHEARD = """
import sys
from xietong.intake.mqtt.process import main
from xietong.intake.mqtt.subscriber import Subscriber
Subscriber._acknowledge = staticmethod(lambda client, message: None)
sys.exit(main(sys.argv[1:3]))
"""


def entries(data: Path) -> list[Entry]:
    return list(read(data / "journal", "mqtt-0")) if (data / "journal/mqtt-0").is_dir() else []


def bodies(data: Path) -> list[str]:
    return [opened(entry.payload).body.decode() for entry in entries(data)]


def settled(data: Path, *points: PointSpec) -> Settler:
    settler = Settler(data, ZONE, lambda: points, lambda: BEGIN, Conditions(commit=0.0, live=0.0))
    settler.run(Event(), once=True)
    return settler


def stamp(number: int) -> int:
    """A second of the hour from BEGIN."""
    return int(BEGIN.timestamp()) + number


def sessions(folder: Path) -> int:
    """How often the intake has subscribed."""
    return (folder / "mosquitto.log").read_text().count("Sending SUBACK to xietong-works")


def hour(settler: Settler, point: str, begin: datetime) -> tuple[int, int, int]:
    """Readings that count, their total, and conflicts of two hours, for a run that crosses the full hour."""
    rows = settler.lake.hourly([point], begin, begin + timedelta(hours=2)).to_pylist()
    readings, total, conflicts = (int(sum(row[name] for row in rows)) for name in ("readings", "total", "conflicts"))
    return readings, total, conflicts


@pytest.fixture
def port(tmp_path: Path) -> int:
    port = free_port()
    (tmp_path / "mqtt.toml").write_text(SETTINGS.format(port=port))
    return port


def test_killed_between_receipt_and_fsync_nothing_is_lost_and_each_counts_once(tmp_path: Path, port: int) -> None:
    with broker(tmp_path, port):
        with intake(tmp_path):
            assert until(lambda: sessions(tmp_path) == 1)  # from now on the broker keeps what we miss
        publisher = Publisher(port)
        for number in range(ROUNDS):
            killed_in_between(tmp_path, publisher, number)
        publisher.close()
        with intake(tmp_path):
            assert until(lambda: set(bodies(tmp_path)) >= set(publisher.acknowledged))
    assert len(publisher.acknowledged) == ROUNDS * BURST * 2
    kept = entries(tmp_path)
    assert {entry.kind for entry in kept} == {"mqtt"}
    began = min(entry.received_at for entry in kept).replace(minute=0, second=0, microsecond=0)
    points = PointSpec("TIMED", "mqtt:timed/m1#n"), PointSpec("PLAIN", "mqtt:plain/m2#")
    settler = settled(tmp_path, *points)
    every = range(ROUNDS * BURST)
    assert hour(settler, "TIMED", BEGIN) == (len(every), sum(every), 0)
    assert hour(settler, "PLAIN", began) == (len(every), sum(every), 0)


def killed_in_between(data: Path, publisher: Publisher, number: int) -> None:
    """Publish a burst to an intake that is killed when it has received of it and not yet written."""
    waiting, burst = data / f"waiting-{number}", range(number * BURST, (number + 1) * BURST)
    with intake(data, "-c", HELD, "--data", str(data), str(waiting)) as process:
        for each in burst:
            publisher.send("timed/m1", json.dumps({"ts": stamp(each), "n": each}))
            publisher.send("plain/m2", str(each))
        assert until(waiting.exists)
        assert until(lambda: len(publisher.acknowledged) == 2 * burst.stop)
        process.kill()
        process.wait()


def test_a_message_that_is_repeated_because_its_acknowledgement_was_lost_counts_once(tmp_path: Path, port: int) -> None:
    with broker(tmp_path, port):
        with intake(tmp_path, "-c", UNHEARD, "--data", str(tmp_path)) as process:
            assert until(lambda: sessions(tmp_path) == 1)
            publisher = Publisher(port)
            for each in range(5):
                publisher.send("plain/m2", str(each % 2))
            publisher.close()
            assert until(lambda: len(entries(tmp_path)) == 5)
            process.kill()
            process.wait()
        with intake(tmp_path):
            assert until(lambda: len(entries(tmp_path)) == 10)
    first, again = entries(tmp_path)[:5], entries(tmp_path)[5:]
    assert [opened(entry.payload).first for entry in again] == [entry.received_at for entry in first]
    settler = settled(tmp_path, PointSpec("PLAIN", "mqtt:plain/m2#"))
    began = first[0].received_at.replace(minute=0, second=0, microsecond=0)
    assert hour(settler, "PLAIN", began) == (5, 2, 0)


def test_a_disk_that_refuses_gets_no_acknowledgement_and_the_broker_sends_again(tmp_path: Path, port: int) -> None:
    with broker(tmp_path, port), intake(tmp_path, "-c", REFUSING, "--data", str(tmp_path), str(tmp_path / "full")):
        assert until(lambda: sessions(tmp_path) == 1)
        (tmp_path / "full").touch()
        publisher = Publisher(port)
        publisher.send("plain/m2", "7")
        publisher.close()
        assert until(lambda: sessions(tmp_path) >= 2)
        assert entries(tmp_path) == []
        (tmp_path / "full").unlink()
        assert until(lambda: bodies(tmp_path) == ["7"])
        assert "could not be written" in (tmp_path / "intake.log").read_text()


def test_a_broker_that_is_away_is_found_again_and_settings_change_while_it_runs(tmp_path: Path, port: int) -> None:
    with intake(tmp_path):
        assert until(lambda: "Nothing else is hurt" in (tmp_path / "intake.log").read_text())
        with broker(tmp_path, port):
            assert until(lambda: sessions(tmp_path) == 1)
        with broker(tmp_path, port):  # a new broker that knows nothing of us
            assert until(lambda: sessions(tmp_path) == 2)
            publisher = Publisher(port)
            publisher.send("plain/m2", "1")
            assert until(lambda: bodies(tmp_path) == ["1"])
            (tmp_path / "mqtt.toml").write_text("nonsense")
            assert until(lambda: "整个文件未采用" in (tmp_path / "intake.log").read_text())
            publisher.send("plain/m2", "2")
            assert until(lambda: bodies(tmp_path) == ["1", "2"])
            more = SETTINGS.format(port=port) + '[[broker.works.topic]]\nfilter = "new"\n'
            (tmp_path / "mqtt.toml").write_text(more)
            assert until(lambda: sessions(tmp_path) == 3)
            publisher.send("new", "3")
            assert until(lambda: bodies(tmp_path) == ["1", "2", "3"])
            publisher.close()


def test_what_cannot_be_a_reading_is_kept_and_acknowledged(tmp_path: Path, port: int) -> None:
    with broker(tmp_path, port), intake(tmp_path):
        assert until(lambda: sessions(tmp_path) == 1)
        publisher = Publisher(port)
        publisher.send("plain/m2", "no JSON")
        publisher.send("plain/m2", "9" * (2 * 1024 * 1024))
        publisher.send("timed/m1", '{"n": 5}')
        publisher.send("plain/m2", "6")
        publisher.close()
        assert until(lambda: len(entries(tmp_path)) == 4)
    kept = entries(tmp_path)
    assert [entry.kind for entry in kept] == ["mqtt", "junk", "mqtt", "mqtt"]
    assert len(opened(kept[1].payload).body) == 4096
    assert {entry.origin for entry in kept} == {"mqtt:works/xietong-works"}
    ((source,),) = (each.sources for each in read_states(tmp_path))
    assert (source.name, source.connected) == ("works", False)
    assert (source.messages, source.readings, source.refused) == (4, 1, 3)
    assert source.last_message_at == kept[-1].received_at.isoformat()
    assert [each.entry for each in source.last_errors] == ["mqtt-0/1", "mqtt-0/2", "mqtt-0/3"]
    settler = settled(tmp_path, PointSpec("PLAIN", "mqtt:plain/m2#"))
    began = kept[0].received_at.replace(minute=0, second=0, microsecond=0)
    assert hour(settler, "PLAIN", began) == (1, 6, 0)
    told = json.loads((tmp_path / "live.json").read_bytes())["readings"]
    assert told["mqtt:plain/m2#"]["value"] == "6.000000"


def test_a_password_is_given_over_tls_and_a_refusal_is_told(tmp_path: Path, port: int) -> None:
    certificate(tmp_path)
    (tmp_path / "right").write_text("secret\n")
    (tmp_path / "wrong").write_text("guess\n")
    subprocess.run(["mosquitto_passwd", "-b", "-c", "users", "park", "secret"], cwd=tmp_path, check=True)
    more = "\n".join(f"{word} {tmp_path / name}" for word, name in SECURED)
    settings, log = SETTINGS.format(port=port).replace("127.0.0.1", "localhost"), tmp_path / "intake.log"
    with broker(tmp_path, port, more), intake(tmp_path):
        assert until(lambda: "Nothing else is hurt" in log.read_text())  # it speaks no TLS
        with_tls = settings.replace("[[", 'user = "park"\ntls = true\nca = "cert.pem"\npassword_file = "wrong"\n[[', 1)
        (tmp_path / "mqtt.toml").write_text(with_tls)
        assert until(lambda: "refused: Not authorized" in log.read_text())
        assert "secret" not in log.read_text()
        assert "guess" not in log.read_text()
        (tmp_path / "mqtt.toml").write_text(with_tls.replace("wrong", "right").replace("cert.pem", "right"))
        assert until(lambda: "right: " in log.read_text())  # that is no certificate, and ends nothing
        (tmp_path / "mqtt.toml").write_text(with_tls.replace("wrong", "right"))
        assert until(lambda: sessions(tmp_path) == 1)


def test_the_platform_starts_it_and_takes_it_along(tmp_path: Path, port: int) -> None:
    supervisor = Supervisor(platform(tmp_path, Door(), "mqtt"))
    with broker(tmp_path, port):
        supervisor.start()
        try:
            assert until(lambda: sessions(tmp_path) == 1)
        finally:
            supervisor.stop()
        assert until(lambda: "Received DISCONNECT from xietong-works" in (tmp_path / "mosquitto.log").read_text())
