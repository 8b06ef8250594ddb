"""What live.json says of a device: violations by name, parts missing, frames sent again, answers, keys."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from settle_folder import BEGIN, Folder

from xietong.intake.devices import DeviceBook, Rule
from xietong.protocols.hj212 import frame
from xietong.protocols.hj212.building import Part, Speaker, build
from xietong.protocols.hj212.sealing import seal
from xietong.protocols.hj212.violations import modbus
from xietong.settle.devices.device import Device
from xietong.settle.devices.due import Span
from xietong.settle.devices.requests import plan

MN = "010000A8900016F000169DC0"
QN = "20260314080000500"
SPEAKER = Speaker(MN, st="31")
CONTENT = "DataTime=20260314080000;a21026-Avg=1.5,a21026-Flag=N"


def settled(folder: Folder) -> Any:
    settler = folder.settler()
    while settler.step():
        pass
    settler.finish()
    return json.loads((folder.data / "live.json").read_bytes())


def device(folder: Folder) -> Any:
    return settled(folder)["devices"][MN]


def test_a_violation_is_named_on_its_device_however_many_good_frames_come_with_it(folder: Folder) -> None:
    good = build(SPEAKER, "2061", QN, CONTENT)
    lower = good[:-6] + good[-6:].lower()
    strange = build(SPEAKER._replace(st="77"), "2061", QN, CONTENT)
    folder.write(good, lower, strange, good, good)
    named = device(folder)["violations"]
    assert named["lower_case_crc"]["entry"] == "intake-0/2"
    assert {name: seen["times"] for name, seen in named.items()} == {"lower_case_crc": 1, "unknown_st": 1}
    assert named["unknown_st"]["entry"] == "intake-0/3"
    folder.write(good, strange, strange, good, strange)
    again = device(folder)["violations"]["unknown_st"]
    assert (again["times"], again["entry"]) == (4, "intake-0/10")


def test_an_unknown_factor_is_named_at_every_frame_that_has_it(folder: Folder) -> None:
    odd = build(SPEAKER, "2061", QN, CONTENT + ";a99999-Avg=1,a99999-Flag=N")
    good = build(SPEAKER, "2061", QN, CONTENT)
    folder.write(good, odd, good, odd, good)
    named = device(folder)["violations"]
    assert {name: seen["times"] for name, seen in named.items()} == {"unknown_code": 2}
    assert named["unknown_code"]["entry"] == "intake-0/4"


def test_what_was_asked_and_answered_is_told_exchange_by_exchange() -> None:
    asked, at = Device(), datetime(2026, 3, 14, tzinfo=UTC)
    for number in range(40):
        note = {"exchange": "done", "cn": "2061", "code": "1", "frames": number, "sent": 1}
        asked.answered(note | ({"order": "web-0/3"} if number == 39 else {}), at, f"intake-0/{number}")
    history = asked.asked["history"]
    assert [each["frames"] for each in history] == list(range(10, 40))
    assert (history[-1]["entry"], history[-1]["order"], history[-1]["sent"]) == ("intake-0/39", "web-0/3", 1)
    assert "order" not in history[0]


def test_a_device_with_the_wrong_crc_algorithm_is_named_though_nothing_of_it_is_used(folder: Folder) -> None:
    segment = build(SPEAKER, "2061", QN, CONTENT)[6:-6]
    folder.write(b"##%04d%b%04X\r\n" % (len(segment), segment, modbus(segment)), kind="hj212-refused")
    assert device(folder)["violations"]["modbus_crc"]["times"] == 1
    assert device(folder)["refused"] == {"crc": 1}
    assert folder.rows() == []


def test_a_second_password_is_named_and_told_of_no_more_than_its_hash(folder: Folder) -> None:
    folder.write(*(build(SPEAKER._replace(pw=pw), "2061", QN, CONTENT) for pw in ("123456", "123456", "654321")))
    known = device(folder)
    assert known["violations"]["passwords"]["entry"] == "intake-0/3"
    assert len(known["passwords"]) == 2
    assert "654321" not in json.dumps(known)


def test_each_analyser_tells_its_own_state(folder: Folder) -> None:
    said = "DataTime=20260314080000;PolId=%s;i12001-Info=%s"
    folder.write(*(build(SPEAKER, "3020", QN, said % each) for each in (("w01018", "2"), ("w21003", "0"))))
    told = settled(folder)
    assert told["devices"][MN]["told"] | {"PolId": ""} == {
        "PolId": "",
        "w01018 i12001-Info": "2",
        "w21003 i12001-Info": "0",
    }
    states = {address.split("/")[1]: each["value"] for address, each in told["readings"].items()}
    assert states == {"w01018.i12001": "2", "w21003.i12001": "0"}


def test_what_a_rule_refused_is_named_by_the_rule(folder: Folder) -> None:
    good = build(SPEAKER, "2061", QN, CONTENT)
    folder.write(good)
    folder.write(good, kind="hj212-refused", origin="tcp:10.0.0.9:5#password")
    live = settled(folder)
    assert live["devices"][MN]["refused"] == {"password": 1}
    assert live["devices"][MN]["violations"]["password"]["times"] == 1
    assert live["intake"]["peers"] == {"10.0.0.9": {"refused": 1}}
    assert len(folder.rows()) == 1


def test_a_missing_part_is_a_gap_mark_and_the_rest_is_in_the_lake(folder: Folder) -> None:
    folder.write(build(SPEAKER, "2061", QN, CONTENT, part=Part(3, 1)))
    assert (device(folder)["gaps"], folder.rows()) == ([], [])
    folder.write(*[b"{}"] * 40, kind="note")  # a second each: the wait is over
    (gap,) = device(folder)["gaps"]
    assert (gap["cn"], gap["pnum"], gap["missing"]) == ("2061", 3, [2, 3])
    assert gap["data_time"] == "2026-03-14T08:00:00+08:00"
    assert [(value, entry) for _, _, value, _, entry in folder.rows()] == [("1.500000", "intake-0/1")]
    assert "parts" in device(folder)["violations"]


def test_a_part_that_waits_survives_a_restart_and_nothing_comes_twice(folder: Folder) -> None:
    one = build(SPEAKER, "2061", QN, CONTENT, part=Part(2, 1))
    two = build(SPEAKER, "2061", QN, CONTENT.replace("a21026", "a21002"), part=Part(2, 2))
    other = build(SPEAKER, "2051", QN, CONTENT)
    folder.write(one, other)
    settled(folder)  # its position is past the part
    assert len(folder.rows()) == 1
    assert folder.settler().lake.positions() == {"intake-0": 2, "intake-0#parts": 0}
    folder.write(two)
    settled(folder)
    settled(folder)
    assert sorted(entry for *_, entry in folder.rows()) == ["intake-0/1", "intake-0/2", "intake-0/3"]


def test_frames_sent_again_are_counted_and_count_once(folder: Folder) -> None:
    again = build(SPEAKER._replace(edition="2025"), "2061", QN, CONTENT)
    segment = again[6:-6].replace(b"Flag=9;", b"Flag=9;RF=1;")
    folder.write(again, frame(segment))
    assert device(folder)["resent"] == 1
    assert {(address, at, value) for address, at, value, *_ in folder.rows()} == {
        (f"hj212:{MN}/a21026/Avg@2061", BEGIN, "1.500000")
    }


def test_a_heartbeat_is_noted_and_gives_no_reading(folder: Folder) -> None:
    folder.write(build(SPEAKER._replace(edition="2025"), "9015", QN, ""))
    assert device(folder)["heartbeat"] == BEGIN.isoformat()
    assert folder.rows() == []


def test_an_encrypted_frame_is_read_with_its_key_and_named_without_it(folder: Folder) -> None:
    sealed = seal(build(SPEAKER._replace(edition="2025"), "2061", QN, CONTENT)[6:-6], bytes([0x30] * 16))
    (folder.data / "devices.toml").write_text(f'[device.{MN}]\nsm4_keys = ["{"0" * 16}"]\n')
    folder.write(sealed)
    assert device(folder)["violations"] == {}
    assert [(value, flag, entry) for _, _, value, flag, entry in folder.rows()] == [("1.500000", "N", "intake-0/1")]
    (folder.data / "devices.toml").unlink()
    folder.write(sealed)
    assert device(folder)["violations"]["encrypted"]["entry"] == "intake-0/2"


def test_settings_with_a_mistake_are_told_of_and_nothing_is_asked(folder: Folder) -> None:
    (folder.data / "devices.toml").write_text("[asking]\nsends = 'many'\n")
    folder.write(build(SPEAKER, "2061", QN, CONTENT))
    assert "sends" in settled(folder)["damage"][0]["en"]
    assert len(folder.rows()) == 1


NOW = datetime(2026, 3, 20, tzinfo=UTC)
SPAN = Span(MN, "2061", NOW - timedelta(days=2), NOW - timedelta(days=1), 25)


@pytest.mark.parametrize(("silent", "asked"), [(0, 1), (2, 1), (3, 0)])
def test_whoever_is_silent_three_times_is_one_way(silent: int, asked: int) -> None:
    known = Device(asked={"silent": silent, "last": {"at": NOW.isoformat()}})
    assert len(plan([SPAN], {MN: known}, DeviceBook(), NOW)) == asked
    assert known.one_way is (silent >= 3)
    assert (known.file_wanted is not None) is known.one_way
    # A day later it is asked once more: it may have been mended.
    assert len(plan([SPAN], {MN: known}, DeviceBook(), NOW + timedelta(days=1))) == 1


def test_an_answer_ends_one_way_and_a_cut_line_says_nothing() -> None:
    known = Device(asked={"silent": 3}, one_way=True)
    note = {"mn": MN, "cn": "2061", "begin": SPAN.begin.isoformat(), "end": SPAN.end.isoformat(), "code": ""}
    known.answered({**note, "exchange": "cut"}, NOW)
    assert known.asked["silent"] == 3
    known.answered({**note, "exchange": "silent"}, NOW)
    assert known.asked["silent"] == 4
    known.answered({**note, "exchange": "no_data"}, NOW)
    assert (known.asked["silent"], known.one_way) == (0, False)
    assert known.asked["vain"] == [["2061", note["begin"], note["end"], 1]]


def test_nobody_is_asked_who_may_not_be(tmp_path: Path) -> None:
    closed = DeviceBook(devices={MN: Rule(ask=False)})
    assert plan([SPAN], {MN: Device()}, closed, NOW) == []
    assert plan([SPAN], {}, DeviceBook(), NOW) == []  # never heard: there is no line to ask on
    spans = [SPAN._replace(begin=SPAN.begin - timedelta(days=number)) for number in range(9)]
    assert len(plan(spans, {MN: Device()}, DeviceBook(), NOW)) == 4


@pytest.mark.parametrize(
    ("asked", "times", "is_asked"),
    [
        (SPAN, 3, False),  # given up: three times in vain, the usual number
        (SPAN, 2, True),
        (SPAN._replace(begin=SPAN.begin + timedelta(hours=1)), 3, True),  # its first hour was never asked for
        (SPAN._replace(end=SPAN.end - timedelta(hours=1)), 3, True),  # nor its last
        (SPAN._replace(begin=SPAN.begin - timedelta(hours=1), end=SPAN.end + timedelta(hours=1)), 3, False),
        (SPAN._replace(cn="2051"), 3, True),
    ],
)
def test_a_gap_is_given_up_where_all_of_it_was_asked_for_in_vain(asked: Span, times: int, is_asked: bool) -> None:
    known = Device(asked={"vain": [[asked.cn, asked.begin.isoformat(), asked.end.isoformat(), times]]})
    assert len(plan([SPAN], {MN: known}, DeviceBook(), NOW)) == is_asked
    assert (known.file_wanted is None) is is_asked


def test_what_an_enterprise_must_give_in_a_file_reaches_from_the_first_gap_to_the_last() -> None:
    later = SPAN._replace(begin=NOW - timedelta(hours=5), end=NOW - timedelta(hours=3), instants=3)
    known = Device(asked={"silent": 3, "last": {"at": NOW.isoformat()}})
    plan([later, SPAN], {MN: known}, DeviceBook(), NOW)
    assert known.file_wanted is not None
    told = (known.file_wanted["begin"], known.file_wanted["end"], known.file_wanted["count"])
    assert told == (SPAN.begin.isoformat(), later.end.isoformat(), 28)
    plan([], {MN: known}, DeviceBook(), NOW)
    assert known.file_wanted is None


def test_what_a_device_says_of_itself_is_read_again_after_a_day() -> None:
    book = DeviceBook(devices={MN: Rule(reading=("3019", "3020:a21026"))})
    known = Device(asked={"read": {"3019": NOW.isoformat(), "3020": (NOW - timedelta(days=1)).isoformat()}})
    assert plan([], {MN: known}, book, NOW) == [
        {"mn": MN, "cn": "3020", "begin": None, "end": None, "factor": "a21026"}
    ]
    assert len(plan([], {MN: known}, book, NOW + timedelta(days=1, seconds=-1))) == 1
    assert [each["factor"] for each in plan([], {MN: known}, book, NOW + timedelta(days=1))] == [None, "a21026"]


def test_no_more_is_asked_at_once_than_five_thousand_times() -> None:
    names = [f"M{number}" for number in range(1_251)]
    spans = [SPAN._replace(mn=mn) for mn in names for _ in range(4)]
    assert len(plan(spans, {mn: Device() for mn in names}, DeviceBook(), NOW)) == 5_000


def test_a_device_that_refuses_our_password_is_counted_each_time() -> None:
    known = Device()
    note = {"cn": "2061", "begin": SPAN.begin.isoformat(), "end": SPAN.end.isoformat(), "exchange": "refused"}
    for code in ("3", "3", "2"):
        known.answered({**note, "code": code}, NOW)
    assert known.violations["password"]["times"] == 2
