"""`xietong quality` on a small park: what it answers, of which period, in which words."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pytest_django import Settings

from xietong.cli import main
from xietong.lake.schemas import READING_FILES
from xietong.lake.store import Lake
from xietong.park.actions import load_package
from xietong.park.package.reading import read_package
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
FILES = {
    "park.toml": '[park]\ncode = "YL"\nname = "云岭工业园"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n',
    "subjects.csv": "code,kind,name,name_en,parent\nYL,park,云岭工业园,Yunling,\nE01,enterprise,青塬特钢,Steel,YL\n",
    "points.csv": "code,subject,quantity,item,unit,shape,interval_s,low,high,source\n"
    "M1,E01,energy,natural_gas,m3,amount,3600,0,100,sheet\n",
}
START = datetime(2025, 3, 1, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _park(tmp_path: Path, settings: Settings) -> None:
    """Five days of gas in March, of which hours 30 to 39 are missing and hour 60 is beyond the meter's range."""
    settings.DATA = tmp_path
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    package = read_package(folder, snapshot.known_codes())
    load_package(package, dict.fromkeys(package.files, "cli-0/7"), "director", datetime(2026, 1, 5, tzinfo=UTC))


def settle(folder: Path) -> None:
    rows = [
        {
            "address": "sheet:M1",
            "at": START + timedelta(hours=hour),
            "value": Decimal(500 if hour == 60 else 20 + hour * 7 % 13),
            "flag": "",
            "entry": "cli-0/8",
            "recorded_at": datetime(2026, 1, 5, tzinfo=UTC),
        }
        for hour in range(120)
        if not 30 <= hour < 40
    ]
    Lake(folder / "lake", ZONE).append(pa.Table.from_pylist(rows, READING_FILES), {"cli-0": 8})


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, float]]:
    assert main(["quality", *arguments, "--json"]) == 0
    return [(case["kind"], case["hours"]) for case in json.loads(capsys.readouterr().out)["cases"]]


def test_cases_of_all_data_of_a_period_and_of_a_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settle(tmp_path)
    assert answer(capsys) == [("gap", 10), ("out_of_range", 1)]
    assert answer(capsys, "--kind", "out_of_range") == [("out_of_range", 1)]
    assert answer(capsys, "--period", "2025-03-03") == [("out_of_range", 1)]
    assert answer(capsys, "--period", "2024") == []


def test_sentences_in_both_languages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settle(tmp_path)
    assert main(["quality", "--kind", "gap"]) == 0
    assert "监测点 M1 自 2025-03-02 06:00 至 2025-03-02 16:00 应有数据而没有" in capsys.readouterr().out
    assert main(["quality", "--kind", "gap", "--lang", "en"]) == 0
    assert "point M1 has no data from 2025-03-02 06:00 to 2025-03-02 16:00 (10 h)" in capsys.readouterr().out


def test_no_readings_no_cases_and_no_such_period(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys) == []
    assert main(["quality", "--period", "someday"]) == 2
    assert "someday" in capsys.readouterr().err


def test_key_units_that_nothing_is_known_of_and_the_table_of_frequencies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "package"
    marked = FILES["subjects.csv"].replace("parent\n", "parent,key_energy,key_pollution\n")
    marked = marked.replace("YL,park,云岭工业园,Yunling,\n", "YL,park,云岭工业园,Yunling,,,\n")
    (folder / "subjects.csv").write_text(marked.replace("Steel,YL\n", "Steel,YL,true,true\n"), encoding="utf-8")
    reported = "subject,period,item,amount,unit\nE01,2025-03,natural_gas,3000,m3\n"
    (folder / "reported.csv").write_text(reported, encoding="utf-8")
    package = read_package(folder, snapshot.known_codes())
    load_package(package, dict.fromkeys(package.files, "cli-0/9"), "director", datetime(2026, 1, 6, tzinfo=UTC))
    assert main(["quality", "--period", "2025", "--kind", "unwatched", "--json"]) == 0
    [dark] = json.loads(capsys.readouterr().out)["unwatched"]
    assert (dark["subject"], dark["list"], dark["clause"]) == ("E01", "pollution", "6.2.2")
    assert main(["quality", "--period", "2025", "--kind", "unwatched", "--lang", "en"]) == 0
    assert "Steel (E01) is a key polluter" in capsys.readouterr().out
    assert main(["quality", "--period", "2025", "--frequency", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["frequency"]
    assert (row["point"], row["every"]["zh"], row["key"]) == ("M1", "每 1 小时", True)
    assert main(["quality", "--period", "2025", "--frequency"]) == 0
    assert capsys.readouterr().out.split() == ["*", "E01", "天然气", "人工录入", "每", "1", "小时", "M1"]
