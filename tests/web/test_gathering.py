"""What was computed is kept, computed once for all who wait; the park is made ready when the pages start."""

import threading
from pathlib import Path

import handmade
import pytest

from xietong.park.nouns import Registry
from xietong.park.registry import NoParkError
from xietong.web import gathering, views, warming
from xietong.web.gathering import Shelf

pytest_plugins = ["handmade_fixtures"]


def test_an_answer_is_computed_once_for_all_who_wait() -> None:
    shelf, computed, together = Shelf(), [], threading.Barrier(4)

    def compute() -> int:
        computed.append(1)
        return 7

    def ask() -> None:
        together.wait()
        assert shelf.get("key", compute) == 7

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert computed == [1]


def test_the_oldest_answer_is_given_up_first() -> None:
    shelf = Shelf(most=2)
    for key in ("a", "b", "a", "c"):
        shelf.get(key, lambda: 1)
    assert shelf.get("a", lambda: 2) == 1
    assert shelf.get("b", lambda: 2) == 2


def test_one_slow_answer_does_not_hold_up_another() -> None:
    shelf, inside, go_on = Shelf(), threading.Event(), threading.Event()

    def slow() -> int:
        inside.set()
        go_on.wait(10)
        return 1

    thread = threading.Thread(target=lambda: shelf.get("slow", slow))
    thread.start()
    assert inside.wait(10)
    assert shelf.get("quick", lambda: 2) == 2
    go_on.set()
    thread.join()


def test_without_readings_there_is_no_lake(park: Registry, data: Path) -> None:
    assert gathering.lake(park) is None


@pytest.mark.django_db
def test_warming_makes_the_newest_year_ready(park: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(views, "cockpit_context", lambda _registry, _subject, year: asked.append(year))
    warming.warm()
    assert asked == [handmade.park().targets[0].year]


@pytest.mark.django_db
def test_warming_an_empty_folder_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Registry:
        raise NoParkError

    monkeypatch.setattr(gathering, "registry", none)
    warming.warm()
