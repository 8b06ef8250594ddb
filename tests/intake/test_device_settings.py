"""devices.toml: what it may say, what it may not, and that a mistake is a sentence and changes nothing."""

import ipaddress
import os
from pathlib import Path

import pytest

from xietong.intake.devices import Asking, BadSettings, BookFile, DeviceBook, Listening, openness

FILE = """
[listen]
allow = ["10.0.0.0/8", "::1"]
[asking]
timeout_s = 5
sends = 2
[device."010000A8900016F000169DC0"]
password = "654321"
addresses = ["192.168.1.7"]
sm4_keys = ["0000000000000000", "0123456789abcdeffedcba9876543210"]
own = true
edition = "2025"
reading = ["1011", "3019:w01018"]
"""


def test_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_text(FILE)
    book = DeviceBook.read(path)
    assert book.listen.allow == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))
    assert (book.asking.timeout_s, book.asking.sends, book.asking.pause_s) == (5.0, 2, Asking().pause_s)
    rule = book.rule("010000A8900016F000169DC0")
    assert (rule.password, rule.own, rule.edition) == ("654321", True, "2025")
    assert rule.sm4_keys == (b"0" * 16, bytes.fromhex("0123456789abcdeffedcba9876543210"))
    assert rule.reading == ("1011", "3019:w01018")
    assert book.rule("nobody").own is False
    assert DeviceBook.read(tmp_path / "absent.toml") == DeviceBook()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[listen", "TOML"),
        ("[door]", "door"),
        ("listen = 1", "listen"),
        ("[device]\nA = 1", "device.A"),
        ("[device.A]\nnme = 1", "[device.A] nme"),
        ("[device.A]\naddresses = ['10.0.0.300']", "[device.A] addresses"),
        ("[device.A]\naddresses = '10.0.0.3'", "[device.A] addresses"),
        ("[device.A]\nsm4_keys = ['short']", "[device.A] sm4_keys"),
        ("[device.A]\npassword = 123456", "[device.A] password"),
        ("[device.A]\nown = 'yes'", "[device.A] own"),
        ("[device.A]\nedition = '2011'", "[device.A] edition"),
        ("[device.A]\nreading = ['1012']", "[device.A] reading"),
        ("[asking]\nsends = 0", "[asking] sends"),
        ("[asking]\ntimeout_s = -1", "[asking] timeout_s"),
        ("[asking]\ntimeout_s = true", "[asking] timeout_s"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_remedy(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "devices.toml"
    path.write_text(text)
    with pytest.raises(BadSettings) as caught:
        DeviceBook.read(path)
    assert where in caught.value.text.en
    assert where in caught.value.text.zh
    assert "mended" in caught.value.text.en


def test_a_change_is_seen_and_a_mistake_leaves_the_former_settings(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_text("[asking]\nsends = 2")
    file = BookFile(path)
    assert file.look() is None
    path.write_text("[asking]\nsends = 'many'")
    os.utime(path, ns=(1, 1))
    problem = file.look()
    assert problem is not None
    assert file.book.asking.sends == 2
    assert file.look() is None  # told once
    path.write_text("[asking]\nsends = 4")
    os.utime(path, ns=(2, 2))
    assert (file.look(), file.book.asking.sends) == (None, 4)
    path.unlink()
    assert (file.look(), file.book) == (None, DeviceBook())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_is_not_open(host: str) -> None:
    assert openness(host, Listening()) is None


def test_an_open_listener_deserves_a_warning_unless_it_has_tls_and_an_allow_list() -> None:
    nobody = (ipaddress.ip_network("10.0.0.0/8"),)
    for listen, lacks in (
        (Listening(), "TLS and an allow-list"),
        (Listening(allow=nobody), "without TLS:"),
        (Listening(certificate="c.pem"), "without an allow-list:"),
    ):
        warning = openness("0.0.0.0", listen)
        assert warning is not None
        assert lacks in warning.en
    assert openness("0.0.0.0", Listening(nobody, "c.pem")) is None
