"""mqtt.toml: what it says is what holds; a mistake is named with its place, and TLS is missed where it matters."""

from pathlib import Path

import pytest

from xietong.intake.devices import BadSettings
from xietong.intake.mqtt.brokers import exposed, read_brokers
from xietong.protocols.mqtt import TopicMapping

WHOLE = """
[broker.works]
host = "10.20.0.5"
tls = true
user = "park"
password_file = "works.password"
[[broker.works.topic]]
filter = "energy/+/power"
time = "ts"
form = "unix_ms"
values = ["data.kw"]
[[broker.works.topic]]
filter = "#"
[broker.near]
host = "localhost"
client = "park-7"
[[broker.near.topic]]
filter = "a/#"
time = "t"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mqtt.toml"
    path.write_text(text)
    return path


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "works.password").write_text("secret\n")
    works, near = read_brokers(written(tmp_path, WHOLE))
    assert (works.host, works.port, works.client, works.user, works.password, works.tls) == (
        "10.20.0.5",
        8883,
        "xietong-works",
        "park",
        "secret",
        True,
    )
    assert [(each.filter, each.mapping) for each in works.topics] == [
        ("energy/+/power", TopicMapping("ts", "unix_ms", ("data.kw",))),
        ("#", TopicMapping()),
    ]
    assert (near.port, near.client, near.topics[0].mapping) == (1883, "park-7", TopicMapping("t", "iso"))
    assert "secret" not in repr(works)


def test_without_a_file_there_are_no_brokers(tmp_path: Path) -> None:
    assert read_brokers(tmp_path / "mqtt.toml") == ()


TWIN = '[broker.b]\nhost = "h"\nclient = "c"\n[[broker.b.topic]]\nfilter = "b"'
TOPIC = '[[broker.a.topic]]\nfilter = "a"\n'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[", "TOML"),
        ("hosts = 1", "hosts"),
        ("broker = 1", "broker"),
        ("[broker]\na = 1", "[broker.a]"),
        (f"[broker.a]\n{TOPIC}", "host"),
        (f'[broker.a]\nhost = ""\n{TOPIC}', "host"),
        (f'[broker.a]\nhost = "h"\nport = 0\n{TOPIC}', "port"),
        (f'[broker.a]\nhost = "h"\ntls = 1\n{TOPIC}', "tls"),
        (f'[broker.a]\nhost = "h"\npassword = "x"\n{TOPIC}', "password"),
        (f'[broker.a]\nhost = "h"\npassword_file = "none"\n{TOPIC}', "password_file"),
        (f'[broker.a]\nhost = "h"\nca = "none"\n{TOPIC}', "ca"),
        ('[broker.a]\nhost = "h"', "topic"),
        ('[broker.a]\nhost = "h"\ntopic = [1]', "topic"),
        (f'[broker.a]\nhost = "h"\n{TOPIC}form = "iso"', "form"),
        (f'[broker.a]\nhost = "h"\n{TOPIC}time = "t"\nform = "receipt"', "form"),
        (f'[broker.a]\nhost = "h"\n{TOPIC}time = "t"\nform = "unix"', "form"),
        (f'[broker.a]\nhost = "h"\n{TOPIC}values = "v"', "values"),
        (f'[broker.a]\nhost = "h"\nclient = "c"\n{TOPIC}' + TWIN, "client"),
        *((f'[broker.a]\nhost = "h"\n[[broker.a.topic]]\nfilter = "{bad}"', "filter") for bad in
          ("", "a/#/b", "a#", "a/b+", "+a", "##")),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read_brokers(written(tmp_path, text))
    assert word in caught.value.text.en
    assert word in caught.value.text.zh


ELSEWHERE = [("127.0.0.1", "false", False), ("localhost", "false", False), ("10.1.2.3", "false", True)]


@pytest.mark.parametrize(("host", "tls", "warns"), [*ELSEWHERE, ("10.1.2.3", "true", False)])
def test_a_broker_elsewhere_wants_tls(tmp_path: Path, host: str, tls: str, warns: bool) -> None:
    (broker,) = read_brokers(written(tmp_path, f'[broker.a]\nhost = "{host}"\ntls = {tls}\n{TOPIC}'))
    assert (exposed(broker) is not None) == warns
