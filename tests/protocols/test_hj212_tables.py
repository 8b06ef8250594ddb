"""Commands, systems and results as data: every command is built and decoded, and the dialogues of annex C are lived."""

import json
import re

import pytest
from laid_beside import laid_beside, lines_beside

from xietong.protocols.hj212 import as_json, decode, frame
from xietong.protocols.hj212.building import Part, Speaker, asking, build, message, parameters, split
from xietong.protocols.hj212.content import read_time
from xietong.protocols.hj212.editions import Edition
from xietong.protocols.hj212.peer import Exchange, Patience, Request
from xietong.protocols.hj212.tables import (
    ANSWERS,
    COMMANDS,
    CONTROLLING,
    FETCHING,
    READING,
    RESULTS,
    SYSTEMS,
    VIOLATIONS,
    command,
    result,
)

ANNEX_C = "hj212/HJ212-2017-annexC-segments.tsv"
SPEAKER = Speaker("010000A8900016F000169DC0", st="32")
QN = "20160801085857223"
# As HJ 212 and 环发 2015-175 art. 4 have it: what writes to or controls an enterprise's monitor.
WRITES = [
    "1000",
    "1002",
    "1012",
    "1014",
    "1062",
    "1064",
    "1072",
    "2012",
    "2022",
    "3011",
    "3012",
    "3013",
    "3014",
    "3015",
    "3016",
    "3021",
    "3022",
    "3024",
]


def test_the_commands_that_write_or_control_are_these_and_none_of_them_may_be_asked_unasked() -> None:
    assert sorted(CONTROLLING) == WRITES
    assert not CONTROLLING & (FETCHING | READING)
    assert {"2031", "2041", "2051", "2061"} == FETCHING
    assert {"1011", "1061", "1063", "3017", "3018", "3019", "3020"} == READING
    assert all((known := command(cn)) and known.direction == "both" and not known.controls for cn in FETCHING | READING)


def test_every_edition_has_its_commands_and_systems() -> None:
    named = {
        edition: {each.cn for each in COMMANDS if edition in each.editions} for edition in ("2005", "2017", "2025")
    }
    assert named["2025"] - named["2017"] == {
        "1001",
        "1002",
        "1014",
        "2013",
        "2052",
        "2062",
        "2111",
        "3022",
        "3024",
        "9015",
    }
    assert {"1063", "1064", "2081", "3019", "3020", "3021"} <= named["2017"] - named["2005"]
    both = (command("3014", "2005"), command("3014", "2017"))
    assert [known.name.zh for known in both if known] == ["设置设备采样时间周期", "比对采样"]
    assert {st for st, system in SYSTEMS.items() if system.editions == {"2025"}} == {"44", "45"}
    assert command("9999") is None


def test_results_say_what_they_mean_and_an_unknown_one_is_named_by_itself() -> None:
    assert result("QnRtn", "3").en == "wrong password"
    assert result("ExeRtn", " 100 ").en == "no data"
    assert result("ExeRtn", "77").zh == "ExeRtn=77"
    assert len(RESULTS) == 10 + 7 + 10  # QnRtn, ExeRtn, states of an analyser


@pytest.mark.parametrize("edition", ["2005", "2017", "2025"])
@pytest.mark.parametrize("cn", sorted({each.cn for each in COMMANDS}))
def test_every_command_is_built_and_decoded(cn: str, edition: Edition) -> None:
    got = decode(build(SPEAKER._replace(edition=edition), cn, QN, "PolId=w01018;DataTime=20160801085857"))
    assert (got.ok, got.cn, got.mn, got.qn) == (True, cn, SPEAKER.mn, QN)
    assert got.st == ("91" if cn in ANSWERS else "32")
    assert got.flag == {"2005": 1, "2017": 5, "2025": 9}[edition]
    told = as_json(got)["command"]
    assert isinstance(told, dict)
    only_2005 = cn in ("1022", "1032", "1042")  # 1001 too, but a frame with a QN and 24 digits is none of 2005
    assert told["controls"] is (cn in WRITES or only_2005)


def segments() -> list[tuple[str, str]]:
    lines = lines_beside(ANNEX_C)[1:]
    found = [tuple(line.split("\t")) for line in lines]
    return [(table, re.sub(r";?…", "", segment)) for table, segment in found]


FIT_TO_BUILD = [segment for _, segment in segments() if not re.search(r"534,ST|Flag=5CP|; Flag", segment)]


def test_annex_c_is_there_to_be_built() -> None:
    assert laid_beside(ANNEX_C)
    assert len(FIT_TO_BUILD) > 50


@pytest.mark.parametrize("segment", FIT_TO_BUILD)
def test_the_examples_of_annex_c_are_built_as_printed(segment: str) -> None:
    got = decode(frame(segment))
    content = segment.partition("CP=&&")[2].removesuffix("&&")
    part = Part(got.pnum, got.pno) if got.pnum and got.pno else None
    speaker = Speaker(got.mn, got.pw, got.st, "2017")
    assert build(speaker, got.cn, got.qn, content, asks=bool(got.flag and got.flag & 1), part=part) == frame(segment)


def dialogues() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, segment in segments():
        found.setdefault(table, []).append(segment)
    # Those that the platform opens with a request and the device ends with a 9012, printed without a wrong QN.
    return {
        table: lines
        for table, lines in found.items()
        if "CN=9012" in lines[-1] and len(lines) > 1 and "C.43" not in table
    }


@pytest.mark.parametrize("table", sorted(dialogues()))
def test_the_dialogues_of_annex_c_are_lived_through(table: str) -> None:
    """Request → 9011 → data → 9012, as the platform sees it: every line of the device belongs, and it ends well."""
    first, *others = [decode(frame(line)) for line in dialogues()[table]]
    times = [read_time(re.sub("[,;].*", "", first.parameters.get(word, ""))) for word in ("BeginTime", "EndTime")]
    begin, end = times if first.cn in FETCHING else (None, None)
    exchange = Exchange(Request(first.mn, first.cn, first.qn, first.raw, begin, end), Patience(), 0.0)
    assert exchange.due(0.0) == first.raw
    for heard in others:
        if heard.cn == "9014":  # that one is the platform's own
            continue
        assert exchange.result is None
        assert exchange.heard(heard, 1.0), heard.raw
    assert exchange.result is not None
    assert (exchange.result.outcome, exchange.result.code) == ("done", "1")
    assert exchange.result.frames == sum(each.cn == first.cn for each in others)


def test_a_message_is_split_below_the_limit_with_whole_items_and_its_time_in_each() -> None:
    items = [f"a{number:05d}-Avg={number}.25,a{number:05d}-Flag=N" for number in range(60)]
    contents = split("20160801080000", items)
    assert len(contents) > 1
    assert all(len(each) <= 950 and each.startswith("DataTime=20160801080000;") for each in contents)
    assert ";".join(each.partition(";")[2] for each in contents) == ";".join(items)
    frames = [decode(raw) for raw in message(SPEAKER, "2061", [QN] * 9, contents)]
    assert [(each.pnum, each.pno) for each in frames] == [
        (len(contents), number + 1) for number in range(len(contents))
    ]
    assert [each.flag for each in frames] == [7] * len(contents)
    assert len(message(SPEAKER, "2061", [QN], contents[:1])) == 1


def test_a_request_for_history_reads_as_annex_c_20() -> None:
    at = read_time("20160801084000")
    assert at is not None
    assert asking(at, at) == "BeginTime=20160801084000;EndTime=20160801084000"
    assert asking(at, at, "w01018").startswith("PolId=w01018;BeginTime=")
    assert parameters({"OverTime": "5", "ReCount": "3"}) == "OverTime=5;ReCount=3"


def test_decode_names_commands_codes_and_results() -> None:
    told = as_json(decode(build(SPEAKER, "9012", QN, "ExeRtn=100", asks=False)))
    assert told["results"] == {"ExeRtn": {"zh": "没有数据", "en": "no data"}}
    assert told["command"] == {"zh": "操作执行结果", "en": "result of a request", "direction": "up", "controls": False}
    strange = as_json(decode(build(SPEAKER, "7777", QN, "DataTime=20160801084000;zz9-Avg=1")))
    assert (strange["command"], strange["codes"]) == (None, {"zz9": None})
    assert strange["violations"] == ["unknown_cn", "unknown_code"]
    assert json.dumps(told)


def test_every_violation_has_its_sentence() -> None:
    assert all(each.text.zh and each.text.en for each in VIOLATIONS.values())
    assert {name for name, each in VIOLATIONS.items() if each.treated == "refused"} == {
        "length", "crc", "modbus_crc", "modbus_swapped_crc", "swapped_crc", "span_crc", "other_crc",
        "no_header", "encrypted", "password", "address", "unlisted",
    }  # fmt: skip
