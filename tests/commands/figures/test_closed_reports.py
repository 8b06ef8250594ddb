"""Closed reports through the commands: they keep their numbers whatever is loaded afterwards, and say who and why."""

import hashlib
import json
import zlib
from pathlib import Path

import pytest
from closed_parks import ENERGY, FACTORS, FILES, PARK, answered, found_park, ran, said, write
from django.contrib.auth.models import User
from pytest_django import Settings

from xietong.accounting.models import ClosedReport
from xietong.commands.doctor import command
from xietong.park.models import Act
from xietong.park.people import make_person, make_roles

pytestmark = pytest.mark.django_db
DEED = ("--person", "张三", "--reason", "年报")
YEAR = ("--period", "2025")


@pytest.fixture(autouse=True)
def park(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA = tmp_path / "data"
    found_park(settings.DATA, tmp_path / "package")
    return tmp_path


def energy(*arguments: str) -> float:
    [figure] = answered("account", *YEAR, "--key", ENERGY, *arguments)["figures"]
    assert isinstance(figure["value"], float)
    return figure["value"]


def test_a_closed_report_prints_the_same_bytes_after_everything_changed(park: Path) -> None:
    assert energy() == pytest.approx(3600 * 0.7143 + 18000 * 0.1229, rel=1e-12)
    said("close", *YEAR, *DEED)
    shown = [said("closed", *YEAR, *more) for more in ((), ("--json",))]
    working = said("explain", ENERGY, *YEAR, "--closed")
    assert "2,571.48 tce + 2,212.2 tce" in working
    changed = FILES["reported.csv"].replace("A,2025-03,raw_coal,100,t", "A,2025-03,raw_coal,60,t")
    files = {"park.toml": PARK + '[choices]\nelectricity_basis = "equal_value"\n', "factors.csv": FACTORS}
    said("load", write(park / "second", {**files, "reported.csv": changed}))
    assert energy() != pytest.approx(3600 * 0.7143 + 18000 * 0.1229, rel=1e-3)
    assert [said("closed", *YEAR, *more) for more in ((), ("--json",))] == shown
    assert said("explain", ENERGY, *YEAR, "--closed") == working


def test_beside_the_fresh_figure_stands_the_closed_one_and_the_difference(park: Path) -> None:
    said("close", *YEAR, *DEED)
    said("load", write(park / "own", {"park.toml": PARK, "factors.csv": FACTORS}))
    answer = answered("account", *YEAR, "--key", ENERGY)
    [figure] = answer["figures"]
    assert (answer["closed"]["revision"], answer["closed"]["person"]) == (1, "张三")
    closed = figure["closed"]
    assert float(closed["value"]) == pytest.approx(4783.68, rel=1e-12)
    assert float(closed["difference"]) == pytest.approx(1200 * (0.65 - 0.7143), rel=1e-9)
    assert figure["value"] == pytest.approx(4783.68 + 1200 * (0.65 - 0.7143), rel=1e-12)
    told = said("account", *YEAR)
    assert "已封存 closed：第 1 版" in told
    assert "现算相差 difference -77.1" in told
    assert "closed" not in answered("account", "--period", "2025-03", "--key", ENERGY)


def test_what_made_the_difference_is_named(park: Path) -> None:
    said("close", *YEAR, *DEED)
    changed = FILES["reported.csv"].replace("A,2025-03,raw_coal,100,t", "A,2025-03,raw_coal,60,t")
    choice = PARK + '[choices]\nworking_media = "counted"\n'
    said("load", write(park / "x", {"park.toml": choice, "factors.csv": FACTORS, "reported.csv": changed}))
    found = answered("closed", *YEAR, "--difference")
    assert [(each["change"], each["purpose"], each["subject"]) for each in found["factors"]] == [
        ("new", "calorific_value", "A"),  # one measured heat, in energy and in carbon
        ("new", "coal_equivalent", "A"),
    ]
    assert [each["choice"] for each in found["choices"]] == ["working_media"]
    statements = [(each["before"] or each["after"])["amount"] for each in found["statements"]]
    assert sorted(statements) == ["100", "60"]
    changes = {each["key"]: each for each in found["figures"]}
    assert float(changes["raw_coal"]["difference"]) == -40
    assert changes[ENERGY]["closed_in"][0]["revision"] == 1
    assert found["closed_reports"][0]["revision"] == 1
    assert "封存的 account P 2025 第 1 版保留原值" in said("closed", *YEAR, "--difference")


def test_closing_again_is_a_revision_and_the_old_one_stays() -> None:
    said("close", *YEAR, *DEED)
    first = said("closed", *YEAR)
    said("reopen", *YEAR, "--person", "李四", "--reason", "甲厂更正")
    assert "closed" not in answered("account", *YEAR, "--key", ENERGY)
    reopened = said("closed", *YEAR)
    assert "已重开 reopened" in reopened
    assert "李四：甲厂更正" in reopened
    status, _, told = ran("reopen", *YEAR, "--person", "李四", "--reason", "再来", "--lang", "en")
    assert (status, told.count("\n")) == (2, 1)
    assert "no closed report" in told
    said("close", *YEAR, "--person", "张三", "--reason", "更正后")
    rows = answered("closed")["closed"]
    assert [(row["revision"], row["reason"], row["reopened"]) for row in rows] == [
        (2, "更正后", False),
        (1, "年报", True),
    ]
    assert said("closed", *YEAR, "--revision", "1").splitlines()[-1] == first.splitlines()[-1]
    assert ran("closed", *YEAR, "--revision", "7")[0] == 2


def test_what_is_closed_is_not_closed_again_before_it_is_reopened() -> None:
    said("close", *YEAR, *DEED)
    acts = Act.objects.count()
    status, _, told = ran("close", *YEAR, "--person", "李四", "--reason", "再封一次", "--lang", "en")
    assert (status, told.count("\n")) == (2, 1)
    assert "P 2025 was closed by 张三" in told
    assert "reopen it first, with a reason" in told
    assert (ClosedReport.objects.count(), Act.objects.count()) == (1, acts)
    said("close", "--period", "2025-03", *DEED)
    said("close", *YEAR, "--subject", "A", *DEED)
    said("evaluate", "--year", "2025", "--close", *DEED)
    said("reopen", *YEAR, "--person", "李四", "--reason", "甲厂更正")
    said("close", *YEAR, "--person", "李四", "--reason", "更正后")
    assert [row["revision"] for row in answered("closed", "--subject", "P")["closed"]] == [2, 1, 1]


def test_who_when_and_why_are_an_act_in_the_same_transaction() -> None:
    before = Act.objects.count()
    said("close", *YEAR, *DEED)
    act = Act.objects.latest("pk")
    row = ClosedReport.objects.get()
    assert (Act.objects.count(), act.who, act.verb, row.act) == (before + 1, "张三", "close_report", act)
    assert (act.what["sha256"], act.what["reason"], act.at) == (row.sha256, "年报", row.closed_at)
    made = answered("closed", *YEAR)["made_from"]
    assert made["registry_act"] == Act.objects.get(verb="load_package").pk
    assert made["choices"]["grid_series"] == "statistical"
    coal = next(each for each in made["factors"] if each["purpose"] == "coal_equivalent" and each["key"] == "raw_coal")
    assert (coal["published"], coal["value"]) == ("0.7143 kgce/kg", "0.7143")
    assert "GB/T 2589" in coal["source"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("close", "--person", "张三"), "no reason is given"),
        (("close", "--reason", "x"), "nobody is named"),
        (("close", "--person", "inspector", "--reason", "x"), "the role of inspector does not allow this"),
        (("closed",), "has no closed report"),
    ],
)
def test_what_may_not_be_is_refused_in_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    make_roles()
    make_person("inspector", "a long enough password", "inspector")
    status, _, told = ran(*arguments, *YEAR, "--lang", "en")
    assert (status, told.count("\n")) == (2, 1)
    assert sentence in told
    assert not ClosedReport.objects.exists()


def test_a_verifier_may_close_and_a_period_that_runs_cannot_be() -> None:
    make_roles()
    user, _ = make_person("verifier", "a long enough password", "verifier")
    assert isinstance(user, User)
    said("close", *YEAR, "--person", "verifier", "--reason", "x")
    status, _, told = ran("close", "--period", "2199", *DEED, "--lang", "en")
    assert status == 2
    assert "has not ended" in told
    status, _, told = ran("close", "--period", "2019", *DEED, "--lang", "en")
    assert status == 2
    assert "nothing of P in 2019 has a value" in told


def test_altered_bytes_are_not_passed_off_as_the_report(settings: Settings) -> None:
    (settings.DATA / "park.sqlite3").touch()
    said("close", *YEAR, *DEED)
    row = ClosedReport.objects.get()
    assert [check.status for check in command.closed(settings.DATA)] == ["ok"]
    ClosedReport.objects.update(document=bytes(row.document)[:-1] + b"x")
    [check] = command.closed(settings.DATA)
    assert (check.status, "altered" in check.found.en) == ("failed", True)
    status, _, told = ran("closed", *YEAR, "--lang", "en")
    assert status == 2
    assert "altered" in told


def test_an_evaluation_is_closed_with_its_verdict(park: Path) -> None:
    said("evaluate", "--year", "2025", "--close", *DEED)
    shown = said("evaluate", "--year", "2025", "--closed")
    assert "评估结论 grade  excellent" in shown
    found = json.loads(said("evaluate", "--year", "2025", "--closed", "--json"))
    [line] = found["evaluation"]["indicators"]
    assert float(line["actual"]) == pytest.approx(4783.68 / 36000, rel=1e-12)
    said("load", write(park / "own", {"park.toml": PARK, "factors.csv": FACTORS}))
    assert said("evaluate", "--year", "2025", "--closed") == shown
    assert answered("evaluate", "--year", "2025")["closed"]["grade"] == "excellent"
    assert "已封存 closed：第 1 版，张三，年报，excellent" in said("evaluate", "--year", "2025")
    changed = answered("evaluate", "--year", "2025", "--closed", "--difference")["figures"]
    assert [each["key"] for each in changed] == ["P energy_per_output_value"]


@pytest.mark.parametrize("with_its_hash", [False, True])
def test_a_digit_changed_in_the_database_is_found(with_its_hash: bool) -> None:
    """Whoever changes the document, and even its hash beside it, has not changed what the act says."""
    said("close", *YEAR, *DEED)
    row = ClosedReport.objects.get()
    text = zlib.decompress(bytes(row.document)).replace(b"2571.48", b"2471.48")
    forged = {"document": zlib.compress(text)}
    ClosedReport.objects.update(**forged, **({"sha256": hashlib.sha256(text).hexdigest()} if with_its_hash else {}))
    status, _, told = ran("closed", *YEAR, "--lang", "en")
    assert status == 2
    assert "altered" in told
