"""What the options keep safe: the database's writes, the length of passwords, the cookie of who is signed in."""

from pathlib import Path

import pysqlite3
import pytest
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from xietong import settings


def test_a_commit_of_the_database_is_on_the_disk(tmp_path: Path) -> None:
    """synchronous=FULL (2): nothing is acknowledged before it is safe."""
    options = settings._database("")["OPTIONS"]
    assert isinstance(options, dict)
    database = pysqlite3.connect(tmp_path / "park.sqlite3")
    database.executescript(options["init_command"])
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_a_password_has_twelve_characters_and_is_no_common_one() -> None:
    validate_password("kite-93-lamp")
    for weak in ("kite-93-lam", "1234567890123"):
        with pytest.raises(ValidationError):
            validate_password(weak)


@pytest.mark.django_db
def test_no_script_reads_the_cookie_of_who_is_signed_in() -> None:
    def signed_in(request: HttpRequest) -> HttpResponse:
        request.session["who"] = "director"
        return HttpResponse()

    answer = SessionMiddleware(signed_in)(RequestFactory().get("/"))
    assert isinstance(answer, HttpResponse)
    assert answer.cookies["sessionid"]["httponly"]
