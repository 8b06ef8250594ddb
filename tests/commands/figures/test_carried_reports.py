"""Closed reports go out with the package and come back byte for byte; what was altered on the way is refused."""

import csv
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from closed_parks import FACTORS, PARK, answered, found_park, ran, said, write
from django.db import connection
from pytest_django import Settings

from xietong.accounting.closed.in_packages import take_closed
from xietong.accounting.models import ClosedReport, Reopening
from xietong.park.models import Act

pytestmark = pytest.mark.django_db
DEED = ("--person", "张三", "--reason", "年报")
YEAR = ("--period", "2025")


@pytest.fixture
def out(tmp_path: Path, settings: Settings) -> Path:
    """An export of a park with a report that was closed, reopened and closed again, and an evaluation."""
    settings.DATA = tmp_path / "data"
    found_park(settings.DATA, tmp_path / "package")
    said("close", *YEAR, *DEED)
    said("reopen", *YEAR, "--person", "李四", "--reason", "甲厂更正")
    said("load", write(tmp_path / "second", {"park.toml": PARK, "factors.csv": FACTORS}))
    said("close", *YEAR, "--person", "李四", "--reason", "更正后")
    said("evaluate", "--year", "2025", "--close", *DEED)
    said("export", tmp_path / "out")
    return tmp_path / "out"


def forget() -> None:
    """The database as if nobody had ever closed anything."""
    Reopening.objects.all().delete()
    ClosedReport.objects.all().delete()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_they_come_back_byte_for_byte(out: Path, tmp_path: Path) -> None:
    shown = [said("closed", *YEAR, "--revision", each) for each in ("1", "2")]
    shown.append(said("evaluate", "--year", "2025", "--closed"))
    held = list(ClosedReport.objects.values("kind", "revision", "closed_at", "person", "reason", "sha256"))
    forget()
    answer = answered("load", out)
    assert answer["rejected"] == []
    assert not [each for each in answer["remarks"] if "closed" in each["file"]]
    again = [said("closed", *YEAR, "--revision", each) for each in ("1", "2")]
    assert [*again, said("evaluate", "--year", "2025", "--closed")] == shown
    assert list(ClosedReport.objects.values("kind", "revision", "closed_at", "person", "reason", "sha256")) == held
    said("export", tmp_path / "again")
    assert files(tmp_path / "again") == files(out)


def test_the_list_names_who_when_why_and_the_hash(out: Path) -> None:
    rows = list(csv.DictReader((out / "closed_reports.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["kind"], row["revision"], row["person"], row["reopened_by"]) for row in rows] == [
        ("account", "1", "张三", "李四"),
        ("account", "2", "李四", ""),
        ("evaluation", "1", "张三", ""),
    ]
    for row in rows:
        report = ClosedReport.objects.get(kind=row["kind"], revision=row["revision"])
        assert (out / "closed" / f"{row['sha256']}.json").read_bytes() == zlib.decompress(bytes(report.document))


def test_loading_is_an_act_and_loading_twice_is_nothing(out: Path) -> None:
    forget()
    acts = Act.objects.count()
    answered("load", out, "--who", "王五")
    verbs = list(Act.objects.filter(pk__gt=acts).order_by("pk").values_list("verb", "who"))
    assert verbs.count(("load_closed_report", "王五")) == 3
    assert verbs.count(("load_reopening", "王五")) == 1
    acts = Act.objects.filter(verb__startswith="load_closed").count()
    assert answered("load", out)["rejected"] == []
    assert Act.objects.filter(verb__startswith="load_closed").count() == acts
    assert ClosedReport.objects.count() == 3


def altered(out: Path) -> Iterator[tuple[str, str]]:
    """One thing wrong at a time, and the rule that names it; put back afterwards."""
    listed = out / "closed_reports.csv"
    text = listed.read_text(encoding="utf-8")
    name = next(csv.DictReader(text.splitlines()))["sha256"]
    path = out / "closed" / f"{name}.json"
    content = path.read_bytes()
    document = json.loads(content)
    spaced = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
    for bad, rule in ((content.replace(b"4783.68", b"4783.69"), "altered"), (spaced, "altered"), (b"{", "altered")):
        path.write_bytes(bad)
        yield rule, name
        path.write_bytes(content)
    path.rename(out / "gone")
    yield "no_document", name
    (out / "gone").rename(path)
    for old, new, rule in (
        ("account,P,2025,1,", "account,A,2025,1,", "altered"),
        ("account,P,2025,1,", "account,P,2025-01..2025-12,1,", "closed_report"),
        ("account,P,2025,1,", "account,P,2025,0,", "closed_report"),
        (name, "..", "closed_report"),
        (",张三,年报,", ",,年报,", "required"),
        ("+00:00,张三", ",张三", "instant"),
    ):
        assert old in text
        listed.write_text(text.replace(old, new, 1), encoding="utf-8")
        yield rule, name
    listed.write_text(text, encoding="utf-8")


def test_what_was_altered_is_refused_and_the_rest_comes_in(out: Path) -> None:
    for rule, _ in altered(out):
        forget()
        taken = take_closed(out, "王五", datetime.now(UTC))
        assert [(each.rule, each.file, each.row) for each in taken.rejected] == [(rule, "closed_reports.csv", 2)]
        assert (taken.accepted, ClosedReport.objects.count()) == (2, 2)


def test_another_report_of_the_same_name_stays_as_it_is(out: Path) -> None:
    Reopening.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounting_closedreport WHERE revision = 2 OR kind = 'evaluation'")
        cursor.execute("UPDATE accounting_closedreport SET sha256 = %s", ["0" * 64])
    status, told, _ = ran("load", out, "--json", "--lang", "en")
    assert (status, [each["rule"] for each in json.loads(told)["rejected"]]) == (3, ["another_report"])
    assert ClosedReport.objects.get(kind="account", revision=1).sha256 == "0" * 64


def test_a_park_without_closed_reports_exports_as_before(tmp_path: Path, settings: Settings) -> None:
    settings.DATA = tmp_path / "data"
    found_park(settings.DATA, tmp_path / "package")
    said("export", tmp_path / "out")
    assert not (tmp_path / "out" / "closed_reports.csv").exists()
    assert not (tmp_path / "out" / "closed").exists()
