"""DATA/opcua.toml: the OPC UA servers that values are taken from, and what their nodes mean.

    [server.scada]          url, user, password_file, security, mode, certificate, key, server_certificate,
                            application_uri, publish_s, interval_s, history_h
    [[server.scada.node]]   name, node, time, scale, offset, unit

A mistake in a server leaves the others as they are; docs/commands.md lists the words.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from xietong.intake.settings_file import Settled, Told, each_alone, read_told, text
from xietong.protocols.opcua import TIMES, Node
from xietong.protocols.values import MOST_VALUES
from xietong.texts import Text

FILE = "opcua.toml"
Security = Literal["none", "Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"]
SECURITIES: tuple[Security, ...] = get_args(Security)
Mode = Literal["sign", "sign_and_encrypt"]
MODES: tuple[Mode, ...] = get_args(Mode)
_FILES = ("certificate", "key", "server_certificate")
_SERVER = {"url", "user", "password_file", "security", "mode", *_FILES, "application_uri"}
_PACE = {"publish_s", "interval_s", "history_h", "node"}


@dataclass(frozen=True, slots=True)
class Server:
    """One server. publish_s: how often it is to tell what has changed; interval_s: how often every node is read as well
    (0: never); history_h: how far back its memory is asked for what was missed (0: not at all)."""

    name: str
    url: str
    nodes: tuple[Node, ...]
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""
    security: Security = "none"
    mode: Mode = "sign_and_encrypt"
    certificate: str = ""
    key: str = ""
    server_certificate: str = ""
    application_uri: str = "urn:xietong:intake"
    publish_s: float = 1.0
    interval_s: int = 0
    history_h: int = 24


def read_servers(path: Path) -> Settled[Server]:
    """The servers of the file; none where there is none. Raises BadSettings where the whole of it cannot be read."""
    known = read_told(path)
    if known is None:
        return Settled({}, {})
    known.only({"server"})
    return each_alone(known, "server", _server)


def exposed(server: Server) -> Text | None:
    """The warning of a server beyond this machine without security; None where all is well."""
    host = urlsplit(server.url).hostname or ""
    try:
        is_near = ip_address(host).is_loopback
    except ValueError:
        is_near = host == "localhost"
    if is_near or server.security != "none":
        return None
    return Text(
        f"OPC UA 服务器 {server.name}（{host}）不用安全策略：路上的人可以改写数据（口令也可能被读到）；"
        "请设 security 和证书，或用专线隔离。",
        f"the OPC UA server {server.name} ({host}) is used without a security policy: whoever is on the way can change "
        "data, and may read the password. Set security with certificates, or keep it behind a private line.",
    )


def _server(name: str, told: Told) -> Server:
    told.only(_SERVER | _PACE)
    security = told.one_of("security", SECURITIES, "none")
    files = {word: told.file(word) for word in _FILES}
    for word in ("certificate", "key"):
        if bool(files[word]) != (security != "none"):
            zh, en = ("security 与证书、私钥应同时写", "security, certificate and key go together")
            raise told.wrong(word, zh, en)
    publish = told.exact("publish_s", Decimal(1))
    if not Decimal("0.1") <= publish <= 3600:
        raise told.wrong("publish_s", "应是 0.1 到 3600 秒", "it must be 0.1 to 3600 seconds")
    return Server(
        name=name,
        url=told.take("url", _url, None, "应如 opc.tcp://10.0.0.9:4840", "it must be like opc.tcp://10.0.0.9:4840"),
        nodes=_nodes(told),
        user=told.text("user"),
        password=told.secret("password_file"),
        password_file=told.file("password_file"),
        security=security,
        mode=told.one_of("mode", MODES, "sign_and_encrypt"),
        certificate=files["certificate"],
        key=files["key"],
        server_certificate=files["server_certificate"],
        application_uri=told.text("application_uri", "urn:xietong:intake"),
        publish_s=float(publish),
        interval_s=told.whole("interval_s", 0, 86_400, 0),
        history_h=told.whole("history_h", 0, 720, 24),
    )


def _nodes(told: Told) -> tuple[Node, ...]:
    nodes = tuple(_node(each) for each in told.tables("node"))
    if len(nodes) > MOST_VALUES:
        raise told.wrong("node", f"超过 {MOST_VALUES} 个", f"there are more than {MOST_VALUES}")
    for word in ("name", "node"):
        for each, times in Counter(str(getattr(one, word)) for one in nodes).items():
            if times > 1:
                raise told.wrong(f"node {each}", "重复", "it stands twice")
    return nodes


def _node(told: Told) -> Node:
    told.only({"name", "node", "time", "scale", "offset", "unit"})
    node = Node(
        name=told.take("name", _name, None, "应是不含 / 和 # 的文字", "it must be text without / and #"),
        node=told.take("node", _node_id, None, "应如 ns=2;s=Meter1.kWh", "it must be like ns=2;s=Meter1.kWh"),
        time=told.one_of("time", TIMES, "source"),
        scale=told.exact("scale", Decimal(1)),
        offset=told.exact("offset", Decimal(0)),
        unit=told.text("unit"),
    )
    if node.scale == 0:
        raise told.wrong("scale", "不能是零", "it cannot be zero")
    return node


def _url(value: object) -> str | None:
    try:
        parts = urlsplit(value) if isinstance(value, str) and value.isprintable() else None
        is_right = parts is not None and parts.scheme == "opc.tcp" and parts.hostname and (parts.port or 4840)
    except ValueError:
        return None
    return str(value) if is_right and parts is not None and not parts.username else None


def _name(value: object) -> str | None:
    name = text(value)
    return name if name is not None and not set(name) & set("/#") else None


def _node_id(value: object) -> str | None:
    """A NodeId as text by OPC 10000-6, 5.3.1.10; whether it is one the client's own reader says when it connects."""
    node = value if isinstance(value, str) and value.isprintable() and len(value) <= 300 else ""
    kind = node.rpartition(";")[2] if node.startswith(("ns=", "nsu=")) else node
    last = node.split(";", 1)[-1] if node.startswith(("ns=", "nsu=")) else kind
    return node if last[:2] in ("i=", "s=", "g=", "b=") and len(last) > 2 else None
