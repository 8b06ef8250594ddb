"""`xietong order`: two accounts with their passwords and roles, and the park's own device; nobody and nothing else."""

import io
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from pytest_django import Settings

from xietong.cli import main
from xietong.journal import read
from xietong.park.people import make_roles

WISH = ["propose", "--mn", "OWN", "--cn", "1062", "--set", "RtdInterval=60"]
PEOPLE = {"wang": "director", "zhao": "director", "li": "verifier", "chen": "clerk"}


@pytest.fixture
def data(db: None, settings: Settings, tmp_path: Path) -> Path:
    """A data folder whose devices.toml has one device of the park's own, and people whose password is their name."""
    settings.DATA = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    (tmp_path / "devices.toml").write_text("[device.OWN]\nown = true\n")
    make_roles()
    for name, role in PEOPLE.items():
        User.objects.create_user(name, password=f"{name}-secret").groups.add(Group.objects.get(name=role))
    return tmp_path


@pytest.fixture
def order(data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Order":
    return Order(monkeypatch, capsys)


class Order:
    """Runs the command as somebody; gives its exit status, what it printed and what it complained of."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capsys = patch, capsys

    def __call__(self, *arguments: str, by: str = "", password: str = "") -> tuple[int, str, str]:
        self._patch.setattr("sys.stdin", io.StringIO((password or f"{by}-secret") + "\n"))
        status = main(["order", *arguments, *(["--by", by] if by else [])])
        told = self._capsys.readouterr()
        return status, told.out.strip(), told.err


def test_two_accounts_give_it_and_the_journal_says_who(data: Path, order: Order) -> None:
    status, proposal, _ = order(*WISH, by="wang")
    assert (status, proposal) == (0, "cli-0/1")
    waiting = json.loads(order("list", "--json")[1])
    assert {name: waiting[name] for name in ("order", "mn", "cn", "parameters", "by")} == {
        "order": "cli-0/1", "mn": "OWN", "cn": "1062", "parameters": "RtdInterval=60", "by": "wang",
    }  # fmt: skip
    status, told, _ = order("confirm", proposal, "--json", by="li")
    assert (status, json.loads(told)) == (
        0,
        {"order": "cli-0/1", "confirmation": "cli-0/2", "mn": "OWN", "cn": "1062", "proposed_by": "wang",
         "confirmed_by": "li"},
    )  # fmt: skip
    assert order("list") == (0, "", "")
    notes = [json.loads(entry.payload) for entry in read(data / "journal", "cli-0")]
    assert [(note["by"], note["account"]) for note in notes] == [
        (name, User.objects.get(username=name).pk) for name in ("wang", "li")
    ]
    assert len(list((data / "orders").glob("*.json"))) == 1


def test_a_name_without_its_password_is_nobody(data: Path, order: Order) -> None:
    for by, password in (("wang", "guessed"), ("nobody", "x"), ("wang", " ")):
        status, _, complaint = order(*WISH, by=by, password=password)
        assert status == 1
        assert "no such account" in complaint
    User.objects.filter(username="wang").update(is_active=False)
    assert order(*WISH, by="wang")[0] == 1
    assert not (data / "orders").exists()


def test_roles_and_the_second_person(data: Path, order: Order) -> None:
    for by in ("chen", "li"):
        assert "only a director" in order(*WISH, by=by)[2]
    assert "not registered as the park's own" in order("propose", "--mn", "THEIRS", "--cn", "1062", by="wang")[2]
    proposal = order(*WISH, by="wang")[1]
    assert "two persons" in order("confirm", proposal, by="wang")[2]
    assert "director or a verifier" in order("confirm", proposal, by="chen")[2]
    assert list((data / "orders").glob("*.json")) == []
    assert order("confirm", proposal, by="zhao")[0] == 0
    assert "confirmed before" in order("confirm", proposal, by="li")[2]
