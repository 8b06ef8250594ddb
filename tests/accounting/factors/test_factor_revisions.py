"""A factor changed after the end of a period is told at every figure of that period, with date, old and new value."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from xietong.accounting import explain
from xietong.park.actions import load_package
from xietong.park.package.reading import read_package
from xietong.park.registry import snapshot
from xietong.periods import Period

pytestmark = pytest.mark.django_db
ENERGY, CARBON = "comprehensive_energy_consumption", "energy_carbon_emission"
FACTORS = "key,purpose,value,unit,source,subject,valid_from,valid_to,evidence,approval\n"
FILES = {
    "park.toml": '[park]\ncode = "P"\nname = "园区"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n',
    "subjects.csv": "code,kind,name,parent\nP,park,园区,\nA,enterprise,甲,P\nB,enterprise,乙,P\n",
    "reported.csv": "subject,period,item,amount,unit\nA,2025,raw_coal,100,t\nB,2025,raw_coal,50,t\n"
    "A,2026,raw_coal,100,t\n",
}


def load(folder: Path, day: datetime, value: str, *, to: str = "", evidence: str = "e.pdf") -> None:
    folder.mkdir(exist_ok=True)
    row = f"raw_coal,coal_equivalent,{value},tce/t,实测,A,2025-01-01,{to},{evidence},approved\n"
    for name, text in {**FILES, "factors.csv": FACTORS + row}.items():
        (folder / name).write_text(text, encoding="utf-8")
    package = read_package(folder, snapshot.known_codes())
    assert package.rejected == []
    load_package(package, dict.fromkeys(package.files, "cli-0/1"), "director", day)


def told(key: str = ENERGY, code: str = "A", period: str = "2025", as_of: datetime | None = None) -> list[str]:
    found = explain(snapshot.load(as_of), None, key, code, Period.parse(period))
    return [each.en for each in found.remarks if "was changed after the end" in each.en]


JUNE, AUGUST = datetime(2025, 6, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
MARCH, MAY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 3, 17, tzinfo=UTC)


def test_a_first_load_of_history_and_a_change_within_the_period_are_not_told(tmp_path: Path) -> None:
    load(tmp_path, JUNE, "0.65")
    load(tmp_path, datetime(2025, 12, 31, 15, tzinfo=UTC), "0.66")
    assert told() == []


def test_what_came_late_for_the_first_time_is_not_told(tmp_path: Path) -> None:
    load(tmp_path, MARCH, "0.65")
    assert told() == []


@pytest.mark.parametrize("key", [ENERGY, CARBON])
@pytest.mark.parametrize("code", ["A", "P"])
def test_a_change_after_the_period_is_told_at_every_figure_made_of_it(tmp_path: Path, key: str, code: str) -> None:
    """On 3 May 17:00 UTC it is 4 May in the park."""
    load(tmp_path, MARCH, "0.65")
    load(tmp_path, MAY, "0.70")
    [said] = told(key, code)
    for word in ("2026-05-04", "0.65 tce/t", "0.7 tce/t"):
        assert word in said
    assert told(key, "B") == []
    assert told(key, code, "2026") == []
    assert told(key, code, as_of=MARCH) == []


def test_a_new_evidence_is_no_change_and_the_last_other_value_is_named(tmp_path: Path) -> None:
    load(tmp_path, MARCH, "0.65")
    load(tmp_path, MAY, "0.70")
    load(tmp_path, AUGUST, "0.70", evidence="better.pdf")
    [said] = told()
    assert "2026-05-04" in said
    assert "0.65 tce/t" in said


def test_what_was_not_in_force_then_was_not_replaced(tmp_path: Path) -> None:
    load(tmp_path, MARCH, "0.65", to="2025-07-01")
    load(tmp_path, MAY, "0.70")
    assert told() == []
