"""Evidence that is gone: pages and `account` say so beside the figures, which are what they were."""

import json
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from xietong.commands.terminal.asking import evidence_gone, lake_in_use
from xietong.journal import find, print_of
from xietong.lake.schemas import READINGS
from xietong.lake.store import Lake
from xietong.park.nouns import Registry

pytest_plugins = ["handmade_fixtures"]

FIGURE = "/figures/PARK/energy_per_output_value/2025/"
GONE = "监测值已结转到日志 intake-0 第 3 条，日志却只到第 0 条：其后的存证不见了"


@pytest.fixture
def settled(data: Path) -> Path:
    """The three entries of intake-0 are settled."""
    lake = Lake(data / "lake", ZoneInfo("Asia/Shanghai"))
    lake.positions()
    last = print_of(find(data / "journal", "intake-0/3"))
    lake.append(READINGS.empty_table(), {"intake-0": 3}, {"intake-0": last})
    return data


@pytest.mark.parametrize("path", ["/", FIGURE])
def test_a_page_says_that_the_evidence_of_its_figures_is_gone(settled: Path, director: Client, path: str) -> None:
    assert "存证不见了" not in director.get(path).content.decode()
    shutil.rmtree(settled / "journal" / "intake-0")
    assert f'<p class="alert" role="status">{GONE}</p>' in director.get(path).content.decode()


def test_account_says_it_on_standard_error_and_in_its_json(
    settled: Path, park: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lake_in_use(park) is not None
    assert (capsys.readouterr().err, evidence_gone("zh")) == ("", {})
    shutil.rmtree(settled / "journal" / "intake-0")
    assert lake_in_use(park) is not None
    assert capsys.readouterr().err.startswith(f"{GONE} · readings are settled up to entry 3 of intake-0")
    assert json.loads(json.dumps(evidence_gone("zh"))) == {"evidence_gone": [{"journal": "intake-0", "said": GONE}]}
