"""account, explain and evaluate on a small park in the database and a real lake: answers, exit statuses, sentences."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pytest_django import Settings

from xietong.cli import main
from xietong.lake.schemas import READINGS
from xietong.lake.store import Lake
from xietong.park.actions import load_package
from xietong.park.package.reading import read_package
from xietong.park.registry import snapshot
from xietong.park.registry.snapshot import point_specs

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
FILES = {
    "park.toml": '[park]\ncode = "YL"\nname = "云岭工业园"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n',
    "subjects.csv": "code,kind,name,name_en,parent\nYL,park,云岭工业园,Yunling,\nE01,enterprise,青塬特钢,Steel,YL\n",
    "points.csv": "code,subject,quantity,item,unit,shape,interval_s,source\n"
    "M1,E01,energy,natural_gas,m3,amount,3600,sheet\n",
    "reported.csv": "subject,period,item,amount,unit\n"
    "E01,2025,electricity_purchased,1000,MWh\nE01,2025,output_value,0.1,亿元\n",
    "targets.csv": "indicator,subject,year,target,basic,main\n"
    "energy_per_output_value,YL,2025,0.3,0.4,true\nresource_utilization_rate,YL,2025,90,80,false\n",
}


@pytest.fixture(autouse=True)
def _park(tmp_path: Path, settings: Settings) -> None:
    """A year of 1 m³ of gas an hour and a reported bill and output."""
    settings.DATA = tmp_path
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    package = read_package(folder, snapshot.known_codes())
    assert package.rejected == []
    load_package(package, dict.fromkeys(package.files, "cli-0/7"), "director", datetime(2026, 1, 5, tzinfo=UTC))
    lake = Lake(tmp_path / "lake", ZONE)
    lake.append(pa.Table.from_pylist(list(_readings()), schema=READINGS), {"cli-0": 8})
    lake.roll_up(point_specs(snapshot.load()))


def _readings() -> Iterator[dict[str, object]]:
    first = datetime(2025, 3, 1, tzinfo=ZONE).astimezone(UTC)
    for hour in range(31 * 24):
        at = first + timedelta(hours=hour)
        row = {"address": "sheet:M1", "at": at, "value": Decimal(1), "flag": "", "entry": "cli-0/8"}
        yield row | {"recorded_at": datetime(2026, 1, 5, tzinfo=UTC), "day": at.astimezone(ZONE).date()}


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_account_answers_figures(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "account", "--subject", "E01", "--period", "2025-03", "--key", "natural_gas")
    assert (found["subject"], found["period"]) == ("E01", "2025-03")
    assert isinstance(found["figures"], list)
    figure = found["figures"][0]
    assert {"key", "value", "unit", "status", "clause", "missing"} <= set(figure)
    assert (figure["key"], figure["value"], figure["unit"], figure["status"]) == ("natural_gas", 0.0744, "10^4m3", "ok")


def test_account_without_a_subject_is_the_parks_and_without_keys_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "account", "--period", "2025")
    assert isinstance(found["figures"], list)
    by_key = {figure["key"]: figure for figure in found["figures"]}
    assert found["subject"] == "YL"
    assert by_key["output_value"]["value"] == 1000.0
    assert by_key["energy_per_output_value"]["clause"]
    assert by_key["natural_gas"]["status"] == "partial"
    assert by_key["cod_emission"]["status"] == "not_applicable"


def test_account_prints_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "--period", "2025", "--lang", "en"]) == 0
    assert "energy_per_output_value" in capsys.readouterr().out


def test_account_tells_the_trend(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "trend", "--subject", "E01", "--period", "2025-03", "--key", "natural_gas")
    assert isinstance(found["figures"], list)
    changes = found["figures"][0]["trend"]
    assert changes["previous"]["period_before"] == "2025-02"
    assert changes["year"]["period_before"] == "2024-03"
    assert changes["cumulative"]["period"] == "2025-Q1"
    plain = answer(capsys, "account", "--period", "2025", "--key", "natural_gas")
    assert "trend" not in str(plain)


def test_explain_goes_down_to_the_entry_and_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "energy_per_output_value", "--subject", "E01", "--period", "2025"]) == 0
    told = capsys.readouterr().out
    assert "comprehensive_energy_consumption ÷ output_value" in told
    assert "entry=cli-0/7 row=2 amount=1000 unit=MWh" in told
    assert "GB/T 2589" in told


def test_explain_goes_down_to_readings_and_their_entries(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "natural_gas", "--subject", "E01", "--period", "2025-03-14", "--readings"]) == 0
    told = capsys.readouterr().out
    assert told.count("← cli-0/8") == 24
    tree = answer(capsys, "explain", "natural_gas", "--subject", "E01", "--period", "2025-03-14T07", "--readings")
    assert isinstance(tree["inputs"], list)
    opened = tree["inputs"][0]["readings"]
    assert [hour["hour"] for hour in opened] == ["2025-03-14T07:00:00+08:00"]
    assert opened[0]["readings"][0]["entry"] == "cli-0/8"


def test_explain_can_be_cut_at_a_depth(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "energy_per_output_value", "--period", "2025", "--depth", "1"]) == 0
    assert "entry=" not in capsys.readouterr().out


def test_evaluate_answers_the_grades(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "evaluate", "--year", "2025")
    assert found["grade"] == "not_assessable"
    assert {"cautious_grade", "strict_grade", "indicators", "weak", "advice"} <= set(found)
    assert main(["evaluate", "--year", "2025", "--lang", "en"]) == 0
    assert "not assessable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["account", "--subject", "E1", "--period", "2025"], "E01"),
        (["account", "--period", "2025-13"], "2025-13"),
        (["account", "--period", "2025", "--key", "energy_per_output"], "energy_per_output_value"),
        (["explain", "energy_per_output", "--period", "2025"], "energy_per_output_value"),
        (["evaluate", "--subject", "E02", "--year", "2025"], "E01"),
        (["evaluate", "--year", "last"], "last"),
    ],
)
def test_bad_use_exits_2_with_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err
    assert "Traceback" not in printed.err


def test_explain_prints_sheets_of_several_figures(capsys: pytest.CaptureFixture[str]) -> None:
    keys = "energy_per_output_value,electricity_purchased"
    assert main(["explain", keys, "--subject", "E01", "--period", "2025", "--sheet", "--lang", "en"]) == 0
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line.startswith("== ")] == [
        "== energy_per_output_value 2025",
        "== electricity_purchased 2025",
    ]
    assert "1000 [MWh]" in printed
    assert "× 0.1229 [tce/MWh]" in printed
    assert "(GB/T 8170)" in printed
