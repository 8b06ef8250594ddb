"""A first statement of energy, which has none before it, is held against the output value of the same subject."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from park_packages import write_package
from pytest_django import Settings

from xietong.cli import main
from xietong.park.nouns import ReportedAmount
from xietong.park.registry.doubts import doubts
from xietong.park.registry.energy_per_output import outputs_of, too_much
from xietong.periods import Period

HEAD = "subject,period,item,amount,unit\n"
OUTPUT = "E01,2025-01,output_value,1000,万元\n"
GAS = "E01,2025-01,natural_gas,140000,10^4m3\n"


def stated(period: str, item: str, amount: str, unit: str) -> ReportedAmount:
    return ReportedAmount(
        "E01", Period.parse(period), item, Decimal(amount), unit, "e", 2, datetime(2025, 3, 1, tzinfo=UTC)
    )


OUTPUTS = [stated("2025-01", "output_value", "1000", "万元")]


@pytest.mark.parametrize(
    ("item", "amount", "unit", "intensity"),
    [
        ("natural_gas", "140000", "10^4m3", 140000 * 13.3 / 1000),
        ("natural_gas", "140", "10^4m3", None),
        ("electricity_purchased", "4000000", "MWh", 4000000 * 0.1229 / 1000),
        ("electricity_purchased", "4000000", "kWh", None),
        ("raw_coal", "20000000", "t", 20000000 * 0.7143 / 1000),
        ("raw_coal", "20000", "t", None),  # 14 tce/万元, a coking plant
        ("heat_purchased", "9000000", "GJ", 9000000 * 0.03412 / 1000),
        ("steam_purchased:1.0MPa", "2000000", "t", 2000000 * 2.5 * 0.03412 / 1000),
        ("steam_purchased", "2000", "t", None),
        ("compressed_air", "9000000000", "m3", 9000000000 * 0.00004 / 1000),
        ("product:steel", "900000000", "t", None),
        ("natural_gas", "0", "10^4m3", None),
    ],
)
def test_a_statement_beside_the_output_value_of_its_month(
    item: str, amount: str, unit: str, intensity: float | None
) -> None:
    found = too_much(stated("2025-01", item, amount, unit), outputs_of(OUTPUTS))
    assert (found and found.intensity) == (intensity and pytest.approx(intensity))


@pytest.mark.parametrize(("amount", "asked"), [("7518", False), ("7520", True)])  # 7,518.8 × 13.3 = 100 × 1,000
def test_the_bound_itself(amount: str, asked: bool) -> None:
    assert (too_much(stated("2025-01", "natural_gas", amount, "10^4m3"), outputs_of(OUTPUTS)) is not None) is asked


@pytest.mark.parametrize(
    ("outputs", "asked"),
    [
        ([("2025", "output_value", "12000", "万元")], True),  # a year's, over its days
        ([("2025", "output_value", "1200000000", "万元")], False),
        ([("2025-01", "output_value", "0", "万元")], False),  # a month of standstill says nothing
        ([("2025-01", "output_value", "1", "万元"), ("2025-06", "output_value", "100000", "万元")], False),
        ([("2021-06", "output_value", "1000", "万元")], True),  # the nearest, however old
        ([("2025-01", "added_value", "250", "万元")], True),
        ([("2025-01", "added_value", "1", "万元"), ("2025-01", "output_value", "100000", "万元")], False),
        ([], False),
    ],
)
def test_which_output_value_it_is_held_beside(outputs: Sequence[tuple[str, str, str, str]], asked: bool) -> None:
    row = stated("2025-01", "natural_gas", "140000", "10^4m3")
    assert (too_much(row, outputs_of(stated(*each) for each in outputs)) is not None) is asked


def test_a_jump_is_not_named_twice() -> None:
    rows = [stated("2025-01", "natural_gas", "14", "10^4m3"), stated("2025-02", "natural_gas", "140000", "10^4m3")]
    assert [each.rule for each in doubts(rows, OUTPUTS)] == ["magnitude"]
    assert [each.rule for each in doubts(rows[1:], OUTPUTS)] == ["energy_per_output"]
    assert [*doubts([replace(rows[1], amount=None)], OUTPUTS)] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("files", "named"),
    [
        ([OUTPUT + GAS], [(3, "140000")]),
        ([GAS, OUTPUT], [(2, "1000")]),  # brought last: the output value is the one that may be wrong
    ],
)
def test_a_load_asks_at_once(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str], files: Sequence[str], named: Any
) -> None:
    settings.DATA = tmp_path / "data"
    for number, rows in enumerate(files):
        main(["load", str(write_package(tmp_path / str(number), {"reported.csv": HEAD + rows})), "--json"])
        answer = json.loads(capsys.readouterr().out)
    asked = [each for each in answer["remarks"] if each["rule"] == "energy_per_output"]
    assert [(each["row"], each["value"]) for each in asked] == named
    main(["quality", "--kind", "doubt", "--json"])
    told = json.loads(capsys.readouterr().out)["doubts"]
    assert [each["rule"] for each in told] == ["energy_per_output"]
    main(["explain", "natural_gas", "--subject", "E01", "--period", "2025-01"])
    assert "没有行业超过 100" in capsys.readouterr().out
