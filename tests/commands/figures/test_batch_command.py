"""`xietong batch`: the lines say what `account` says of each subject and period."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from xietong.cli import main
from xietong.park.actions import load_package
from xietong.park.package.reading import read_package
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
FILES = {
    "park.toml": '[park]\ncode = "YL"\nname = "云岭工业园"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n',
    "subjects.csv": "code,kind,name,name_en,parent\nYL,park,云岭工业园,Yunling,\nE01,enterprise,青塬特钢,Steel,YL\n",
    "reported.csv": "subject,period,item,amount,unit\n"
    "E01,2025-03,electricity_purchased,1000,MWh\nE01,2025-03,output_value,0.1,亿元\n",
}


@pytest.fixture(autouse=True)
def _park(tmp_path: Path, settings: Settings) -> None:
    settings.DATA = tmp_path
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    package = read_package(folder, snapshot.known_codes())
    load_package(package, dict.fromkeys(package.files, "cli-0/7"), "director", datetime(2026, 1, 5, tzinfo=UTC))


def test_every_subject_and_month_has_a_line_that_says_what_account_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "--period", "2025-Q1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {(line["subject"], line["period"]): line["figures"] for line in lines}
    assert set(found) == {
        (code, each) for code in ("YL", "E01") for each in ("2025-Q1", "2025-01", "2025-02", "2025-03")
    }
    for (code, period), figures in found.items():
        assert main(["account", "--subject", code, "--period", period, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["figures"] == figures
