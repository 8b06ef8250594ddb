"""The registry keeps every revision of every fact and gives any instant back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from park_packages import FILES, write_package

from xietong.park import models, nouns
from xietong.park.actions import Loaded, load_package
from xietong.park.package.reading import PackageError, read_package
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def load(folder: Path, at: datetime = NOON) -> Loaded:
    package = read_package(folder, snapshot.known_codes())
    assert package.rejected == []
    return load_package(package, dict.fromkeys(package.files, "cli-0/1"), "director", at)


def test_a_package_becomes_a_registry(tmp_path: Path) -> None:
    load(write_package(tmp_path))
    park = snapshot.load()
    assert (park.code, park.name, park.zone.key) == ("YL", "云岭工业园", "Asia/Shanghai")
    assert park.choices["price"] == "constant:2020"
    assert park.choices["below_detection"] == nouns.DEFAULT_CHOICES["below_detection"]
    steel = park.subjects["E01"]
    assert (steel.zone, steel.key_energy, steel.since) == ("东区", True, date(2015, 6, 1))
    assert park.points["M2"].addresses == ("hj212:YL0001/w01018/Avg@2061", "sheet:M2", "corrected:M2")
    amounts = {(each.item, each.period.label): (each.amount, each.below) for each in park.reported}
    assert amounts == {
        ("output_value", "2025-01"): (Decimal("16500.50"), None),
        ("coke", "2025-01"): (Decimal(1200), None),
        ("coke", "2025-02"): (Decimal("1234.5"), None),
        ("cod", "2025"): (None, Decimal("0.025")),
        ("nox", "2025"): (None, Decimal(0)),
    }
    assert {(each.entry, each.row) for each in park.reported} == {("cli-0/1", row) for row in range(2, 7)}
    assert park.targets[1].target == 0.5
    assert park.events[0].start == datetime(2025, 2, 1, 0, tzinfo=UTC)
    assert park.factors[0]["key"] == "coke"
    assert park.factors[0]["value"] == "0.9714"
    assert park.factors[0]["valid_from"] == "2025-01-01"
    assert park.measures["C1"].capex == Decimal("320.5")
    assert park.flows[0].destination == "outside:水泥厂"
    assert len(park.limits) == len(park.expected) == len(park.key_lists) == len(park.documents) == 1


def test_the_same_package_again_changes_nothing_but_the_record(tmp_path: Path) -> None:
    load(write_package(tmp_path))
    again = load(tmp_path, NOON + timedelta(hours=1))
    assert all(change.new == change.changed == 0 for change in again.changes.values())
    assert models.ReportedAmount.objects.count() == 5
    assert list(models.Act.objects.values_list("who", "verb")) == [("director", "load_package")] * 2


def test_a_changed_row_is_a_new_revision_and_the_old_one_can_be_read(tmp_path: Path) -> None:
    load(write_package(tmp_path))
    later = NOON + timedelta(days=1)
    corrected = FILES["reported.csv"].replace("coke,1200,", "coke,1250,")
    changes = load(write_package(tmp_path, {"reported.csv": corrected}), later).changes
    assert changes["reported"] == (0, 1, 4)

    def coke(as_of: datetime | None) -> list[Decimal | None]:
        park = snapshot.load(as_of)
        return [each.amount for each in park.reported if each.item == "coke" and each.period.label == "2025-01"]

    assert coke(None) == coke(later) == [Decimal(1250)]
    assert coke(NOON) == coke(later - timedelta(microseconds=1)) == [Decimal(1200)]
    with pytest.raises(snapshot.NoParkError):
        snapshot.load(NOON - timedelta(seconds=1))


def test_a_clock_set_back_keeps_the_order_of_acts(tmp_path: Path) -> None:
    load(write_package(tmp_path))
    corrected = FILES["reported.csv"].replace("coke,1200,", "coke,1250,")
    load(write_package(tmp_path, {"reported.csv": corrected}), NOON - timedelta(days=3))
    instants = list(models.Act.objects.values_list("at", flat=True))
    assert instants == [NOON, NOON + timedelta(microseconds=1)]


def test_one_key_has_one_current_row(tmp_path: Path) -> None:
    load(write_package(tmp_path))
    row = models.Subject.objects.get(code="E01")
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_another_park_is_refused_whole(tmp_path: Path) -> None:
    load(write_package(tmp_path / "one"))
    other = write_package(tmp_path / "two", {"park.toml": '[park]\ncode = "XX"\nname = "别的园"\n'})
    with pytest.raises(PackageError, match="another folder"):
        load(other)
    assert models.Act.objects.count() == 1


def test_a_park_without_a_row_of_its_own_is_made_from_its_toml(tmp_path: Path) -> None:
    subjects = "code,kind,name\nE01,enterprise,青塬特钢\n"
    none = {name: None for name in FILES if name not in ("park.toml", "subjects.csv")}
    load(write_package(tmp_path, {**none, "subjects.csv": subjects}))
    park = snapshot.load()
    assert park.park.name == "云岭工业园"
    assert park.subjects["E01"].parent == "YL"
    assert [each.code for each in park.below("YL")] == ["YL", "E01"]


def test_points_become_dated_specs_of_the_lake(tmp_path: Path) -> None:
    load(write_package(tmp_path))
    specs = {spec.address: spec for spec in snapshot.point_specs(snapshot.load())}
    corrected = {"corrected:M1", "corrected:M2"}
    assert set(specs) == {"sheet:M1", "sheet:M2", "hj212:YL0001/w01018/Avg@2061", *corrected}
    assert specs["sheet:M1"].since_utc == datetime(2017, 12, 31, 16, tzinfo=UTC)
    assert specs["sheet:M1"].until_utc is None
    assert (specs["sheet:M2"].shape, specs["sheet:M2"].interval_s, specs["sheet:M2"].high) == (
        "mean",
        3600,
        Decimal(500),
    )


def test_amounts_keep_every_digit(tmp_path: Path) -> None:
    stated = "1234567890123456.000000001"
    text = FILES["reported.csv"].replace("16500.50", stated)
    load(write_package(tmp_path, {"reported.csv": text}))
    assert Decimal(stated) in [each.amount for each in snapshot.load().reported]
