"""The park is made ready when the pages start, and an empty folder does no harm."""

from pathlib import Path

import handmade
import pytest

from xietong.park.nouns import Registry
from xietong.park.registry.snapshot import NoParkError
from xietong.web import warming
from xietong.web.cockpit import page
from xietong.web.shell import park_data

pytest_plugins = ["handmade_fixtures"]


def test_without_readings_there_is_no_lake(park: Registry, data: Path) -> None:
    assert park_data.lake(park) is None


@pytest.mark.django_db
def test_warming_makes_the_newest_year_ready(park: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(page, "cockpit_context", lambda _registry, _subject, year: asked.append(year))
    warming.warm()
    assert asked == [handmade.park().targets[0].year]


@pytest.mark.django_db
def test_warming_an_empty_folder_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Registry:
        raise NoParkError

    monkeypatch.setattr(park_data, "registry", none)
    warming.warm()
