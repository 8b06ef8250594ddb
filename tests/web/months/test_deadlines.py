"""What is owed: the day on which a report is due, what covers it, and what the cockpit says of it."""

from dataclasses import replace
from datetime import date

import handmade
import pytest
from django.test import Client

from xietong.park.nouns import Expected, Registry
from xietong.periods import Period
from xietong.web.months.deadlines import Owed, owed
from xietong.web.months.months_received import reported_months
from xietong.web.shell import park_data, shelf

pytest_plugins = ["handmade_fixtures"]

COKE = Expected("E01", "coke", "month", 10, date(2025, 1, 1))


def park(*expected: Expected, months: tuple[str, ...] = ("2025-01",)) -> Registry:
    """The hand-made park with a due list; coke is reported for the months."""
    stated = handmade.park().reported[0]
    rows = tuple(replace(stated, period=Period.parse(month)) for month in months)
    return replace(handmade.park(), expected=expected, reported=rows)


def labels(found: list[Owed]) -> list[tuple[str, str]]:
    return [(each.period.label, each.due.isoformat()) for each in found]


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (date(2025, 3, 3), []),
        (date(2025, 3, 4), [("2025-02", "2025-03-10")]),
        (date(2025, 3, 10), [("2025-02", "2025-03-10")]),
        (date(2025, 4, 4), [("2025-02", "2025-03-10"), ("2025-03", "2025-04-10")]),
    ],
)
def test_a_month_is_owed_from_a_week_before_its_day(today: date, found: list[tuple[str, str]]) -> None:
    assert labels(owed(park(COKE), today)) == found


def test_the_day_itself_is_not_late() -> None:
    (line,) = owed(park(COKE), date(2025, 3, 10))
    assert not line.is_overdue(date(2025, 3, 10))
    assert line.is_overdue(date(2025, 3, 11))


def test_a_year_or_all_its_parts_cover_a_period() -> None:
    late = date(2025, 12, 1)
    assert owed(park(COKE, months=("2025",)), late) == []
    quarterly = replace(COKE, frequency="quarter", until=date(2025, 7, 1))
    assert labels(owed(park(quarterly, months=("2025-01", "2025-02", "2025-03")), late)) == [("2025-Q2", "2025-07-10")]
    assert labels(owed(park(quarterly, months=("2025-01", "2025-03", "2025-Q2")), late)) == [("2025-Q1", "2025-04-10")]


def test_nothing_is_owed_before_it_began_after_it_ended_or_by_whom_was_not_there() -> None:
    late = date(2026, 6, 1)
    short = replace(COKE, since=date(2025, 3, 1), until=date(2025, 4, 1))
    assert labels(owed(park(short), late)) == [("2025-03", "2025-04-10")]
    gone = park(COKE)
    left = replace(gone.subjects["E01"], until=date(2025, 3, 1))
    found = owed(replace(gone, subjects={**gone.subjects, "E01": left}), late)
    assert labels(found) == [("2025-02", "2025-03-10")]


def test_a_due_is_met_by_another_kind_of_the_item() -> None:
    low, high = "steam_purchased:0.8MPa_saturated", "steam_purchased:1.0MPa_230C"
    due = Expected("E01", low, "month", 10, date(2025, 1, 1))
    first, second = park(due, months=("2025-01", "2025-02")).reported
    rows = (replace(first, item=low), replace(second, item=high))
    stated = replace(park(due), reported=rows)
    assert labels(owed(stated, date(2025, 4, 4))) == [("2025-03", "2025-04-10")]
    beside = replace(stated, reported=(*rows, replace(first, item=high)))
    assert labels(owed(beside, date(2025, 3, 10))) == [("2025-02", "2025-03-10")]
    january, february, march = reported_months(stated, 2025, date(2025, 4, 4))["E01"][:3]
    assert (january.lacking, february.lacking, march.lacking) == ((), (), (("E01", low),))


def test_what_has_no_deadline_is_left_out() -> None:
    lines = (replace(COKE, due_day=None), replace(COKE, frequency="never"), replace(COKE, subject="NOBODY"))
    assert owed(park(*lines), date(2026, 6, 1)) == []


def test_items_of_one_subject_and_period_stand_together() -> None:
    january, february = owed(park(COKE, replace(COKE, item="diesel")), date(2025, 3, 5))
    assert january.items == ("diesel",)
    assert february == Owed("E01", Period.month(2025, 2), date(2025, 3, 10), ("coke", "diesel"))


def shown(client: Client, monkeypatch: pytest.MonkeyPatch, registry: Registry, path: str) -> str:
    monkeypatch.setattr(park_data, "registry", lambda: registry)
    shelf.SHELF.clear()
    return client.get(path).content.decode().partition('id="moved"')[2].partition("</section>")[0]


def test_the_cockpit_says_what_is_due_and_what_is_late(director: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    year = tuple(f"2025-{month:02}" for month in range(1, 13) if month != 11)
    html = shown(director, monkeypatch, park(COKE, months=(*year, "2026-01")), "/?year=2025")
    assert "应于 2025-12-10" in html
    assert 'href="/figures/E01/coke/2025-11/"' in html
    assert "应于 2026-03-10" in html.partition("逾期未报")[0]
    later = shown(director, monkeypatch, park(COKE, months=(*year, "2026-01")), "/?year=2026")
    assert "其他年度另有 1 项逾期未报" in later


def test_nothing_due_and_no_due_list_are_told_apart(director: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "没有应报清单" in shown(director, monkeypatch, park(), "/")
    done = replace(COKE, until=date(2025, 2, 1))
    html = shown(director, monkeypatch, park(done), "/")
    assert "未来七天没有到期的填报" in html
    assert "逾期未报" not in html
