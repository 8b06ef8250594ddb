"""A row that cannot be used is named by file, row and column with a sentence, and the rest is loaded."""

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from park_packages import FILES, write_package

from xietong.park.package.reading import Package, PackageError, read_package
from xietong.park.package.rules import Known, key_of
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import Rejection


def read(folder: Path) -> Package:
    return read_package(folder, Known())


def with_row(name: str, row: str) -> dict[str, str | bytes | None]:
    return {name: FILES[name] + row + "\n"}


def places(rejected: list[Rejection]) -> list[tuple[str, int, str, str, str]]:
    return [(each.file, each.row, each.column, each.value, each.rule) for each in rejected]


BAD_ROWS = [
    ("reported.csv", "E01,2025-03,coke,12,筐", "unit", "筐", "unit"),
    ("reported.csv", "E01,2025-03,coke,12,MWh", "unit", "MWh", "unit_mismatch"),
    ("reported.csv", "E01,2025-03,unobtainium,12,t", "item", "unobtainium", "item"),
    ("reported.csv", "E99,2025-03,coke,12,t", "subject", "E99", "unknown_subject"),
    ("reported.csv", "E01,2025-13,coke,12,t", "period", "2025-13", "period"),
    ("reported.csv", "E01,2025-03,coke,-12,t", "amount", "-12", "negative"),
    ("reported.csv", "E01,2025-03,coke,,t", "amount", "", "required"),
    ("reported.csv", "E01,2025-03,coke,twelve,t", "amount", "twelve", "number"),
    ("reported.csv", "E01,2025-03,coke,NaN,t", "amount", "NaN", "number"),
    ("reported.csv", 'E01,2025-03,coke,"1,234.5",t', "amount", "1,234.5", "thousands"),
    ("reported.csv", 'E01,2025-03,coke,"1 234",t', "amount", "1 234", "thousands"),
    ("reported.csv", "E01,2025-03,coke,1e400,t", "amount", "1e400", "number"),
    ("reported.csv", "E01,2025-01,coke,7,t", "subject", "E01", "duplicate"),
    ("reported.csv", "E01,2025-03,coke,7,t,note,more", "", "", "cells"),
    ("subjects.csv", "E02,company,某厂,,,,,,,,", "kind", "company", "choice"),
    ("subjects.csv", "E02,enterprise,某厂,,NOWHERE,,,,,,", "parent", "NOWHERE", "unknown_subject"),
    ("subjects.csv", "E02,enterprise,某厂,,,,,maybe,,,", "key_energy", "maybe", "boolean"),
    ("subjects.csv", "E02,enterprise,某厂,,,,,,2025-02-30,,", "since", "2025-02-30", "date"),
    ("subjects.csv", "E02,enterprise,某厂,,,,,,2025-02-03,2025-02-03,", "since", "2025-02-03", "order"),
    ("subjects.csv", "E01-W2,outlet,排口,,E01,,,,,,W99", "discharges_to", "W99", "discharges_to"),
    ("subjects.csv", "P2,park,另一个园,,,,,,,,", "kind", "park", "second_park"),
    ("subjects.csv", "E 02,enterprise,某厂,,,,,,,,", "code", "E 02", "code"),
    ("points.csv", "M3,E01,energy,coke,t,amount,3600,10,5,sheet,,,", "low", "10", "order"),
    ("points.csv", "M3,E01,energy,coke,t,amount,,,,sheet,,,", "interval_s", "", "required"),
    ("points.csv", "M3,E01,energy,coke,t,amount,3600,,,http://x,,,", "source", "http://x", "source"),
    ("points.csv", "M3,E01,energy,coke,t,sometimes,3600,,,sheet,,,", "shape", "sometimes", "choice"),
    ("targets.csv", "carbon_emission_intensity,YL,2025,2,1,true", "basic", "1", "basic_better"),
    ("targets.csv", "renewable_energy_share,YL,2025,20,30,true", "basic", "30", "basic_better"),
    ("targets.csv", "carbon_emission_intensity,YL,25,2,3,true", "year", "25", "integer"),
    ("targets.csv", "carbon_emission_intensity,YL,2025,,3,true", "target", "", "required"),
    ("limits.csv", "W01-O1,ammonia_nitrogen,concentration,0,mg/L,day,", "value", "0", "negative"),
    ("factors.csv", "lpg,0.7143,kgce/kg,化验,coal_equivalent,,2025-01-01", "value", "0.7143", "physics"),
    ("factors.csv", "electricity,4.04,kgce/kWh,旧表,coal_equivalent,,2025-01-01", "value", "4.04", "physics"),
    ("factors.csv", "diesel,0.202,tC/GJ,指南,carbon_content,,2025-01-01", "value", "0.202", "physics"),
    ("factors.csv", "coke,0.98,tce/kWh,化验,coal_equivalent,,2025-01-01", "unit", "tce/kWh", "unit"),
    ("factors.csv", "coke,0.98,tce/t,化验,taste,,2025-01-01", "purpose", "taste", "known"),
    ("events.csv", "E01,holiday,2025-02-01T08:00,,", "kind", "holiday", "choice"),
    ("events.csv", "E01,fault,1 Feb 2025,,", "start", "1 Feb 2025", "instant"),
    ("events.csv", "E01,fault,2025-02-03T08:00,2025-02-01T08:00,", "start", "2025-02-03T08:00", "order"),
    ("effects.csv", "C9,electricity_purchased,1,MWh,verified", "measure", "C9", "unknown_measure"),
    ("flows.csv", "E01,W99,高炉渣,5,t,2025-02", "to", "W99", "unknown_subject"),
    ("flows.csv", "E01,outside:某厂,高炉渣,-5,t,2025-02", "amount", "-5", "negative"),
]


@pytest.mark.parametrize(("file", "row", "column", "value", "rule"), BAD_ROWS, ids=lambda each: str(each)[:30])
def test_a_bad_row_is_named_and_the_rest_is_loaded(
    tmp_path: Path, file: str, row: str, column: str, value: str, rule: str
) -> None:
    whole = read(write_package(tmp_path / "whole"))
    package = read(write_package(tmp_path / "bad", with_row(file, row)))
    number = FILES[file].count("\n") + 1
    assert places(package.rejected) == [(file, number, column, value, rule)]
    assert package.accepted == whole.accepted
    message = package.rejected[0].message
    assert f"{file} 第 {number} 行" in message.zh
    assert f"{file}, row {number}" in message.en
    assert not column or column in message.zh
    assert value in message.en
    assert "；" in message.zh
    assert ";" in message.en


def test_a_flow_of_nothing_is_stated_as_well_as_any(tmp_path: Path) -> None:
    package = read(write_package(tmp_path, with_row("flows.csv", "E01,outside:某厂,高炉渣,0,t,2025-02")))
    assert package.rejected == []
    assert [row.values["amount"] for row in package.tables["flows"]] == [5200, 0]


def test_the_registers_of_a_meter_are_stated_by_a_change_of_it_alone(tmp_path: Path) -> None:
    points = FILES["points.csv"] + "M3,E01,energy,electricity_purchased,kWh,counter,900,,,sheet,,,\n"
    events = "subject,kind,start,end,point,closing,opening,reason\nE01,meter_change,2025-02-01T08:00,,M3,120,0,\n"
    events += "E01,stop,2025-02-02T08:00,2025-02-03T08:00,,120,,检修\n"
    package = read(write_package(tmp_path, {"points.csv": points, "events.csv": events}))
    assert places(package.rejected) == [("events.csv", 3, "closing", "120", "meter_change")]
    assert [row.values["kind"] for row in package.tables["events"]] == ["meter_change"]


def test_bounds_that_leave_one_value_are_bounds(tmp_path: Path) -> None:
    package = read(write_package(tmp_path, with_row("points.csv", "M3,E01,energy,coke,t,amount,3600,5,5,sheet,,,")))
    assert package.rejected == []
    assert [row.values["high"] for row in package.tables["points"] if row.values["code"] == "M3"] == [5]


def test_the_key_of_a_row_is_a_json_list_in_the_park_s_own_letters() -> None:
    """Keys stand in the database: written otherwise, a row stated again would be another row."""
    assert key_of(TABLES["subjects"], {"code": "甲", "name": "某厂"}) == '["甲"]'


def test_the_whole_package_is_accepted(tmp_path: Path) -> None:
    package = read(write_package(tmp_path))
    assert (package.rejected, package.remarks) == ([], [])
    rows = sum(text.count("\n") - 1 for name, text in FILES.items() if name.endswith(".csv"))
    assert package.accepted == rows == 23


def test_a_rejected_subject_takes_along_what_names_it(tmp_path: Path) -> None:
    subjects = FILES["subjects.csv"].replace("E01,enterprise,", "E01,company,")
    package = read(write_package(tmp_path, {"subjects.csv": subjects}))
    assert places(package.rejected)[0] == ("subjects.csv", 3, "kind", "company", "choice")
    assert places(package.rejected)[1] == ("subjects.csv", 4, "parent", "E01", "unknown_subject")
    assert {row.values["code"] for row in package.tables["subjects"]} == {"YL", "W01", "W01-O1"}
    assert [row.values["code"] for row in package.tables["points"]] == ["M2"]
    assert package.tables["effects"] == []


def test_parents_in_a_circle_are_refused(tmp_path: Path) -> None:
    circle = FILES["subjects.csv"] + "A,process,甲,,B,,,,,,\nB,process,乙,,A,,,,,,\n"
    package = read(write_package(tmp_path, {"subjects.csv": circle}))
    assert [each[1:3] + each[4:] for each in places(package.rejected)] == [
        (7, "parent", "circle"),
        (8, "parent", "circle"),
    ]


def test_an_unknown_column_is_a_remark_and_the_row_is_loaded(tmp_path: Path) -> None:
    text = FILES["expected.csv"].replace("due_day", "due_day,colour").replace("month,10", "month,10,red")
    package = read(write_package(tmp_path, {"expected.csv": text}))
    assert package.rejected == []
    assert places(package.remarks) == [("expected.csv", 1, "colour", "", "unknown_column")]
    assert len(package.tables["expected"]) == 1


def test_a_missing_column_leaves_the_file_out(tmp_path: Path) -> None:
    text = FILES["reported.csv"].replace("unit,note", "units,note")
    package = read(write_package(tmp_path, {"reported.csv": text}))
    assert places(package.rejected) == [("reported.csv", 1, "unit", "", "missing_column")]
    assert package.tables["reported"] == []


def test_a_byte_order_mark_is_welcome_and_gbk_is_refused_with_the_remedy(tmp_path: Path) -> None:
    marked = {name: b"\xef\xbb\xbf" + text.encode() for name, text in FILES.items()}
    assert read(write_package(tmp_path / "bom", marked)).rejected == []
    gbk = {"subjects.csv": FILES["subjects.csv"].encode("gbk")}
    package = read(write_package(tmp_path / "gbk", gbk))
    first = package.rejected[0]
    assert places([first]) == [("subjects.csv", 0, "", "", "encoding")]
    assert "第 2 行" in first.message.zh
    assert "GBK" in first.message.zh
    assert "CSV UTF-8" in first.message.en
    assert [row.values["code"] for row in package.tables["subjects"]] == ["YL"]


@pytest.mark.parametrize(
    ("changed", "rule", "column"),
    [
        ('output_value = "net"', "choice", "choices.output_value"),
        ('colour = "red"', "choice", "choices.colour"),
        ('price = "constant:20"', "choice", "choices.price"),
    ],
)
def test_a_choice_that_is_none_is_named_and_the_default_stays(
    tmp_path: Path, changed: str, rule: str, column: str
) -> None:
    park = '[park]\ncode = "YL"\nname = "云岭"\n[choices]\n' + changed + "\n"
    package = read(write_package(tmp_path, {"park.toml": park}))
    assert [(each.file, each.column, each.rule) for each in package.rejected] == [("park.toml", column, rule)]
    assert package.park["choices"] == {}


@pytest.mark.parametrize(
    ("park", "said"),
    [
        (None, "no park.toml"),
        ("[park", "no sound TOML"),
        ("[choices]\n", "lacks code and name"),
        ('[park]\ncode = "YL"\nname = "云岭"\ntimezone = "Asia/Xian"\n', "Asia/Xian"),
        ('[park]\ncode = "Y L"\nname = "云岭"\n', "a space, comma or quote"),
        ('[park]\ncode = "YL"\nname = "云\\u0000岭"\n', "control characters"),
        ("park = 5\n", "lacks code and name"),
    ],
)
def test_a_folder_that_is_no_package_is_refused_whole(tmp_path: Path, park: str | None, said: str) -> None:
    with pytest.raises(PackageError, match=said):
        read(write_package(tmp_path, {"park.toml": park}))


def test_an_unknown_file_is_a_remark(tmp_path: Path) -> None:
    package = read(write_package(tmp_path, {"notes.csv": "a,b\n"}))
    assert places(package.remarks) == [("notes.csv", 0, "", "", "unknown_file")]


@given(
    name=st.sampled_from([name for name in FILES if name != "park.toml"]),
    cut=st.tuples(st.integers(0, 400), st.integers(0, 40)),
    put=st.one_of(st.binary(max_size=30), st.text(max_size=12).map(str.encode), st.sampled_from([b"\n", b",", b'"'])),
)
@settings(max_examples=150, deadline=None)
def test_no_bytes_bring_the_reader_down(name: str, cut: tuple[int, int], put: bytes) -> None:
    whole, (start, length) = FILES[name].encode(), cut
    broken = whole[:start] + put + whole[start + length :]
    with tempfile.TemporaryDirectory() as folder:
        package = read(write_package(Path(folder), {name: broken, "choices.toml": None}))
    assert package.accepted <= 23 + put.count(b"\n") + put.count(b"\r")
    for each in [*package.rejected, *package.remarks]:
        assert each.message.zh
        assert each.message.en
        assert each.rule


def test_choices_that_are_no_table_are_named(tmp_path: Path) -> None:
    park = 'choices = "gross"\n[park]\ncode = "YL"\nname = "云岭"\n'
    package = read(write_package(tmp_path, {"park.toml": park}))
    assert [(each.file, each.column) for each in package.rejected] == [("park.toml", "choices.choices")]


def test_a_target_of_an_indicator_that_nobody_computes_is_loaded_with_a_remark(tmp_path: Path) -> None:
    package = read(write_package(tmp_path, with_row("targets.csv", "happiness,YL,2025,5,9,false")))
    assert package.rejected == []
    assert places(package.remarks) == [("targets.csv", 4, "indicator", "happiness", "unknown_indicator")]
    assert len(package.tables["targets"]) == 3


OWN = "key,value,unit,source,purpose,subject,valid_from,valid_to,evidence,approval\n"


def own(*rows: str) -> dict[str, str | bytes | None]:
    return {"factors.csv": OWN + "".join(f"{row}\n" for row in rows)}


def test_two_own_factors_valid_on_one_day_name_each_other(tmp_path: Path) -> None:
    rows = (
        "coke,0.97,tce/t,化验,coal_equivalent,E01,2025-01-01,,a.pdf,",
        "coke,28.4,GJ/t,化验,calorific_value,E01,2025-01-01,,a.pdf,",
        "coke,0.96,tce/t,化验,coal_equivalent,E01,2025-07-01,,b.pdf,",
        "coke,30.5,GJ/t,化验,calorific_value,,2025-01-01,2025-06-01,c.pdf,",
        "coke,0.95,tce/t,化验,coal_equivalent,,2025-05-31,,c.pdf,",
    )
    package = read(write_package(tmp_path, own(*rows)))
    assert places(package.rejected) == [
        ("factors.csv", 4, "valid_from", "2025-07-01", "overlap"),
        ("factors.csv", 6, "value", "0.95", "physics"),
    ]
    assert "it contradicts row 2, which was used" in package.rejected[0].message.en
    assert "与之冲突的是第 5 行" in package.rejected[1].message.zh
    assert [row.number for row in package.tables["factors"]] == [2, 3, 5]


def test_an_own_factor_meets_those_that_the_park_has(tmp_path: Path) -> None:
    held = {"key": "coke", "purpose": "coal_equivalent", "subject": "E01", "value": "0.97", "unit": "tce/t"}
    held |= {"source": "旧化验", "region": "", "valid_from": "2025-01-01", "valid_to": "", "evidence": "x"}
    new = "coke,0.96,tce/t,化验,coal_equivalent,E01,2026-01-01,,b.pdf,"
    bare = "coke,0.96,tce/t,化验,coal_equivalent,E01,2026-01-01,,,"
    earlier = "coke,0.96,tce/t,化验,coal_equivalent,E01,2024-01-01,,b.pdf,"
    for name, row in (("bare", bare), ("earlier", earlier)):
        package = read_package(write_package(tmp_path / name, own(row)), Known(factors=(held,)))
        assert [each.rule for each in package.rejected] == ["overlap"]
        assert "a row loaded before (0.97 tce/t, 旧化验, 2025-01-01" in package.rejected[0].message.en
    ended = "coke,0.97,tce/t,旧化验,coal_equivalent,E01,2025-01-01,2026-01-01,x,"
    package = read_package(write_package(tmp_path / "b", own(ended, new)), Known(factors=(held,)))
    assert package.rejected == []


def test_a_successor_with_evidence_ends_the_factor_that_had_no_end(tmp_path: Path) -> None:
    held = {"key": "coke", "purpose": "coal_equivalent", "subject": "E01", "value": "0.97", "unit": "tce/t"}
    held |= {"source": "旧化验", "region": "", "valid_from": "2025-01-01", "valid_to": "", "evidence": "x"}
    new = "coke,0.96,tce/t,化验,coal_equivalent,E01,2026-01-01,,b.pdf,"
    package = read_package(write_package(tmp_path / "a", own(new)), Known(factors=(held,)))
    assert package.rejected == []
    [remark] = [each for each in package.remarks if each.rule == "succeeds"]
    assert "follows a row loaded before (0.97 tce/t, 旧化验, 2025-01-01" in remark.message.en
    proposed = read_package(write_package(tmp_path / "b", own(f"{new}proposed")), Known(factors=(held,)))
    assert proposed.rejected == []
    assert "until it is approved" in next(each for each in proposed.remarks if each.rule == "succeeds").message.en
    twice = own(new, "coke,0.95,tce/t,化验,coal_equivalent,E01,2026-07-01,,c.pdf,")
    package = read_package(write_package(tmp_path / "c", twice), Known(factors=(held,)))
    assert places(package.rejected) == [("factors.csv", 3, "valid_from", "2026-07-01", "overlap")]


def test_the_old_row_stated_again_without_its_end_keeps_it(tmp_path: Path) -> None:
    held = {"key": "coke", "purpose": "coal_equivalent", "subject": "E01", "value": "0.97", "unit": "tce/t"}
    held |= {"source": "旧化验", "region": "", "valid_from": "2025-01-01", "valid_to": "2026-01-01", "evidence": "x"}
    after = {**held, "value": "0.96", "valid_from": "2026-01-01", "valid_to": "", "evidence": "b.pdf"}
    again = "coke,0.97,tce/t,旧化验,coal_equivalent,E01,2025-01-01,,x,"
    package = read_package(write_package(tmp_path / "a", own(again)), Known(factors=(held, after)))
    assert package.rejected == []
    assert package.tables["factors"][0].values["valid_to"] == date(2026, 1, 1)
    other = again.replace("0.97", "0.98")
    package = read_package(write_package(tmp_path / "b", own(other)), Known(factors=(held, after)))
    assert [each.rule for each in package.rejected] == ["overlap"]


def test_an_own_factor_without_evidence_or_approval_is_remarked(tmp_path: Path) -> None:
    rows = (
        "coke,0.97,tce/t,化验,coal_equivalent,E01,2025-01-01,,,",
        "coke,0.97,tce/t,化验,coal_equivalent,W01,2025-01-01,,a.pdf,proposed",
        "coke,0.97,tce/t,化验,coal_equivalent,,2025-01-01,,a.pdf,approved",
    )
    package = read(write_package(tmp_path, own(*rows)))
    assert package.rejected == []
    found = [(each.row, each.column, each.rule) for each in package.remarks]
    assert found == [(2, "evidence", "no_evidence"), (3, "approval", "not_approved")]
    assert "xietong factors approve" in package.remarks[1].message.en


def test_a_limit_laxer_than_the_standard_it_names_is_remarked(tmp_path: Path) -> None:
    limits = "subject,item,kind,value,unit,averaging,source\nW01-O1,cod,concentration,60,mg/L,day,GB 18918-2002 一级A\n"
    package = read(write_package(tmp_path, {"limits.csv": limits}))
    assert places(package.remarks) == [("limits.csv", 2, "value", "60", "laxer_than_national")]
    assert "class 1A 50 mg/L" in package.remarks[0].message.en
