"""modbus.toml: what it says is what holds; a mistake is named with its place and hurts only its device."""

from decimal import Decimal
from pathlib import Path

import pytest

from xietong.intake.devices import BadSettings
from xietong.intake.modbus.registers import Device, read_devices
from xietong.protocols.modbus import Register

WHOLE = """
[device.m1]
host = "10.20.0.11"
port = 1502
unit = 3
interval_s = 900
timeout_s = 0.5
framing = "rtu"
shared = true
gap = 4
most = 60
[[device.m1.register]]
name = "kwh"
table = "input"
address = 4096
type = "uint32"
words = "low_first"
bytes = "low_first"
scale = 0.01
offset = -40
absent = [0xFFFFFFFF, -1, 0x80000000]
unit = "kWh"
[[device.m1.register]]
name = "door"
address = 7
type = "bit"
bit = 15
[[device.m1.register]]
name = "pump"
table = "coil"
address = 65535
[device.m2]
host = "m2"
[[device.m2.register]]
name = "t"
address = 0
type = "int16"
"""
GOOD = '[device.good]\nhost = "h"\n[[device.good.register]]\nname = "v"\naddress = 1\ntype = "int16"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "modbus.toml"
    path.write_text(text)
    return path


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    found = read_devices(written(tmp_path, WHOLE))
    assert found.problems == {}
    registers = (
        Register(
            "kwh", "input", 4096, "uint32", "low_first", "low_first", 0, Decimal("0.01"), Decimal(-40),
            (0xFFFFFFFF, 0xFFFFFFFF, 0x80000000), "kWh",
        ),
        Register("door", "holding", 7, "bit", bit=15),
        Register("pump", "coil", 65535, "bit"),
    )  # fmt: skip
    assert found.settings == {
        "m1": Device("m1", "10.20.0.11", 1502, 3, 900, 0.5, registers, "rtu", True, 4, 60),
        "m2": Device("m2", "m2", 502, 1, 60, 3.0, (Register("t", "holding", 0, "int16"),)),
    }
    assert found.settings["m1"].address == "10.20.0.11:1502/3"


def test_without_a_file_there_are_no_devices(tmp_path: Path) -> None:
    assert read_devices(tmp_path / "modbus.toml").settings == {}


@pytest.mark.parametrize("text", ["[", "devices = 1", "device = 1"])
def test_a_file_that_cannot_be_read_is_refused_whole(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSettings):
        read_devices(written(tmp_path, text))


def device(more: str = "", register: str = 'name = "v"\naddress = 1\ntype = "int16"', name: str = "a") -> str:
    return f'[device.{name}]\nhost = "h"\n{more}\n[[device.{name}.register]]\n{register}\n'


COIL = 'name = "v"\naddress = 1\ntable = "coil"'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[device]\na = 1", "[device.a]"),
        ("[device.a]", "register"),
        ('[device.a]\nhost = "h"', "register"),
        ('[device.a]\nhost = "h"\nregister = [1]', "register"),
        (device(name='"a/b"'), "a/b"),
        (device("port = 0"), "port"),
        (device("unit = 256"), "unit"),
        (device("unit = true"), "unit"),
        (device("interval_s = 0"), "interval_s"),
        (device("interval_s = 1.5"), "interval_s"),
        (device("timeout_s = 0"), "timeout_s"),
        (device("timeout_s = nan"), "timeout_s"),
        (device('framing = "ascii"'), "framing"),
        (device("shared = 1"), "shared"),
        (device("most = 126"), "most"),
        (device("gap = -1"), "gap"),
        (device("registers = 1"), "registers"),
        (device(register="address = 1"), "name"),
        (device(register='name = "a/b"'), "name"),
        (device(register='name = "v"\ntype = "int16"'), "address"),
        (device(register='name = "v"\naddress = 65535\ntype = "int32"'), "address"),
        (device(register='name = "v"\naddress = 1'), "type"),
        (device(register='name = "v"\naddress = 1\ntype = "int8"'), "type"),
        (device(register='name = "v"\naddress = 1\ntype = "bit"'), "bit"),
        (device(register='name = "v"\naddress = 1\ntype = "int16"\nbit = 1'), "bit"),
        (device(register='name = "v"\naddress = 1\ntype = "int16"\nwords = "low_first"'), "words"),
        (device(register='name = "v"\naddress = 1\ntype = "int32"\nwords = "little"'), "words"),
        (device(register='name = "v"\naddress = 1\ntype = "int16"\nscale = 0'), "scale"),
        (device(register='name = "v"\naddress = 1\ntype = "int16"\nscale = inf'), "scale"),
        (device(register='name = "v"\naddress = 1\ntype = "int16"\nscale = "1"'), "scale"),
        (device(register='name = "v"\naddress = 1\ntype = "int16"\nabsent = [0x10000]'), "absent"),
        (device(register='name = "v"\naddress = 1\ntype = "int16"\nabsent = []'), "absent"),
        (device(register='name = "v"\naddress = 1\ntype = "int16"\nabsent = 1'), "absent"),
        (device(register=COIL + '\ntype = "int16"'), "type"),
        (device(register=COIL + '\nbytes = "low_first"'), "bytes"),
        (device(register=COIL + "\nabsent = [1]"), "absent"),
        (device() + '[[device.a.register]]\nname = "v"\naddress = 2\ntype = "int16"', "register v"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_hurts_only_its_device(tmp_path: Path, text: str, word: str) -> None:
    found = read_devices(written(tmp_path, f"{text}\n{GOOD}"))
    assert list(found.settings) == ["good"]
    (problem,) = found.problems.values()
    assert word in problem.en
    assert word in problem.zh
