"""A small real park for the walks: a package through the reception, a day of frames in the journal, settled once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, sync_playwright
from pytest_django import Settings
from walking_park import ARGUMENTS, CHROMIUM, MIDNIGHT, PASSWORD, hour_frame, write_package

from xietong.journal import open_writer
from xietong.park.bringing.receiving import Reception
from xietong.park.people import make_roles
from xietong.settle.once import settle_waiting
from xietong.web.shell import shelf


@pytest.fixture
def site(transactional_db: None, settings: Settings, tmp_path: Path, live_server: object) -> str:
    """The address of the running pages over that park; the director may sign in."""
    settings.DATA = tmp_path / "data"
    shelf.SHELF.clear()
    now = datetime.now(UTC)
    with open_writer(settings.DATA / "journal", "intake") as writer:
        for hour in range(24):
            writer.append("hj212", "tcp:127.0.0.1:50122", hour_frame(hour), MIDNIGHT + timedelta(hours=hour + 1))
        writer.commit()
    answer = Reception(settings.DATA, "director", now).package(write_package(tmp_path / "package"))
    assert answer.rejected == []
    assert settle_waiting(settings.DATA)
    make_roles()
    User.objects.create_user("director", password=PASSWORD).groups.add(Group.objects.get(name="inspector"))
    return str(live_server)


@pytest.fixture
def browser(site: str) -> Iterator[Browser]:
    """The system's Chromium without a window, started after the site: its event loop keeps Django's models out."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()
