"""Asking for readings: what was known when, and compaction that changes no answer."""

import os
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from lake_samples import ADDRESS, Row, batch, every, lake, park

from xietong.lake import store
from xietong.lake.decimals import from_micro, to_micro
from xietong.lake.schemas import readings


def values(table: pa.Table) -> list[str]:
    return [str(value) for value in table.column("value").to_pylist()]


def test_as_of_is_what_had_been_received(tmp_path: Path) -> None:
    made = lake(tmp_path)
    made.append(batch([Row("2025-03-01 00:00", "1", recorded_at="2025-03-01 00:01")]), {})
    made.append(batch([Row("2025-03-01 01:00", "2", recorded_at="2025-03-04 09:00")]), {})
    span = park("2025-03-01"), park("2025-03-02")
    assert values(made.readings([ADDRESS], *span, as_of=park("2025-03-04 08:59:59"))) == ["1.000000"]
    assert values(made.readings([ADDRESS], *span, as_of=park("2025-03-04 09:00"))) == ["1.000000", "2.000000"]


def test_span_is_half_open_and_addresses_are_exact(tmp_path: Path) -> None:
    made = lake(tmp_path)
    rows = every("2025-03-01 00:00", 3600, ["1", "2", "3"])
    made.append(batch([*rows, Row("2025-03-01 01:00", "9", address="o'ther")]), {})
    assert values(made.readings([ADDRESS], park("2025-03-01 01:00"), park("2025-03-01 02:00"))) == ["2.000000"]
    assert values(made.readings(["o'ther"], park("2025-03-01"), park("2025-03-02"))) == ["9.000000"]
    assert values(made.readings([], park("2025-03-01"), park("2025-03-02"))) == []
    assert values(made.readings(["absent"], park("2024-03-01"), park("2026-03-02"))) == []


def test_a_conflicting_duplicate_stays_in_readings(tmp_path: Path) -> None:
    made = lake(tmp_path)
    made.append(batch([Row("2025-03-01 00:00", "1"), Row("2025-03-01 00:00", "2"), Row("2025-03-01 00:00", "1")]), {})
    found = made.readings([ADDRESS], park("2025-03-01"), park("2025-03-02"))
    assert values(found) == ["1.000000", "1.000000", "2.000000"]


def test_compaction_changes_no_answer_and_is_no_change(tmp_path: Path) -> None:
    made, reader = lake(tmp_path), lake(tmp_path)
    for number in range(1, 6):
        made.append(batch(every("2025-03-01 22:00", 3600, [str(number), f"{number}.5", "7"])), {"intake-0": number})
    span = park("2025-01-01"), park("2026-01-01")
    before, version = reader.readings([ADDRESS], *span), made.version()
    assert made.compact() == version + 1
    assert sorted(file.partition for file in made.readings_table.view().files) == ["2025-03-01", "2025-03-02"]
    assert reader.readings([ADDRESS], *span).equals(before)
    assert made.readings_table.changed(version, version + 1) == []
    assert made.compact() == version + 1  # nothing left to merge
    made.append(batch([Row("2025-03-02 22:00", "1")]), {"intake-0": 6})
    assert reader.readings([ADDRESS], *span).num_rows == before.num_rows + 1


def test_large_files_are_not_merged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LARGE_FILE_ROWS", 3)
    made = lake(tmp_path)
    made.append(batch(every("2025-03-01 00:00", 60, ["1", "2", "3"])), {})
    for number in range(2):
        made.append(batch(every(f"2025-03-01 0{number}:30", 60, ["1"])), {})
    made.compact()
    assert sorted(file.rows for file in made.readings_table.view().files) == [2, 3]


def test_every_hundredth_commit_compacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "COMMITS_A_COMPACTION", 5)
    made = lake(tmp_path)
    for number in range(1, 6):
        made.append(batch([Row(f"2025-03-01 0{number}:00", "1")]), {"intake-0": number})
    assert len(made.readings_table.view().files) == 1
    assert made.version() == 6


def test_replaced_files_stay_for_readers_and_go_later(tmp_path: Path) -> None:
    made = lake(tmp_path)
    for number in range(3):
        made.append(batch([Row(f"2025-03-01 0{number}:00", "1")]), {})
    for path in (tmp_path / "lake").rglob("part-*.parquet"):
        os.utime(path, (0, 0))  # written long ago: their time begins when they are replaced
    made.compact()
    assert made.tidy() == 0
    assert len(list((tmp_path / "lake").rglob("part-*.parquet"))) == 4
    made.readings_table.vacuum(keep_s=-1)
    assert len(list((tmp_path / "lake").rglob("part-*.parquet"))) == 1
    assert made.readings([ADDRESS], park("2025-03-01"), park("2025-03-02")).num_rows == 3


def test_a_question_in_sql_or_as_an_expression(tmp_path: Path) -> None:
    made = lake(tmp_path)
    made.append(batch(every("2025-03-01 00:00", 900, ["1.25", "2.5"])), {})
    span = park("2025-03-01"), park("2025-03-02")
    expected = [{"address": ADDRESS, "summed": Decimal("3.750000")}]
    asked = readings.group_by("address").agg(summed=readings.value.sum())
    assert made.ask(asked, *span).to_pylist() == expected
    assert (
        made.ask("SELECT address, sum(value) AS summed FROM readings GROUP BY address", *span).to_pylist() == expected
    )


def test_millionths_are_the_decimal() -> None:
    table = pa.array(["-1.500000", "0.000001", "999999999999.999999"]).cast(pa.decimal128(18, 6))
    assert to_micro(table).tolist() == [-1_500_000, 1, 999_999_999_999_999_999]
    assert from_micro(to_micro(table)).equals(table)
    assert to_micro(table.slice(1)).tolist() == [1, 999_999_999_999_999_999]
    assert to_micro(pa.chunked_array([], pa.decimal128(18, 6))).tolist() == []
