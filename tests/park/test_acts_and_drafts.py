"""Acts keep their order whatever the clock does; who may; what is kept of a month; files that are safe."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from small_parks import park

from xietong.park import actions
from xietong.park.bringing import evidence
from xietong.park.bringing.evidence import of_a_command
from xietong.park.bringing.months import DRAFTS, Desk, Month, Outcome, Sent, save_draft, submit
from xietong.park.models import Act, ApiKey, Draft, FactorRow
from xietong.park.ordering import signed_in
from xietong.park.people import RefusedError, make_roles
from xietong.periods import Period

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MARCH = Month("E01", Period.parse("2026-03"))
_KNOWN = Outcome({}, True, 1)


@pytest.mark.django_db
def test_a_clock_set_back_leaves_acts_in_their_order() -> None:
    """At the same instant too; a later act keeps the instant it says."""
    instants = [NOW, NOW - timedelta(days=1), NOW, NOW + timedelta(hours=1)]
    acts = [actions.record_act("director", "try", {}, at, lambda: None) for at in instants]
    kept = [Act.objects.get(pk=act).at for act in acts]
    micro = timedelta(microseconds=1)
    assert kept == [NOW, NOW + micro, NOW + 2 * micro, NOW + timedelta(hours=1)]


@pytest.mark.django_db
def test_only_who_manages_people_makes_or_ends_keys() -> None:
    make_roles()
    User.objects.create_user("clerk").groups.add(Group.objects.get(name="clerk"))
    ApiKey.objects.create(name="scada", secret_sha256="0", subject="E01", made_at=NOW)
    with pytest.raises(RefusedError, match="role"):
        actions.make_api_key("other", "E01", "clerk", NOW)
    with pytest.raises(RefusedError, match="role"):
        actions.revoke_api_key("scada", "clerk", "lost", NOW)
    assert ApiKey.objects.get().revoked_at is None


@pytest.mark.parametrize(
    ("more", "succeeds"),
    [
        ({}, True),
        ({"evidence": ""}, False),
        ({"approval": "proposed"}, False),
        ({"approval": "awaiting"}, False),
        ({"region": "陕西"}, False),
        ({"valid_from": date(2025, 1, 1)}, False),
        ({"valid_from": None}, False),
    ],
)
def test_a_factor_ends_the_one_before_where_it_is_approved_with_evidence(more: dict[str, Any], succeeds: bool) -> None:
    old = FactorRow(name="raw_coal", purpose="ncv", valid_from=date(2025, 1, 1), approval="approved")
    new = {"name": "raw_coal", "purpose": "ncv", "subject": "", "region": "", "valid_from": date(2026, 1, 1)}
    new |= {"evidence": "report 7", "approval": "approved"}
    assert actions._succeeds({**new, **more}, old) is succeeds


@pytest.mark.django_db
def test_the_newest_drafts_of_a_month_are_kept() -> None:
    for number in range(DRAFTS + 3):
        save_draft(MARCH, "clerk", [{"amount": str(number)}], NOW + timedelta(minutes=number))
    kept = [draft.cells[0]["amount"] for draft in Draft.objects.order_by("at")]
    assert kept == [str(number) for number in range(3, DRAFTS + 3)]


@pytest.mark.django_db
def test_a_sending_for_a_part_is_another_than_one_for_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same bytes under the same key: what was refused as a whole must not be answered as a part, nor turned."""
    asked: list[str] = []

    def known(_sender: str, _idempotency: str, digest: str) -> Outcome:
        asked.append(digest)
        return _KNOWN

    monkeypatch.setattr("xietong.park.bringing.months._before", known)
    desk = Desk(tmp_path, park(), of_a_command)
    whole = Sent("api", "scada", "k", (), b"rows", "month.csv", frozenset({"E01"}))
    for each in (whole, whole._replace(partial=True), whole):
        assert submit(desk, MARCH, each, NOW) is _KNOWN
    assert asked[0] == asked[2] != asked[1]


@pytest.mark.django_db
def test_an_account_that_was_closed_signs_no_command(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick: the hash is not tried here
    user = User.objects.create_user("director", password="a long enough password")
    assert signed_in("director", "a long enough password") == user
    User.objects.update(is_active=False)
    with pytest.raises(RefusedError):
        signed_in("director", "a long enough password")


def test_the_folder_that_names_a_file_is_on_the_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Synced after the file has its name there: else the name can be gone after a power cut."""
    synced: dict[Path, list[str]] = {}

    def noted(folder: Path) -> None:
        synced[folder] = sorted(each.name for each in folder.iterdir())

    monkeypatch.setattr(evidence, "sync_folder", noted)
    kept = evidence.keep(tmp_path, b"scale note", "note.txt", "original")
    path = evidence.kept_path(tmp_path, kept.sha256)
    assert synced[path.parent] == [path.name]
    assert synced[tmp_path / "evidence"] == [path.parent.name]
