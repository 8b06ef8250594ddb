"""What the doctor says of devices: passwords that nobody listed, analysers out of order, the ports that serve used."""

import json
from functools import partial
from pathlib import Path

from xietong.commands.doctor.devices import analysers, taken_in
from xietong.intake.devices import DeviceBook, Listening, Rule
from xietong.intake.hj212.callers import Caller
from xietong.processes import Door, note_door, noted_door
from xietong.protocols.hj212 import Piece, frame

MN, OTHER = "010000A8900016F000169DC4", "010000A8900016F000169DC5"


def _same(book: DeviceBook) -> DeviceBook:
    return book


def write(data: Path, name: str, told: object) -> None:
    (data / name).write_text(json.dumps(told), encoding="utf-8")


def test_a_device_without_a_listed_password_is_named_and_two_passwords_fail(tmp_path: Path) -> None:
    write(tmp_path, "registry.json", {"devices": [MN, OTHER]})
    write(tmp_path, "live.json", {"devices": {MN: {"passwords": ["a"]}}})
    (check,) = taken_in(tmp_path)
    assert (check.status, MN in check.found.zh, OTHER in check.found.en) == ("note", True, True)
    write(tmp_path, "live.json", {"devices": {MN: {"passwords": ["a", "b"]}}})
    (check,) = taken_in(tmp_path)
    assert (check.status, MN in check.found.zh, OTHER in check.found.en) == ("failed", True, False)
    listed = "".join(f'[device."{mn}"]\npassword = "x"\n' for mn in (MN, OTHER))
    (tmp_path / "devices.toml").write_text(listed, encoding="utf-8")
    assert list(taken_in(tmp_path)) == []


def test_the_fault_of_one_analyser_stands_beside_the_run_of_another(tmp_path: Path) -> None:
    told = {"at": "2026-11-01T02:00:00+00:00", "flag": "", "entry": "intake-0/1"}
    readings = {
        f"hj212:{MN}/w01018.i12001/Info@3020": {**told, "value": "2"},
        f"hj212:{MN}/w21003.i12001/Info@3020": {**told, "value": "0"},
    }
    write(tmp_path, "live.json", {"readings": readings})
    (check,) = analysers(tmp_path)
    assert "w01018" in check.found.zh
    assert "故障" in check.found.zh
    assert "fault" in check.found.en


def test_the_ports_that_serve_used_are_known_later(tmp_path: Path) -> None:
    usual, used = Door(), Door("127.0.0.1", 8123, 9333)
    assert noted_door(tmp_path, usual) == usual
    note_door(tmp_path, used)
    assert noted_door(tmp_path, usual) == used
    (tmp_path / "door.json").write_text("{", encoding="utf-8")
    assert noted_door(tmp_path, usual) == usual


def test_a_park_may_hear_listed_devices_alone() -> None:
    raw = frame(f"QN=20250310010000195;ST=31;CN=2061;PW=1;MN={MN};Flag=5;CP=&&DataTime=20250310000000;a21026-Avg=1&&")
    for book, kind, answered in (
        (DeviceBook(), "hj212", True),
        (DeviceBook(Listening(unlisted="refused")), "hj212-refused", False),
        (DeviceBook(Listening(unlisted="refused"), devices={MN: Rule()}), "hj212", True),
    ):
        judged = Caller("127.0.0.1", "tcp:127.0.0.1:1", partial(_same, book)).judge([Piece("hj212", raw)])
        assert (judged.kept[0].kind, bool(judged.answers)) == (kind, answered)
        assert judged.kept[0].origin.endswith("#unlisted") == (not answered)
