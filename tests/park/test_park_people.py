"""A data folder comes into being; roles say who may do what; an unsafe SQLite is refused."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from xietong.cli import main
from xietong.park.apps import refuse_unsafe_sqlite
from xietong.park.founding import found_if_new
from xietong.park.people import ROLES, make_person, make_roles, may


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        ("director", {"see", "report", "load", "set_target", "verify", "manage_people", "command"}),
        ("clerk", {"see", "report"}),
        ("verifier", {"see", "verify"}),
        ("inspector", {"see"}),
    ],
)
def test_each_role_may_do_its_own(role: str, verbs: set[str]) -> None:
    make_roles()
    user, _ = make_person("张三", "a long enough password", role)
    assert {verb for verb in [*ROLES["director"], "fly"] if may(user, verb)} == verbs
    user.is_active = False
    assert not may(user, "see")


@pytest.mark.django_db
def test_a_clerk_of_one_enterprise_reports_for_it_alone() -> None:
    make_roles()
    user, _ = make_person("clerk", "a long enough password", "clerk")
    user.groups.add(Group.objects.create(name="subject:E01"))
    assert may(user, "report", "E01")
    assert not may(user, "report", "E02")
    assert not may(user, "verify", "E01")


@pytest.mark.django_db
def test_who_is_there_keeps_their_password() -> None:
    make_roles()
    make_person("director", "a long enough password", "director")
    again, new = make_person("director", "another password", "inspector")
    assert not new
    assert again.check_password("a long enough password")
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_init_prints_the_password_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with override_settings(DATA=tmp_path / "data"):
        assert main(["init"]) == 0
        password = capsys.readouterr().out.split()[-1]
        assert User.objects.get(username="director").check_password(password)
        key = (tmp_path / "data/secret.key").read_text()
        assert len(key) >= 50
        assert (tmp_path / "data/secret.key").stat().st_mode & 0o777 == 0o600
        assert main(["init"]) == 0
        assert "password is as it was" in capsys.readouterr().out
        assert (tmp_path / "data/secret.key").read_text() == key


@pytest.mark.django_db
def test_bringing_a_folder_up_to_date_makes_nobody_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the first user was called; a new one is made by name."""
    with override_settings(DATA=tmp_path / "data"):
        assert main(["init", "--user", "wang"]) == 0
        assert main(["init"]) == 0
        assert "nobody was added" in capsys.readouterr().out
        assert list(User.objects.values_list("username", flat=True)) == ["wang"]
        assert main(["init", "--user", "li", "--role", "inspector"]) == 0
        assert sorted(User.objects.values_list("username", flat=True)) == ["li", "wang"]


@pytest.mark.django_db
def test_a_database_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    found_if_new(tmp_path / "data")
    assert not (tmp_path / "data/secret.key").exists()


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2)])
def test_an_sqlite_whose_log_can_lose_a_commit_is_refused(version: tuple[int, int, int]) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"3\.51\.3"):
        refuse_unsafe_sqlite("django.db.backends.sqlite3", version)


@pytest.mark.parametrize(
    ("engine", "version"),
    [("django.db.backends.sqlite3", (3, 51, 3)), ("django.db.backends.postgresql", (3, 40, 1))],
)
def test_a_safe_one_and_postgresql_are_not(engine: str, version: tuple[int, int, int]) -> None:
    refuse_unsafe_sqlite(engine, version)
