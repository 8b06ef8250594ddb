"""A full disk, whoever meets it: commands, pages, programs that push and settle say so and go on when there is room."""

import errno
from pathlib import Path
from threading import Event

import pytest
from django.db import OperationalError
from django.test import Client

from xietong import cli
from xietong.commands.standard import clauses
from xietong.disks import FULL, is_full
from xietong.journal import JournalWriteError, NoSuchEntry
from xietong.park.models import ApiKey
from xietong.settle import once

ENOSPC = OSError(errno.ENOSPC, "No space left on device")


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (ENOSPC, True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError("Generic LocalFileSystem error: No space left on device (os error 28)"), True),  # as deltalake says it
        (OperationalError("database or disk is full"), True),
        (caused(JournalWriteError(Path("journal/web-0"), ENOSPC), ENOSPC), True),
        (caused(cli.UsageError("the database cannot be used"), OperationalError("database or disk is full")), True),
        (OSError(errno.EIO, "Input/output error"), False),
        (NoSuchEntry("web-0/1"), False),
        (ValueError("no number"), False),
    ],
)
def test_a_full_disk_is_known_by_its_number_or_its_words(error: Exception, full: bool) -> None:
    assert is_full(error) is full


def test_a_command_says_it_in_a_sentence_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_arguments: object) -> int:
        raise ENOSPC

    monkeypatch.setattr(clauses, "run", refused)
    assert cli.main(["clauses"]) == 1
    assert FULL.en in capsys.readouterr().err


@pytest.mark.django_db
def test_a_page_says_it_and_when_to_try_again(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    client.raise_request_exception = False
    for error, status in ((OperationalError("database or disk is full"), 503), (ValueError("a bug"), 500)):

        def broken(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("xietong.web.server.signing_in.JsonResponse", broken)
        answer = client.get("/healthz")
        assert answer.status_code == status
        assert (FULL.zh in answer.content.decode()) is (status == 503)
        assert ("Retry-After" in answer.headers) is (status == 503)


@pytest.mark.django_db
def test_a_program_gets_503_with_the_sentence_and_when_to_try_again(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise caused(JournalWriteError(Path("journal/web-0"), ENOSPC), ENOSPC)

    monkeypatch.setattr(ApiKey.objects, "filter", refused)
    headers = {"Authorization": "Bearer x", "Idempotency-Key": "k"}
    answer = client.post("/api/readings", b"{}", "application/json", headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (503, 0)
    assert FULL.zh in answer.json()["rejected"][0]["message"]
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.django_db
def test_settle_waits_for_a_disk_that_refuses_but_not_when_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    class Refusing:
        def __init__(self, *_: object, **__: object) -> None:
            tries.append(1)

        def run(self, _stop: Event, _once: bool) -> None:
            if len(tries) < 3:
                raise ENOSPC

    monkeypatch.setattr(once, "Settler", Refusing)
    monkeypatch.setattr(once, "RETRY_S", 0.0)
    once.settle(tmp_path, Event(), once=False)
    assert len(tries) == 3
    tries.clear()
    with pytest.raises(OSError, match="space"):
        once.settle(tmp_path, Event(), once=True)
    assert once.settle_waiting(tmp_path) is False
