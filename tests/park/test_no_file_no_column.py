"""What stands in place of a file or of a column: nothing is lost in silence, and no command ends in a traceback."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from xietong import cli
from xietong.park.nouns import Point
from xietong.park.package.cells import CellError
from xietong.park.package.mapping import FileMapping
from xietong.park.package.reading import PackageError, read_package
from xietong.park.package.readings import Reader, convert
from xietong.park.package.rules import Known
from xietong.park.package.tabular import tables

PARK = '[park]\ncode = "P"\nname = "园区"\n'


def package(folder: Path, park: str = PARK) -> Path:
    (folder / "park.toml").write_text(park, encoding="utf-8")
    return folder


def test_a_folder_or_a_dead_link_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    """A folder ended in a traceback; a link that leads nowhere counted as if nothing were reported."""
    package(tmp_path)
    (tmp_path / "readings.csv").mkdir()
    (tmp_path / "limits.csv").mkdir()
    (tmp_path / "reported.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "readings-2025.parquet").symlink_to(tmp_path / "nowhere.parquet")
    found = read_package(tmp_path, Known())
    wanted = ["limits.csv", "readings-2025.parquet", "readings.csv", "reported.csv"]
    assert sorted((each.file, each.rule) for each in found.rejected) == [(name, "no_file") for name in wanted]
    assert found.readings == []


@pytest.mark.parametrize(("name", "is_whole"), [("Australia/Lord_Howe", False), ("Asia/Kathmandu", True)])
def test_a_zone_whose_clocks_change_by_half_an_hour_is_refused(tmp_path: Path, name: str, is_whole: bool) -> None:
    """Its day of 23.5 hours had 92 of 94 quarters with status ok, and every winter hour began half an hour late."""
    folder = package(tmp_path, f'{PARK}timezone = "{name}"\n')
    if is_whole:
        assert read_package(folder, Known()).zone.key == name
        return
    with pytest.raises(PackageError) as caught:
        read_package(folder, Known())
    assert "Etc/GMT-11" in caught.value.text.zh
    assert "Etc/GMT-11" in caught.value.text.en
    instead = ZoneInfo("Etc/GMT-11")
    assert datetime(2025, 1, 1, tzinfo=instead).utcoffset() == datetime(2025, 1, 1, tzinfo=ZoneInfo(name)).utcoffset()


def test_a_park_file_in_another_encoding_is_told_what_to_do_with_a_text(tmp_path: Path) -> None:
    (tmp_path / "park.toml").write_bytes(PARK.encode("gb18030"))
    with pytest.raises(PackageError) as caught:
        read_package(tmp_path, Known())
    assert "UTF-8" in caught.value.text.en
    assert "Excel" not in caught.value.text.en + caught.value.text.zh


def test_columns_of_readings_that_are_doubled_or_unknown_are_named(tmp_path: Path) -> None:
    path, points = (
        tmp_path / "readings.csv",
        {"E": Point("E", "A", "energy", "electricity_purchased", "kWh", "amount", 60)},
    )
    reader, shape = Reader("readings.csv", ZoneInfo("Asia/Shanghai"), points), FileMapping().shape
    path.write_text("point,at,value,value\nE,2025-03-01T00:00,1,2\n", encoding="utf-8")
    with pytest.raises(CellError) as caught:
        list(tables(path, shape))
    assert caught.value.rule == "doubled_column"
    path.write_text("point,at,value,colour,,\nE,2025-03-01T00:00,1,red,,\n", encoding="utf-8")
    found = convert(tables(path, shape), reader, tmp_path / "made.parquet")
    assert (found.accepted, [(each.rule, each.column) for each in found.remarks]) == (1, [("unknown_column", "colour")])


def test_a_place_that_the_file_system_refuses_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A data folder that is a file ended in a traceback, and so did what else the system refuses by name."""
    place = tmp_path / "a\x1bfile"
    assert cli._told("load", FileExistsError(17, "File exists", str(place))) == 1
    said = capsys.readouterr().err
    assert "File exists" in said
    assert "\\u001bfile" in said
    assert cli._is_of_files(NotADirectoryError(20, "Not a directory", str(place)))
    assert not cli._is_of_files(OSError(22, "Invalid argument"))
