"""A month that is stated reads what it is about, however much the park has stated before."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from park_packages import write_package

from xietong.park.bringing.evidence import of_a_command
from xietong.park.bringing.months import Desk, Month, Sent, submit
from xietong.park.bringing.receiving import Reception
from xietong.park.models import Act, ReportedAmount
from xietong.park.package.sheets import Row
from xietong.park.registry import snapshot
from xietong.park.registry.revisions import BATCH, Change, Statement, revise
from xietong.periods import Period

pytestmark = pytest.mark.django_db
LOADED, NOW = datetime(2025, 3, 6, tzinfo=UTC), datetime(2026, 4, 3, tzinfo=UTC)
MANY = BATCH + 100
TABLE = ReportedAmount._meta.db_table
VALUES = {"subject": "OTHER", "item": "coke", "amount": Decimal(1), "unit": "t", "period": "2024-01"}


def of_others(act: Act) -> None:
    """What other subjects stated: many rows that a month of ours is not about."""
    rows = [
        ReportedAmount(key=f'["OTHER", "{number}"]', recorded_at=act.at, act=act, row=number, **VALUES)
        for number in range(MANY)
    ]
    ReportedAmount.objects.bulk_create(rows, batch_size=BATCH)


class Counted:
    """How many rows the questions read, by table: each is asked for their number before it is asked."""

    def __init__(self) -> None:
        self.rows, self._is_counting = Counter[str](), False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        found = re.match(r'SELECT .*? FROM "(\w+)"', sql)
        if found and not self._is_counting:
            self._is_counting = True
            with context["connection"].cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM ({sql})", params)
                self.rows[found[1]] += cursor.fetchone()[0]
            self._is_counting = False
        return execute(sql, params, many, context)


def test_a_typed_month_reads_no_rows_of_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert Reception(data, "clerk", LOADED).package(write_package(tmp_path / "package")).rejected == []
    of_others(Act.objects.create(who="clerk", verb="state_reported", at=datetime(2025, 4, 1, tzinfo=UTC)))
    park = snapshot.load()
    code = next(each.subject for each in park.reported if each.subject != "OTHER")
    own = sum(1 for each in park.reported if each.subject == code)
    cells = {"subject": code, "period": "2026-03", "item": "coke", "amount": "1150", "unit": "t"}
    sent = Sent("form", "clerk", "k", (Row("f.csv", 2, {}, cells),), b"typed", "f.csv", frozenset({code}))
    counted, desk = Counted(), Desk(data, park, of_a_command)
    with connection.execute_wrapper(counted):
        outcome = submit(desk, Month(code, Period.parse("2026-03")), sent, NOW)
    assert (outcome.entered, outcome.answer["changes"]["reported"]) == (True, {"new": 1, "changed": 0, "same": 0})
    assert counted.rows[TABLE] <= own + 1
    assert counted.rows["park_park"] == 0  # the registry is not read again


def test_many_statements_are_entered_in_batches_with_the_same_outcome() -> None:
    act = Act.objects.create(who="clerk", verb="state_reported", at=LOADED)
    of_others(act)
    known = [
        Statement(f'["OTHER", "{number}"]', {**VALUES, "amount": Decimal(amount)}, "cli-0/1", number)
        for number, amount in ((0, "1"), (1, "2"), (MANY - 1, "3"), (MANY - 2, "1.0"))
    ]
    new = [Statement(f'["NEW", "{number}"]', VALUES, "cli-0/1", number) for number in range(MANY)]
    counted = Counted()
    later = Act.objects.create(who="clerk", verb="state_reported", at=NOW)
    with connection.execute_wrapper(counted):
        assert revise(ReportedAmount, [*known[:2], *new, *known[2:]], later) == Change(MANY, 2, 2)
    assert counted.rows[TABLE] == len(known)
    current = ReportedAmount.objects.filter(superseded_at=None)
    assert current.count() == 2 * MANY
    assert {row.key: str(row.amount) for row in current.filter(recorded_at=NOW, key__startswith='["OTHER"')} == {
        '["OTHER", "1"]': "2",
        f'["OTHER", "{MANY - 1}"]': "3",
    }
    assert revise(ReportedAmount, [], later) == Change(0, 0, 0)
