"""An OPC UA server of asyncua in a process of its own, whose values are what a file in its folder says.

values.json  {"kwh": [1.5, "Double", 0, "2025-03-01T00:00:00"]}: value, type, status, source time; read again and
             again. With a file `history` beside it the server remembers every value, and only then; with a file
             `password` nobody else than "park" with that password is let in; with cert.der and key.pem only
                 signed and encrypted.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.common.node import Node
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from mosquitto import answers, until

NAMES = ("kwh", "running", "text", "quick")
SPACE = "http://works.example/meters"
Told = dict[str, list[Any]]


class Users(UserManager):
    def __init__(self, password: str) -> None:
        self._password = password

    def get_user(
        self, _server: object, username: str | None = None, password: str | None = None, certificate: object = None
    ) -> User | None:
        return User(role=UserRole.User) if (username, password) == ("park", self._password) else None


def value_of(told: list[Any]) -> ua.DataValue:
    value, kind, status, source = told
    variant = ua.Variant(value, ua.VariantType[kind])
    at = ua.DateTime.fromisoformat(source).replace(tzinfo=UTC) if source else None
    return ua.DataValue(variant, ua.StatusCode(status), SourceTimestamp=at, ServerTimestamp=at)


async def serve(folder: Path, port: int) -> None:
    password = folder / "password"
    server = Server(user_manager=Users(password.read_text()) if password.exists() else None)
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/works")
    if (folder / "cert.der").exists():
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        await server.load_certificate(str(folder / "cert.der"))
        await server.load_private_key(folder / "key.pem")
    else:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace(SPACE)
    nodes: dict[str, Node] = {}
    for name, told in read(folder).items():
        nodes[name] = await server.nodes.objects.add_variable(
            ua.NodeId(ua.String(name), ua.Int16(space)), name, told[0], ua.VariantType[told[1]]
        )
        await nodes[name].write_value(value_of(told))
    async with server:
        if (folder / "history").exists():
            for node in nodes.values():
                await server.historize_node_data_change(node, count=10_000)
        await follow(folder, nodes)


async def follow(folder: Path, nodes: dict[str, Node]) -> None:
    former: Told = {}
    while True:
        await asyncio.sleep(0.01)
        now = read(folder)
        for name, told in now.items():
            for each in told if isinstance(told[0], list) else [told]:
                if former.get(name) != told:
                    await nodes[name].write_value(value_of(each))
        former = now
        (folder / "taken.json").write_text(json.dumps(now))


def read(folder: Path) -> Told:
    told: Told = json.loads((folder / "values.json").read_text())
    return told


@contextmanager
def server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, __file__, str(folder), str(port)], stderr=log)
    try:
        assert until(lambda: answers(port)), (folder / "server.log").read_text()
        yield process
    finally:
        process.kill()
        process.wait(10)


def put(folder: Path, **values: list[Any]) -> None:
    """Set what its nodes hold; a list of such values is written one after the other."""
    folder.mkdir(exist_ok=True)
    beside = folder / "values.new"
    beside.write_text(json.dumps(values))
    beside.replace(folder / "values.json")


def taken(folder: Path) -> bool:
    """Whether it has written everything that was put."""
    path = folder / "taken.json"
    return path.exists() and path.read_text() == (folder / "values.json").read_text()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
