"""The verbs that change the registry; nothing else writes it. Each writes its Act in the transaction of the change."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from xietong.calc.factors.classes import AWAITING, PROPOSED, is_statutory
from xietong.park import models
from xietong.park.package.reading import PARK_FILE, Package, PackageError
from xietong.park.package.rules import key_of
from xietong.park.package.schema import FACTS, TABLES, Table
from xietong.park.package.sheets import Row
from xietong.park.people import RefusedError, check_person, check_reason
from xietong.park.registry.revisions import Change, Statement, in_force, revise

MODELS: Mapping[str, type[models.Revision]] = {
    "subjects": models.Subject,
    "points": models.Point,
    "reported": models.ReportedAmount,
    "targets": models.Target,
    "limits": models.Limit,
    "expected": models.Expected,
    "events": models.Event,
    "key_lists": models.KeyList,
    "measures": models.Measure,
    "effects": models.Effect,
    "factors": models.FactorRow,
    "flows": models.Flow,
    "documents": models.Document,
    "accounts": models.Account,
}
# Any number that no other program on the same database uses: "xietong" in ASCII.
ACT_LOCK = 0x786965746F6E67
APPROVED = "approved"
PARK_KEY = '["park"]'


@dataclass(slots=True)
class Loaded:
    """What a load did: its act, and the changes table by table."""

    act: int
    changes: dict[str, Change] = field(default_factory=dict)


def _enter_act(who: str, verb: str, what: Mapping[str, Any], at: datetime, entry: str = "") -> models.Act:
    """Write the act; its instant is after every earlier one's, so that a clock set back makes no tangle.

    One act at a time: SQLite's immediate transactions see to it themselves, PostgreSQL takes a lock until the commit.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ACT_LOCK])
    last = models.Act.objects.order_by("-at").values_list("at", flat=True).first()
    if last is not None and at <= last:
        at = last + timedelta(microseconds=1)
    return models.Act.objects.create(who=who, verb=verb, what=dict(what), at=at, entry=entry)


def check_same_park(code: str) -> None:
    """Raise PackageError where the data folder already holds another park."""
    held = in_force(models.Park, None).first()
    if held is not None and held.code != code:
        raise PackageError(
            f"这个数据目录属于园区 {held.code}（{held.name}），数据包是园区 {code} 的，混在一起就分不清了，"
            "什么也没有载入；请用 --data 指定另一个目录。",
            f"this data folder holds the park {held.code} ({held.name}) and the package is of {code}; mixed they could "
            "not be told apart, so nothing was loaded; name another folder with --data.",
        )


def load_package(package: Package, entries: Mapping[str, str], who: str, at: datetime) -> Loaded:
    """Enter everything usable of a package.

    entries: file name → id of the journal entry that keeps its bytes; at: UTC. Raises PackageError for another park.
    """
    with transaction.atomic():
        check_same_park(package.park["code"])
        what = {"park": package.park["code"], "entries": dict(entries), "rows": package.accepted}
        act = _enter_act(who, "load_package", what, at)
        loaded = Loaded(act.pk)
        park = Statement(PARK_KEY, package.park, entries.get(PARK_FILE, ""), 0)
        loaded.changes["park"] = revise(models.Park, [park], act)
        for table in FACTS:
            statements = [_statement(table, row, entries) for row in package.tables.get(table.name, ())]
            loaded.changes[table.name] = revise(MODELS[table.name], _as_brought(table.name, statements), act)
    return loaded


def _statement(table: Table, row: Row, entries: Mapping[str, str]) -> Statement:
    return Statement(key_of(table, row.values), row.values, entries.get(row.file, ""), row.number)


def state_facts(
    table_name: str, rows: Iterable[Row], entries: Mapping[str, str], who: str, at: datetime, reason: str = ""
) -> Change:
    """Enter rows of one table (an imported sheet of reported amounts, say); reason: why, where that was asked."""
    table = TABLES[table_name]
    with transaction.atomic():
        statements = [_statement(table, row, entries) for row in rows]
        what = {"table": table_name, "entries": dict(entries), "rows": len(statements)}
        what |= {"reason": reason} if reason else {}
        act = _enter_act(who, f"state_{table_name}", what, at)
        return revise(MODELS[table_name], _as_brought(table_name, statements), act)


def _as_brought(table_name: str, statements: list[Statement]) -> list[Statement]:
    """What somebody brings: statutory factors wait for a second person; an approval is that person's."""
    awaiting = [_awaiting(each) for each in statements] if table_name == "factors" else statements
    return _with_ends(table_name, awaiting)


def _with_ends(table_name: str, statements: list[Statement]) -> list[Statement]:
    """The statements, and for each own factor that they succeed the revision that ends it the day before, under the
    same act and by the evidence that brought the successor."""
    if table_name != "factors" or not statements:
        return statements
    held = {row.key: row for row in in_force(models.FactorRow, None).filter(valid_to=None)}
    restated = {each.key for each in statements}
    ended: dict[str, Statement] = {}
    for new in sorted(statements, key=lambda each: each.values["valid_from"] or date.min, reverse=True):
        for key, row in held.items():
            if key not in restated and _succeeds(new.values, row):
                values = {column.attribute: getattr(row, column.attribute) for column in TABLES["factors"].columns}
                ended[key] = Statement(key, {**values, "valid_to": new.values["valid_from"]}, new.entry, new.row)
    return [*statements, *ended.values()]


def _awaiting(stated: Statement) -> Statement:
    """A statutory factor brought as approved waits for a second person, but where one has approved it as it is."""
    values = stated.values
    if values["approval"] != APPROVED or not values["legal_basis"] or not is_statutory(values["purpose"]):
        return stated
    held = in_force(models.FactorRow, None).filter(key=stated.key, approval=APPROVED).first()
    if held is not None and all(getattr(held, name) == value for name, value in values.items()):
        return stated
    return stated._replace(values={**values, "approval": AWAITING})


def _succeeds(new: Mapping[str, Any], old: models.FactorRow) -> bool:
    """Whether an approved factor with evidence is of the same thing as an approved one without an end, and later."""
    if not new["evidence"] or {PROPOSED, AWAITING} & {new["approval"], old.approval}:
        return False
    same = all(new[name] == getattr(old, name) for name in ("name", "purpose", "subject", "region"))
    return same and (new["valid_from"] or date.min) > (old.valid_from or date.min)


def approve_factors(asked: Mapping[str, str], who: str, reason: str, at: datetime) -> Change:
    """Let proposed own factors count (asked: name, purpose, subject, as far as stated); raises RefusedError for one
    that has no evidence, for a statutory one without its legal basis or brought by the same person, or where none is
    proposed."""
    check_person(who, "verify")
    check_reason(reason)
    with transaction.atomic():
        rows = list(in_force(models.FactorRow, None).filter(approval__in=(PROPOSED, AWAITING), **asked))
        for row in rows:
            _check_approval(row, who)
        if not rows:
            raise RefusedError("没有这样的待批系数。", "no such factor is waiting for approval.")
        what = {"factors": sorted(row.key for row in rows), "reason": reason}
        act = _enter_act(who, "approve_factors", what, at)
        columns = [column.attribute for column in TABLES["factors"].columns]
        statements = [
            Statement(
                row.key, {**{name: getattr(row, name) for name in columns}, "approval": APPROVED}, row.entry, row.row
            )
            for row in rows
        ]
        return revise(models.FactorRow, _with_ends("factors", statements), act)


def _check_approval(row: models.FactorRow, who: str) -> None:
    named = f"{row.purpose} {row.name}"
    if not row.evidence:
        raise RefusedError(
            f"{named} 没有凭证，不能批准；请先在 evidence 写明凭证再载入。",
            f"{named} has no evidence and cannot be approved; name it under evidence first.",
        )
    if not is_statutory(row.purpose):
        return
    if not row.legal_basis:
        raise RefusedError(
            f"{named} 是法定系数，没有写明依据的法律或公告，不能批准；请先在 legal_basis 写明再载入。",
            f"{named} is statutory and names no law or notice, so it cannot be approved; name it under legal_basis.",
        )
    if row.act.who == who:
        raise RefusedError(
            f"{named} 是法定系数，由 {who} 报入，须由第二人批准；请另一人批准。",
            f"{named} is statutory and was brought by {who}: a second person must approve it.",
        )


def brought_before(content: str, file: str, *, is_correction: bool = False) -> bool:
    """Whether these very readings, or corrections, were brought already: then the lake has them, or will have them.

    content: the hash of what the readings say; file: that of the file that settle takes, by which older acts know them.
    """
    verb = "correct_readings" if is_correction else "bring_readings"
    acts = models.Act.objects.filter(verb=verb)
    older = acts.filter(what__sha256=file).exclude(what__has_key="content")
    return acts.filter(what__content=content).exists() or older.exists()


def bring_readings(what: Mapping[str, Any], entry: str, who: str, at: datetime) -> None:
    """Note that a file of readings was brought; `entry` is the journal entry from which settle takes it."""
    with transaction.atomic():
        _enter_act(who, "bring_readings", what, at, entry)


def correct_readings(what: Mapping[str, Any], entry: str, who: str, at: datetime) -> None:
    """Note that a person corrected readings: why and by what evidence stands in `what`; nothing is overwritten."""
    with transaction.atomic():
        _enter_act(who, "correct_readings", what, at, entry)


def record_act(who: str, verb: str, what: Mapping[str, Any], at: datetime, change: Callable[[], None]) -> int:
    """Write an act together with another room's change, in one transaction; gives the act's id."""
    with transaction.atomic():
        act = _enter_act(who, verb, what, at)
        change()
        return act.pk


def make_api_key(name: str, subject: str, who: str, at: datetime) -> str:
    """Make a key for programs that push readings of a subject; gives its secret, which is kept nowhere.

    Raises RefusedError where the subject or the person is not there, or the name is taken.
    """
    check_person(who, "manage_people")
    if not in_force(models.Subject, None).filter(code=subject).exists():
        raise RefusedError(f"没有代码为“{subject}”的主体。", f'there is no subject "{subject}".')
    if not name.strip() or models.ApiKey.objects.filter(name=name).exists():
        raise RefusedError(
            f"名称“{name}”为空或已用过；请另取一个。", f'the name "{name}" is empty or taken; use another.'
        )
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        act = _enter_act(who, "make_api_key", {"name": name, "subject": subject}, at)
        models.ApiKey.objects.create(name=name, secret_sha256=key_hash(secret), subject=subject, made_at=act.at)
    return secret


def revoke_api_key(name: str, who: str, reason: str, at: datetime) -> None:
    """End a key; what came by it stays. Raises RefusedError where there is none in force, or no reason."""
    check_person(who, "manage_people")
    check_reason(reason)
    with transaction.atomic():
        act = _enter_act(who, "revoke_api_key", {"name": name, "reason": reason}, at)
        if not models.ApiKey.objects.filter(name=name, revoked_at=None).update(revoked_at=act.at):
            raise RefusedError(f"没有名为“{name}”的有效密钥。", f'there is no key "{name}" in force.')


def key_hash(secret: str) -> str:
    """What is kept of a secret: it is random and long, so that a plain hash cannot be turned round."""
    return hashlib.sha256(secret.encode()).hexdigest()
