"""The door's measurement measures what it says: every acknowledged frame lies in the journal; no figure is judged."""

import argparse
from pathlib import Path

import pytest

from xietong.bench import door
from xietong.journal import read
from xietong.protocols.hj212 import decode


@pytest.mark.slow
def test_door_prints_figure_limit_and_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []

    def entries(root: Path) -> int:
        kept.extend(entry.payload for entry in read(root, "intake-0"))
        return len(kept)

    monkeypatch.setattr(door, "_entries", entries)
    parser = argparse.ArgumentParser()
    door.add_arguments(parser)
    options = ["--connections", "7", "--seconds", "0.4", "--pairs", "1", "--folder", str(tmp_path)]
    answer = door.run(parser.parse_args(options))
    assert {"name", "figure", "unit", "limit", "ratio", "machine", "p99_ms"} <= answer.keys()
    assert isinstance(answer["figure"], int)
    assert answer["figure"] > 0
    assert len(kept) > 7
    frames = [decode(raw) for raw in kept]
    assert {frame.mn for frame in frames} == {f"BENCH{number:019d}" for number in range(7)}
    assert all(frame.ok and not frame.errors for frame in frames)
    assert all(len({value.code for value in frame.values}) == 5 for frame in frames)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_measurement_fails_where_a_frame_was_acknowledged_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_entries", lambda root: 1)
    parser = argparse.ArgumentParser()
    door.add_arguments(parser)
    options = ["--connections", "3", "--seconds", "0.2", "--pairs", "1", "--folder", str(tmp_path)]
    with pytest.raises(RuntimeError, match="acknowledged and 1 are in the journal"):
        door.run(parser.parse_args(options))
