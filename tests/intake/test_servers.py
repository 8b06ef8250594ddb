"""opcua.toml: what it says is what holds; a mistake is named with its place and hurts only its server."""

from decimal import Decimal
from pathlib import Path

import pytest

from xietong.intake.devices import BadSettings
from xietong.intake.opcua.servers import Server, exposed, read_servers
from xietong.protocols.opcua import Node

WHOLE = """
[server.scada]
url = "opc.tcp://10.20.0.9:4840/x"
user = "park"
password_file = "scada.password"
security = "Basic256Sha256"
mode = "sign"
certificate = "own.der"
key = "own.pem"
server_certificate = "scada.der"
application_uri = "urn:works:xietong"
publish_s = 0.5
interval_s = 900
history_h = 0
[[server.scada.node]]
name = "kwh"
node = "ns=2;s=M1.kWh"
time = "server"
scale = 0.001
offset = -1
unit = "MWh"
[[server.scada.node]]
name = "running"
node = "nsu=http://works.example/meters;g=09087e75-8e5e-499b-954f-f2a9603db28a"
[server.near]
url = "opc.tcp://localhost"
[[server.near.node]]
name = "t"
node = "i=2258"
"""
GOOD = '[server.good]\nurl = "opc.tcp://h:1"\n[[server.good.node]]\nname = "v"\nnode = "i=1"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "opcua.toml"
    path.write_text(text)
    return path


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    for name in ("own.der", "own.pem", "scada.der", "scada.password"):
        (tmp_path / name).write_text("secret\n")
    found = read_servers(written(tmp_path, WHOLE))
    assert found.problems == {}
    scada, near = found.settings.values()
    assert scada == Server(
        "scada", "opc.tcp://10.20.0.9:4840/x",
        (
            Node("kwh", "ns=2;s=M1.kWh", "server", Decimal("0.001"), Decimal(-1), "MWh"),
            Node("running", "nsu=http://works.example/meters;g=09087e75-8e5e-499b-954f-f2a9603db28a"),
        ),
        "park", "secret", str(tmp_path / "scada.password"), "Basic256Sha256", "sign", str(tmp_path / "own.der"),
        str(tmp_path / "own.pem"), str(tmp_path / "scada.der"), "urn:works:xietong", 0.5, 900, 0,
    )  # fmt: skip
    assert "secret" not in repr(scada).replace(str(tmp_path), "")
    assert (near.publish_s, near.interval_s, near.history_h, near.security) == (1.0, 0, 24, "none")
    assert exposed(scada) is None
    assert exposed(near) is None


def test_a_server_elsewhere_wants_security(tmp_path: Path) -> None:
    found = read_servers(written(tmp_path, GOOD)).settings["good"]
    warning = exposed(found)
    assert warning is not None
    assert "without a security policy" in warning.en


def test_without_a_file_there_are_no_servers(tmp_path: Path) -> None:
    assert read_servers(tmp_path / "opcua.toml").settings == {}
    with pytest.raises(BadSettings):
        read_servers(written(tmp_path, "servers = 1"))


def server(more: str = "", node: str = 'name = "v"\nnode = "i=1"') -> str:
    return f'[server.a]\nurl = "opc.tcp://h"\n{more}\n[[server.a.node]]\n{node}\n'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[server.a]\nurl = "opc.tcp://h"', "node"),
        (server().replace("opc.tcp", "http"), "url"),
        (server().replace("opc.tcp://h", "opc.tcp://park:secret@h"), "url"),
        (server().replace("opc.tcp://h", "opc.tcp://h:x"), "url"),
        (server("password_file = 'none'"), "password_file"),
        (server("password = 'x'"), "password"),
        (server("security = 'Basic128Rsa15'"), "security"),
        (server("security = 'Basic256Sha256'"), "certificate"),
        (server("mode = 'both'"), "mode"),
        (server("publish_s = 0"), "publish_s"),
        (server("interval_s = -1"), "interval_s"),
        (server("history_h = 721"), "history_h"),
        (server(node='node = "i=1"'), "name"),
        (server(node='name = "a#b"\nnode = "i=1"'), "name"),
        (server(node='name = "v"\nnode = "Meter1"'), "node"),
        (server(node='name = "v"\nnode = "i=1"\ntime = "ours"'), "time"),
        (server(node='name = "v"\nnode = "i=1"\nscale = 0.0'), "scale"),
        (server() + '[[server.a.node]]\nname = "w"\nnode = "i=1"', "node i=1"),
        (server() + '[[server.a.node]]\nname = "v"\nnode = "i=2"', "node v"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_hurts_only_its_server(tmp_path: Path, text: str, word: str) -> None:
    found = read_servers(written(tmp_path, f"{text}\n{GOOD}"))
    assert list(found.settings) == ["good"]
    (problem,) = found.problems.values()
    assert word in problem.en
    assert word in problem.zh
