"""`xietong bench`: the answer's shape and its refusals; never a time."""

import json
from pathlib import Path

import pytest

from xietong.cli import main


@pytest.mark.slow
def test_bench_settle_answers_with_a_figure_beside_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "settle", "--rows", "5000", "--frames", "200", "--pairs", "1", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"name", "figure", "unit", "limit", "ratio", "machine", "from_frames"} <= answer.keys()
    assert answer["name"] == "settle"
    assert answer["figure"] > 0
    assert answer["ratio"] == pytest.approx(answer["figure"] / answer["limit"], rel=0.01)


def test_an_unknown_measurement_is_bad_use() -> None:
    with pytest.raises(SystemExit) as left:
        main(["bench", "everything"])
    assert left.value.code == 2


def test_without_a_source_tree_there_is_no_limit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("xietong.bench.settle.BARE_SETTLE", tmp_path / "none.py")
    assert main(["bench", "settle"]) == 1
    assert "source tree" in capsys.readouterr().err
