"""Through the real commands: who brought a statutory factor cannot approve it; odd rows are remarked by a load."""

import json
from pathlib import Path

import pytest
from park_packages import write_package
from pytest_django import Settings

from xietong.cli import main
from xietong.park.models import FactorRow

pytestmark = pytest.mark.django_db
FACTORS = (
    "key,value,unit,source,purpose,valid_from,evidence,legal_basis,approval\n"
    "cod,10,kg,公报,pollution_equivalent,2025-01-01,a.pdf,国务院令第 999 号,approved\n"
)
ODD = {
    "targets.csv": "indicator,subject,year,target,basic,main\nenergy_per_output_value,YL,2025,-1,0.6,true\n",
    "flows.csv": "from,to,material,amount,unit,period\nE01,E01,高炉渣,5200,t,2025-01\n",
}


def test_a_second_person_approves_and_a_load_remarks_odd_rows(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DATA = tmp_path / "data"
    main(["load", str(write_package(tmp_path / "package", ODD)), "--json"])
    remarks = [(each["file"], each["row"], each["rule"]) for each in json.loads(capsys.readouterr().out)["remarks"]]
    assert {("targets.csv", 2, "negative"), ("flows.csv", 2, "same_ends")} <= set(remarks)
    (tmp_path / "own.csv").write_text(FACTORS, encoding="utf-8")
    main(["factors", "accept", str(tmp_path / "own.csv"), "--person", "张三", "--reason", "新公报"])
    approve = ["factors", "approve", "cod", "--reason", "已核对", "--lang", "en", "--person"]
    assert main([*approve, "张三"]) == 2
    assert "a second person must approve it" in capsys.readouterr().err
    held = FactorRow.objects.filter(name="cod", superseded_at=None)
    assert [row.approval for row in held] == ["awaiting"]
    assert main([*approve, "李四"]) == 0
    assert [row.approval for row in held.all()] == ["approved"]
