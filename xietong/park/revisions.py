"""How a stated fact becomes a revision: unchanged is nothing, changed is a new row, nothing is overwritten."""

from collections.abc import Iterable, Mapping
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
    current = {row.key: row for row in in_force(model, None)}
    superseded, added, same = [], [], 0
    for statement in statements:
        old = current.get(statement.key)
        if old is not None and _states_the_same(old, statement.values):
            same += 1
            continue
        if old is not None:
            superseded.append(old.pk)
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
    for start in range(0, len(superseded), BATCH):
        chosen = model._default_manager.filter(pk__in=superseded[start : start + BATCH], superseded_at__isnull=True)
        chosen.update(superseded_at=act.at)
    model._default_manager.bulk_create(added, batch_size=BATCH)
    return Change(len(added) - len(superseded), len(superseded), same)


def _states_the_same(old: Revision, values: Mapping[str, Any]) -> bool:
    return all(getattr(old, name) == value for name, value in values.items())
