"""A change of factors is told before it is accepted: which rows, which figures, in which closed reports.

Nothing is kept by telling. The library says why each row counts.
"""

import json
from datetime import date
from pathlib import Path

import pytest
from closed_parks import ENERGY, FACTORS, PARK, answered, found_park, ran, said, write
from laid_beside import laid_beside
from pytest_django import Settings

from xietong.accounting.books.memory import Memory
from xietong.calc.factors.book import FactorBook
from xietong.park.models import Act, FactorRow

pytestmark = pytest.mark.django_db
CLOSE = ("close", "--period", "2025", "--person", "张三", "--reason", "年报")
ACCEPT = ("--person", "张三", "--reason", "2025 年实测")


@pytest.fixture(autouse=True)
def park(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA = tmp_path / "data"
    found_park(settings.DATA, tmp_path / "package")
    (tmp_path / "factors.csv").write_text(FACTORS, encoding="utf-8")
    return tmp_path


def energy() -> float:
    [figure] = answered("account", "--period", "2025", "--key", ENERGY)["figures"]
    assert isinstance(figure["value"], float)
    return figure["value"]


def test_the_difference_names_rows_figures_and_closed_reports_and_keeps_nothing(park: Path) -> None:
    said(*CLOSE)
    before = (Act.objects.count(), energy())
    found = answered("factors", "difference", park / "factors.csv")
    assert (Act.objects.count(), energy()) == before
    [row] = found["factors"]
    assert (row["change"], row["key"], row["subject"]) == ("new", "raw_coal", "A")
    assert (row["before"]["value"], row["after"]["value"]) == ("0.7143 kgce/kg", "0.65")
    assert "GB/T 2589" in row["before"]["source"]
    changes = {(each["subject"], each["key"]): each for each in found["figures"]}
    gap = 1200 * (0.65 - 0.7143)
    for code in ("A", "P"):
        assert float(changes[code, ENERGY]["difference"]) == pytest.approx(gap, rel=1e-9)
        assert changes[code, ENERGY]["weight"] == pytest.approx(abs(gap) / 4783.68, rel=1e-9)
    assert changes["P", ENERGY]["ratio"] == pytest.approx(gap / 4783.68, rel=1e-9)
    assert changes["P", ENERGY]["closed_in"] == [{"kind": "account", "subject": "P", "period": "2025", "revision": 1}]
    assert changes["A", ENERGY]["closed_in"] == []
    assert not any(code == "B" for code, _ in changes)
    weights = [each["weight"] for each in found["figures"]]
    assert weights == sorted(weights, reverse=True)


def test_what_was_told_is_what_acceptance_does(park: Path) -> None:
    told = answered("factors", "difference", park / "factors.csv")
    expected = next(each for each in told["figures"] if (each["subject"], each["key"]) == ("P", ENERGY))
    said("factors", "accept", park / "factors.csv", *ACCEPT)
    assert repr(energy()) == expected["after"]
    act = Act.objects.latest("pk")
    assert (act.who, act.verb, act.what["reason"]) == ("张三", "state_factors", "2025 年实测")
    assert FactorRow.objects.get().entry.startswith("cli-")
    assert answered("factors", "difference", park / "factors.csv")["figures"] == []


def test_a_whole_package_with_other_choices_is_told_by_load(park: Path) -> None:
    said("evaluate", "--year", "2025", "--close", "--person", "张三", "--reason", "评估")
    counted = PARK + '[choices]\nelectricity_basis = "equal_value"\n'
    folder = write(park / "second", {"park.toml": counted, "factors.csv": FACTORS})
    before = (Act.objects.count(), energy())
    found = answered("load", folder, "--difference", "--period", "2025")
    assert (Act.objects.count(), energy()) == before
    assert [(each["choice"], each["before"]["value"], each["after"]["value"]) for each in found["choices"]] == [
        ("electricity_basis", "equivalent", "equal_value")
    ]
    intensity = next(
        each for each in found["figures"] if (each["subject"], each["key"]) == ("P", "energy_per_output_value")
    )
    assert intensity["closed_in"][0]["kind"] == "evaluation"
    assert "保留原值" in said("load", folder, "--difference")
    said("load", folder)
    assert energy() != before[1]


def test_a_reopened_report_is_no_longer_named(park: Path) -> None:
    said(*CLOSE)
    said("reopen", "--period", "2025", "--person", "张三", "--reason", "更正")
    found = answered("factors", "difference", park / "factors.csv")
    assert found["closed_reports"] == []
    assert not any(each["closed_in"] for each in found["figures"])


def test_a_row_that_breaks_physics_is_told_in_the_trial_too(park: Path) -> None:
    bad = FACTORS + "lpg,0.7143,kgce/kg,化验,coal_equivalent,,2025-01-01,x.pdf\n"
    (park / "bad.csv").write_text(bad, encoding="utf-8")
    status, out, _ = ran("factors", "difference", park / "bad.csv", "--lang", "en")
    assert status == 3
    assert "bad.csv, row 3, column value" in out
    assert ran("factors", "difference", park / "nothing.csv")[0] == 2
    assert ran("factors", "accept", park / "factors.csv", "--person", "张三")[0] == 2


def test_a_proposed_row_waits_for_its_approval(park: Path) -> None:
    proposed = FACTORS.replace("evidence\n", "evidence,approval\n").replace("coal.pdf\n", "coal.pdf,proposed\n")
    (park / "proposed.csv").write_text(proposed, encoding="utf-8")
    usual = energy()
    said("factors", "accept", park / "proposed.csv", *ACCEPT)
    assert energy() == usual
    listed = answered("factors", "raw_coal", "--purpose", "coal_equivalent", "--lang", "en")["factors"]
    assert (listed[0]["counts"], listed[0]["why"]) == (False, "proposed, not approved, not used")
    assert answered("factors", "approve", "raw_coal", "--subject", "A", *ACCEPT) == {"approved": 1}
    assert energy() == pytest.approx(usual + 1200 * (0.65 - 0.7143), rel=1e-12)
    act = Act.objects.latest("pk")
    assert (act.verb, act.what["reason"]) == ("approve_factors", "2025 年实测")
    assert [row.approval for row in FactorRow.objects.order_by("recorded_at")] == ["proposed", "approved"]
    assert "no such factor" in ran("factors", "approve", "raw_coal", *ACCEPT, "--lang", "en")[2]


def test_what_has_no_evidence_cannot_be_approved(park: Path) -> None:
    bare = FACTORS.replace("evidence\n", "evidence,approval\n").replace("coal.pdf\n", ",proposed\n")
    (park / "bare.csv").write_text(bare, encoding="utf-8")
    said("factors", "accept", park / "bare.csv", *ACCEPT)
    status, _, told = ran("factors", "approve", "raw_coal", *ACCEPT, "--lang", "en")
    assert status == 2
    assert "has no evidence and cannot be approved" in told


def test_the_library_says_why_each_row_counts(park: Path) -> None:
    said("factors", "accept", park / "factors.csv", *ACCEPT)
    rows = answered("factors", "raw_coal", "--purpose", "coal_equivalent", "--subject", "A", "--lang", "en")["factors"]
    assert [(row["own"], row["counts"]) for row in rows] == [(True, True), (False, False), (False, False)]
    assert "before 1 other rows in force" in rows[0]["why"]
    assert rows[1]["why"] == "the own factor 0.65 tce/t goes before it"
    assert "not in force on" in rows[2]["why"]
    grid = answered("factors", "electricity", "--purpose", "grid_emission", "--on", "2025-12-31")["factors"]
    assert [(row["value"], row["region"]) for row in grid if row["counts"]] == [("0.5306", "national")]
    assert all({"source", "edition", "confidence", "valid_from"} <= row.keys() for row in grid)


def test_the_library_is_there_before_any_park(tmp_path: Path, settings: Settings) -> None:
    limits = answered("factors", "limits", "so2")["limits"]
    assert {row["o2_reference"] for row in limits} >= {"9", "3.5", "6"}
    assert said("factors", "--purpose", "gwp").count("AR5") > 3
    assert ran("factors", "--on", "yesterday")[0] == 2


def test_a_changed_library_shows_against_a_closed_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a new version of the platform ships: the same row with another value and edition."""
    said(*CLOSE)
    shipped = FactorBook.default()
    row = shipped.chosen("coal_equivalent", "raw_coal", date(2025, 12, 31), {})
    assert row is not None
    changed = {"purpose": row.purpose, "key": row.key, "value": "0.72", "unit": row.unit, "source": row.source}
    newer = shipped.with_rows([{**changed, "edition": "2027", "valid_from": "2021-04-01"}])
    monkeypatch.setattr("xietong.calc.factors.book._default", lambda: newer)
    monkeypatch.setattr("xietong.accounting.books.memory._books", Memory(1))  # a new version is a new process
    found = answered("closed", "--period", "2025", "--difference")
    coal = next(each for each in found["factors"] if each["purpose"] == "coal_equivalent")
    assert (coal["change"], coal["before"]["published"], coal["after"]["published"]) == (
        "changed",
        "0.7143 kgce/kg",
        "0.72 kgce/kg",
    )
    change = next(each for each in found["figures"] if each["key"] == ENERGY)
    assert float(change["difference"]) == pytest.approx(3600 * (0.72 - 0.7143), rel=1e-9)


PUBLISHED = "factors/uk-defra-2020-conversion-factors-flat.csv.gz"
FLAT = "Scope,Level 1,Level 2,Level 3,Level 4,Column Text,UOM,GHG,GHG Conversion Factor 2020\n"


def test_a_published_table_loses_its_one_broken_row_and_its_gases_add_up() -> None:
    status, out, _ = ran("factors", "check", laid_beside(PUBLISHED), "--json")
    found = json.loads(out)
    assert (status, found["rows"], found["accepted"], found["apart"]) == (1, 6587, 6586, [])
    assert [each["row"] for each in found["rejected"]] == [6575]
    assert found["identities"] > 1000


def test_gases_of_a_published_table_that_do_not_add_up_are_named(park: Path) -> None:
    gases = (("kg CO2e", "0.2"), ("kg CO2", "0.1"), ("kg CH4", "0.01"), ("kg N2O", "0.01"))
    rows = "".join(f"Scope 1,Fuels,Gas,,,,kWh (Net CV),{gas},{value}\n" for gas, value in gases)
    (park / "flat.csv").write_text(FLAT + rows, encoding="utf-8")
    status, out, _ = ran("factors", "check", park / "flat.csv", "--lang", "en")
    assert status == 1
    assert "CO2e 0.2 is not the sum of its gases, 0.12" in out
    status, _, told = ran("factors", "check", park / "factors.csv", "--lang", "en")
    assert status == 2
    assert "is no flat emission table" in told
    assert ran("factors", "check", park / "nothing.csv")[0] == 2


def test_a_change_of_one_subjects_factor_asks_only_whom_it_can_move(park: Path) -> None:
    found = answered("factors", "difference", park / "factors.csv", "--period", "2025")
    everyone = answered(
        "load",
        write(park / "x", {"park.toml": PARK + '[choices]\nworking_media = "counted"\n'}),
        "--difference",
        "--period",
        "2025",
    )
    assert found["compared"] < everyone["compared"]


def test_a_successor_is_accepted_and_ends_its_predecessor(park: Path) -> None:
    """A's coal: 0.65 up to June, 0.60 from July on: 600 t of each; nothing is overwritten."""
    said("factors", "accept", park / "factors.csv", *ACCEPT)
    first = energy()
    later = FACTORS.replace("0.65", "0.60").replace("2025-01-01,coal.pdf", "2025-07-01,coal-2.pdf")
    (park / "later.csv").write_text(later, encoding="utf-8")
    found = answered("factors", "accept", park / "later.csv", *ACCEPT)
    assert (found["accepted"], found["rejected"]) == (1, [])
    assert [each["rule"] for each in found["remarks"]] == ["succeeds"]
    assert energy() == pytest.approx(first - 600 * 0.05, rel=1e-12)
    old, new = FactorRow.objects.filter(superseded_at=None).order_by("valid_from")
    assert (old.valid_to, new.valid_from, new.valid_to) == (date(2025, 7, 1), date(2025, 7, 1), None)
    assert (old.entry, old.act) == (new.entry, new.act)
    replaced = FactorRow.objects.exclude(superseded_at=None).get()
    assert (replaced.valid_to, str(replaced.value)) == (None, "0.65")
    again = answered("factors", "accept", park / "factors.csv", *ACCEPT)
    assert again["rejected"] == []
    assert energy() == pytest.approx(first - 600 * 0.05, rel=1e-12)


def test_a_proposed_successor_ends_nothing_before_it_is_approved(park: Path) -> None:
    said("factors", "accept", park / "factors.csv", *ACCEPT)
    first = energy()
    head, row = FACTORS.strip().splitlines()
    row = row.replace("0.65", "0.60").replace("2025-01-01,coal.pdf", "2025-07-01,coal-2.pdf")
    (park / "later.csv").write_text(f"{head},approval\n{row},proposed\n", encoding="utf-8")
    said("factors", "accept", park / "later.csv", *ACCEPT)
    assert energy() == first
    said("factors", "approve", "raw_coal", *ACCEPT)
    assert energy() == pytest.approx(first - 600 * 0.05, rel=1e-12)
    assert FactorRow.objects.filter(superseded_at=None, valid_to=date(2025, 7, 1)).count() == 1
