"""Through the commands: what stands for no value, registers that come back, meter changes, and what figures say."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from xietong.cli import main

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SUBJECTS = "code,kind,name,parent\nP,park,园区,\nE,enterprise,甲厂,P\nO,outlet,排口,E\n"
POINTS = """code,subject,quantity,item,unit,shape,interval_s,multiplier
C,E,energy,electricity_purchased,kWh,counter,3600,40
S,O,concentration,so2,mg/m3,mean,3600,1
F,O,flow,waste_gas,m3,amount,3600,1
"""


def park(folder: Path, rows: list[str], zone: str = "Asia/Shanghai", events: str = "") -> Path:
    folder.mkdir()
    (folder / "park.toml").write_text(f'[park]\ncode = "P"\nname = "园区"\ntimezone = "{zone}"\n', encoding="utf-8")
    (folder / "subjects.csv").write_text(SUBJECTS, encoding="utf-8")
    (folder / "points.csv").write_text(POINTS, encoding="utf-8")
    (folder / "readings-1.csv").write_text("\n".join(["point,at,value", *rows]) + "\n", encoding="utf-8")
    if events:
        (folder / "events.csv").write_text(events, encoding="utf-8")
    return folder


def figure(capsys: pytest.CaptureFixture[str], key: str, period: str) -> tuple[Any, Any, str]:
    capsys.readouterr()
    main(["account", "--subject", "E", "--period", period, "--json"])
    (found,) = [each for each in json.loads(capsys.readouterr().out)["figures"] if each["key"] == key]
    return found["value"], found["status"], " ".join(map(str, found["missing"]))


def kinds(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    main(["quality", "--json"])
    return list(json.loads(capsys.readouterr().out)["cases"])


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, settings: Settings) -> None:
    settings.DATA = tmp_path / "data"


def stack(shown: str) -> list[str]:
    """A day at 10 mg/m3 and 1000 m3 an hour, its eighth hour as shown."""
    return [
        row
        for hour in range(24)
        for row in (
            f"S,2025-03-11T{hour:02d}:00,{shown if hour == 7 else 10}",
            f"F,2025-03-11T{hour:02d}:00,1000",
        )
    ]


@pytest.mark.parametrize(("shown", "kind"), [("-9999", "sentinel"), ("6553.6", "sentinel"), ("-50", "out_of_range")])
def test_a_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str], shown: str, kind: str) -> None:
    """23 h × 10 mg/m3 × 1000 m3 = 0.00023 t."""
    main(["load", str(park(tmp_path / "p", stack(shown)))])
    value, status, _ = figure(capsys, "so2_emission", "2025-03-11")
    assert (value, status) == (pytest.approx(0.00023), "partial")
    assert [case["kind"] for case in kinds(capsys)] == [kind]


def test_zero_drift_is_no_mass_below_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["load", str(park(tmp_path / "p", stack("-0.3")))])
    assert figure(capsys, "so2_emission", "2025-03-11")[:2] == (pytest.approx(0.00023), "ok")
    assert kinds(capsys) == []


def test_a_stamp_in_the_future_is_named_and_makes_nothing_due(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["load", str(park(tmp_path / "p", [*stack("10"), "S,2099-01-01T00:00,10", "F,2098-01-01T00:00,1000"]))])
    assert figure(capsys, "so2_emission", "2025-03-11")[:2] == (pytest.approx(0.00024), "ok")
    found = kinds(capsys)
    assert [(case["kind"], case["point"]) for case in found] == [("future", "F"), ("future", "S")]


@pytest.mark.parametrize(
    ("events", "skipped"),
    [
        ("E,meter_change,2024-02-29T12:00:00,,C,572,3\n", {12}),
        ("E,meter_change,2024-02-29T12:00:00,2024-02-29T12:00:00,C,572,3\n", {12}),  # an instant
        ("E,meter_change,2024-02-29T12:30:00,,C,573,4\n", {12}),
        ("E,meter_change,2024-02-29T12:00:00,,C,572,3\nE,meter_change,2024-02-29T12:30:00,,C,4,4\n", {12}),
    ],
)
def test_the_hours_of_a_day_with_a_meter_change_sum_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], events: str, skipped: set[int]
) -> None:
    """Two a hour, times 40: 0.08 MWh an hour and 1.92 a day."""
    rows = []
    for hour in range(49):
        at, value = datetime(2024, 2, 28, tzinfo=UTC) + timedelta(hours=hour), 500 + 2 * hour
        if hour - 24 not in skipped:
            rows.append(f"C,{at:%Y-%m-%dT%H:%M},{value if hour < 36 else value - 569}")
    head = "subject,kind,start,end,point,closing,opening\n"
    main(["load", str(park(tmp_path / "p", rows, events=head + events))])
    hours = [figure(capsys, "electricity_purchased", f"2024-02-29T{hour:02d}")[0] for hour in range(24)]
    assert hours[12] == pytest.approx(0.08)
    day = figure(capsys, "electricity_purchased", "2024-02-29")
    assert day[0] == pytest.approx(1.92)
    assert day[1] in ("ok", "estimated")  # the latter where a register follows more than an hour after another
    assert sum(value or 0 for value in hours) == pytest.approx(1.92)


def test_a_register_that_comes_back_is_estimated_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"C,2025-03-{10 + n // 24}T{n % 24:02d}:00,{99_999 if n in (5, 6) else 1000 + n}" for n in range(25)]
    main(["load", str(park(tmp_path / "p", rows))])
    value, status, said = figure(capsys, "electricity_purchased", "2025-03-10")
    assert (value, status) == (pytest.approx(0.96), "estimated")
    assert "2" in said
    assert [case["kind"] for case in kinds(capsys)] == ["stray"]
