"""What doctor sees of brokers and polled devices: settings, secrets, who answers, points without their register."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from small_parks import park, point, subject

from xietong.commands.doctor import sources
from xietong.park.registry import snapshot

METERS = """
[device.there]
host = "127.0.0.1"
port = {port}
timeout_s = 1
[[device.there.register]]
name = "kwh"
address = 0
type = "uint16"
unit = "kWh"
[[device.there.register]]
name = "t"
address = 1
type = "int16"
unit = "℃"
absent = [7]
[device.away]
host = "127.0.0.1"
port = 1
[[device.away.register]]
name = "kwh"
address = 0
type = "uint16"
[device.wrong]
host = "127.0.0.1"
"""


def test_brokers_are_looked_at(tmp_path: Path) -> None:
    data = tmp_path
    assert list(sources.brokers(data)) == []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        (data / "password").write_text("secret")
        (data / "password").chmod(0o644)
        near = f'[broker.near]\nhost = "127.0.0.1"\nport = {port}\npassword_file = "password"\n'
        (data / "mqtt.toml").write_text(near + '[[broker.near.topic]]\nfilter = "a"\n')
        assert [check.status for check in sources.brokers(data)] == ["failed", "ok"]
        (data / "password").chmod(0o600)
        assert [check.status for check in sources.brokers(data)] == ["ok"]
    assert [check.status for check in sources.brokers(data)] == ["note"]
    (data / "mqtt.toml").write_text("[broker.near]")
    (wrong,) = sources.brokers(data)
    assert wrong.status == "failed"
    assert "host" in wrong.found.en or "topic" in wrong.found.en


class _Answering(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        request = self.request.recv(100)
        self.request.sendall(request[:4] + b"\x00\x07\x01\x03\x04\x00\x05\x00\x07")


@contextmanager
def answering() -> Iterator[int]:
    """A device that shows 5 and 7."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_each_device_is_asked_once_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "load", park)
    assert list(sources.polled(tmp_path)) == []
    with answering() as port:
        (tmp_path / "modbus.toml").write_text(METERS.format(port=port))
        wrong, there, away = sources.polled(tmp_path)
    assert (wrong.status, "register" in wrong.found.en) == ("failed", True)
    assert (there.status, "1 of 2 values" in there.found.en, "t: " in there.remedy.en) == ("note", True, True)
    assert (away.status, "0 of 1 values" in away.found.en, "no connection" in away.remedy.en) == ("note", True, True)
    two = '[[device.m1.register]]\nname = "%s"\naddress = 1\n'
    (tmp_path / "modbus.toml").write_text(
        '[device.m1]\nhost = "127.0.0.1"\nport = 1\ntimeout_s = 0.2\n'
        + two % "a"
        + 'type = "int16"\n'
        + two % "b"
        + 'type = "int16"\n'
    )
    (away,) = sources.polled(tmp_path)
    assert away.remedy.en.startswith("a, b: ")
    assert away.remedy.en.count("no connection") == 1
    (tmp_path / "modbus.toml").write_text("[")
    (whole,) = sources.polled(tmp_path)
    assert whole.status == "failed"


def test_a_server_that_is_away_is_told_of_and_its_secrets_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "load", park)
    assert list(sources.monitored(tmp_path)) == []
    (tmp_path / "password").write_text("secret")
    (tmp_path / "password").chmod(0o644)
    text = '[server.s]\nurl = "opc.tcp://127.0.0.1:1"\nuser = "u"\npassword_file = "password"\n'
    (tmp_path / "opcua.toml").write_text(text + '[[server.s.node]]\nname = "v"\nnode = "i=1"\n[server.wrong]\n')
    wrong, open_to_others, away = sources.monitored(tmp_path)
    assert [each.status for each in (wrong, open_to_others, away)] == ["failed", "failed", "note"]
    assert "chmod 600" in open_to_others.remedy.en
    assert "OPC UA s opc.tcp://127.0.0.1:1: " in away.found.en
    (tmp_path / "opcua.toml").write_text("[")
    (whole,) = sources.monitored(tmp_path)
    assert whole.status == "failed"


def test_points_that_miss_their_register_or_its_unit_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    units = {"modbus:m1/kwh": "kWh", "modbus:m1/t": "℃", "modbus:m1/plain": ""}

    def told(source: str, unit: str, multiplier: str = "1") -> list[str]:
        made = replace(point("M", "A", "electricity_purchased", unit), source=source, multiplier=Decimal(multiplier))
        monkeypatch.setattr(snapshot, "load", lambda: park(subject("A"), points=[made]))
        return [check.found.en + check.remedy.en for check in sources.mapped("modbus", units)]

    assert told("sheet", "kWh") == told("mqtt:m1/kwh", "kWh") == []
    assert told("modbus:m1/kwh", "kWh") == told("modbus:m1/plain", "MWh") == []
    (absent,) = told("modbus:m1/kw", "kWh")
    assert "does not have" in absent
    (other,) = told("modbus:m1/kwh", "MWh")
    assert "set multiplier by the two units" in other
    assert "0.001" not in other
    assert told("modbus:m1/kwh", "MWh", "0.1") == []  # CT × PT of 100 and the unit together
    (never,) = told("modbus:m1/t", "kWh")
    assert "cannot be converted" in never
