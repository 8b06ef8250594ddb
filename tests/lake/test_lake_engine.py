"""The engine that reads the lake: an instance makes way for a new one, and nobody who is asking notices."""

import pytest

from xietong.lake import engine
from xietong.lake.engine import Engine


def test_a_cursor_outlives_the_instance_that_made_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "QUESTIONS_AN_INSTANCE", 2)
    asked = Engine()
    first = asked.cursor()
    first.execute("CREATE TEMP TABLE kept AS SELECT 7 AS seven")
    later = [asked.cursor() for _ in range(5)]
    assert first.execute("SELECT seven FROM kept").fetchall() == [(7,)]
    zones = {cursor.execute("SELECT current_setting('TimeZone')").fetchall()[0][0] for cursor in later}
    assert zones == {"UTC"}


def test_an_instance_makes_way_after_its_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "QUESTIONS_AN_INSTANCE", 2)
    asked = Engine()
    asked.cursor().execute("CREATE TABLE of_the_instance AS SELECT 1 AS one")
    assert asked.cursor().execute("SELECT one FROM of_the_instance").fetchall() == [(1,)]
    tables = asked.cursor().execute("SELECT count(*) FROM information_schema.tables").fetchall()
    assert tables == [(0,)]
