"""The options of `account` that are commands now: they answer as before with a sentence, and no two of them at once."""

import shlex
from pathlib import Path

import pytest
from closed_parks import ENERGY, found_park, ran, said
from pytest_django import Settings

from xietong.accounting.models import ClosedReport
from xietong.cli import COMMANDS
from xietong.commands.figures.former_options import FORMER
from xietong.standard.text import MAIN

pytestmark = pytest.mark.django_db
YEAR = ("--period", "2025")
DEED = ("--person", "张三", "--reason", "-年报")
MEDIA = ("--medium", "electricity", "--medium", "raw_coal")
FORMERLY = [
    (("--trend", "--key", ENERGY), ("trend", "--key", ENERGY)),
    (("--trend", "--subject", "A", "--json", "--lang", "en"), ("trend", "--subject", "A", "--json", "--lang", "en")),
    (("--all",), ("batch",)),
    (("--all", "--json"), ("batch",)),
    (("--balance", *MEDIA, "--json"), ("balance", *MEDIA, "--json")),
    (("--balance", "--trend"), ("balance", "--trend")),
    (("--reconcile", "--lang", "en"), ("total", "--lang", "en")),
    (("--by", "enterprise", ENERGY, "raw_coal"), ("breakdown", ENERGY, "raw_coal", "--by", "enterprise")),
    (("--by", "source", "--key", ENERGY), ("breakdown", ENERGY, "--by", "source")),
    (("--standard", "zero-carbon-park"), ("standard", "zero-carbon-park")),
    (("--key-enterprises", "sectors"), ("key-enterprises", "sectors")),
    (("--closed",), ("closed",)),
    (("--closed", "--difference", "--revision", "1"), ("closed", "--difference", "--revision", "1")),
]


@pytest.fixture(autouse=True)
def park(tmp_path: Path, settings: Settings) -> None:
    settings.DATA = tmp_path / "data"
    found_park(settings.DATA, tmp_path / "package")


@pytest.mark.parametrize(("formerly", "now"), FORMERLY)
def test_a_former_option_answers_what_its_command_answers(formerly: tuple[str, ...], now: tuple[str, ...]) -> None:
    said("close", *YEAR, "--person", "张三", "--reason=-年报")
    status, told, remark = ran("account", *YEAR, *formerly)
    new_status, expected, _ = ran(*now, *YEAR)
    assert (status, sorted(told.splitlines())) == (new_status, sorted(expected.splitlines()))
    assert (status, bool(told), remark.count("\n")) == (0, True, 1)
    assert "已改为命令" in remark
    instead = shlex.split(remark.rpartition("write xietong ")[2])
    assert instead[0] == now[0]
    assert sorted(said(*instead).splitlines()) == sorted(told.splitlines())  # what it says to write is the same


def test_closing_and_reopening_formerly() -> None:
    status, told, remark = ran("account", *YEAR, "--close", "--person", "张三", "--reason=-年报", "--lang", "en")
    assert (status, "revision 1" in told) == (0, True)
    told_to_write = shlex.split(remark.rpartition("write xietong ")[2])
    assert told_to_write == ["close", "--lang", "en", *YEAR, "--person", "张三", "--reason=-年报"]
    assert ClosedReport.objects.get().reason == "-年报"
    status, told, remark = ran("account", *YEAR, "--reopen", "--person", "李四", "--reason", "更正")
    assert (status, "已重开" in told, "write xietong reopen" in remark) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "two"),
    [
        (("account", "--close", "--balance"), ("--balance", "--close")),
        (("account", "--all", "--key-enterprises"), ("--all", "--key-enterprises")),
        (("account", "--reconcile", "--by", "zone", ENERGY), ("--reconcile", "--by")),
        (("account", "--close", "--reopen"), ("--close", "--reopen")),
        (("account", "--close", "--trend"), ("--close", "--trend")),
        (("account", "--all", "--subject", "A"), ("--all", "--subject")),
        (("account", "--balance", "--key", ENERGY), ("--balance", "--key")),
        (("account", "--closed", "--as-of", "2026-01-31"), ("--closed", "--as-of")),
        (("account", "--standard", "zero-carbon-park", "--key", ENERGY), ("--standard", "--key")),
        (("account", "--person", "张三"), ("--person", "--close")),
        (("account", "--closed", "--reason", "x"), ("--reason", "--close")),
        (("account", "--balance", "--difference"), ("--difference", "--closed")),
        (("account", "--medium", "heat", "--reconcile"), ("--medium", "--balance")),
        (("explain", ENERGY, "--revision", "1"), ("--revision", "--closed")),
        (("explain", ENERGY, "--closed", "--as-of", "2026-01-31"), ("--closed", "--as-of")),
        (("explain", ENERGY, "--closed", "--standard", "zero-carbon-park"), ("--closed", "--standard")),
        (("explain", ENERGY, "--sheet", "--json"), ("--sheet", "--json")),
        (("explain", ENERGY, "--sheet", "--readings"), ("--sheet", "--readings")),
    ],
)
def test_what_excludes_each_other_is_refused_before_anything_is_done(
    arguments: tuple[str, ...], two: tuple[str, str]
) -> None:
    status, told, refusal = ran(*arguments, *YEAR, *(DEED[:2] if "--close" in arguments else ()))
    assert (status, told, refusal.count("\n")) == (2, "", 1)
    assert all(option in refusal for option in two)
    assert all(words in refusal for words in ("什么也没有做", "nothing was done"))
    assert not ClosedReport.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "two"),
    [
        (("--close", "--closed"), ("--close", "--closed")),
        (("--close", "--as-of", "2026-01-31"), ("--close", "--as-of")),
        (("--person", "张三"), ("--person", "--reopen")),
        (("--close", "--difference"), ("--difference", "--closed")),
    ],
)
def test_an_evaluation_does_one_thing_too(arguments: tuple[str, ...], two: tuple[str, str]) -> None:
    status, told, refusal = ran("evaluate", "--year", "2025", *arguments)
    assert (status, told, refusal.count("\n")) == (2, "", 1)
    assert all(option in refusal for option in two)
    assert not ClosedReport.objects.exists()


@pytest.mark.parametrize("arguments", [("closed", "--revision", "1"), ("evaluate", "--closed", "--difference")])
def test_a_revision_is_one_of_a_period(arguments: tuple[str, ...]) -> None:
    status, told, refusal = ran(*arguments)
    assert (status, told) == (2, "")
    assert "goes with" in refusal


@pytest.mark.parametrize(
    "name", ["trend", "batch", "balance", "total", "close", "reopen", "key-enterprises", "account", "breakdown"]
)
def test_a_period_is_asked_for(name: str) -> None:
    status, told, refusal = ran(name)
    assert (status, told) == (2, "")
    assert "name the period, such as --period 2025" in refusal


def test_the_parks_own_standard_is_account() -> None:
    status, told, remark = ran("account", *YEAR, "--standard", MAIN, "--key", ENERGY)
    assert (status, told) == (0, said("account", *YEAR, "--key", ENERGY))
    assert remark.endswith(f"write xietong account --key {ENERGY} --period 2025\n")
    status, _, refusal = ran("standard", MAIN, *YEAR)
    assert (status, "xietong account" in refusal) == (2, True)


def test_every_former_option_has_a_command() -> None:
    assert {each.command for each in FORMER.values()} <= set(COMMANDS)
