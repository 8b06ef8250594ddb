"""How a stated fact becomes a revision: unchanged is nothing, changed is a new row, nothing is overwritten."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import Q, QuerySet

from xietong.park.models import Act, Revision

BATCH = 500
RevisionType = TypeVar("RevisionType", bound=Revision)


class Statement(NamedTuple):
    """A fact as someone stated it: its natural key, its values by attribute, and the evidence it came in."""

    key: str
    values: Mapping[str, Any]
    entry: str
    row: int


class Change(NamedTuple):
    """How many facts were new, changed and as before."""

    new: int
    changed: int
    same: int


def in_force(model: type[RevisionType], as_of: datetime | None) -> QuerySet[RevisionType]:
    """The rows in force at an instant (now where None), ordered by key."""
    held = Q(superseded_at__isnull=True)
    if as_of is not None:
        held = (held | Q(superseded_at__gt=as_of)) & Q(recorded_at__lte=as_of)
    return model._default_manager.filter(held).order_by("key")


def revise(model: type[Revision], statements: Iterable[Statement], act: Act) -> Change:
    """Enter statements of one table, each key at most once, under an act and at its instant.

    Must run in the transaction that wrote the act.
    """
    stated = list(statements)
    batches = (stated[start : start + BATCH] for start in range(0, len(stated), BATCH))
    changes = [_revise_batch(model, batch, act) for batch in batches]
    return Change(*(sum(counted) for counted in zip(*changes, strict=True))) if changes else Change(0, 0, 0)


def _revise_batch(model: type[Revision], statements: Sequence[Statement], act: Act) -> Change:
    current = _current(model, statements)
    superseded, added, same = [], [], 0
    for statement in statements:
        old = current.get(statement.key)
        if old is not None and all(old[name] == value for name, value in statement.values.items()):
            same += 1
            continue
        if old is not None:
            superseded.append(old["pk"])
        added.append(
            model(
                key=statement.key,
                recorded_at=act.at,
                entry=statement.entry,
                row=statement.row,
                act=act,
                **statement.values,
            )
        )
    if superseded:
        model._default_manager.filter(pk__in=superseded, superseded_at__isnull=True).update(superseded_at=act.at)
    model._default_manager.bulk_create(added, batch_size=BATCH)
    return Change(len(added) - len(superseded), len(superseded), same)


def _current(model: type[Revision], statements: Sequence[Statement]) -> Mapping[str, Mapping[str, Any]]:
    """Key → what is in force of the facts that the statements are about. No other row of the table is read."""
    names = list(dict.fromkeys(name for each in statements for name in each.values))
    rows = in_force(model, None).filter(key__in=[each.key for each in statements]).order_by()
    return {row["key"]: row for row in rows.values("pk", "key", *names)}
