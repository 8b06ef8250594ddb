"""Every page, and not only those that people come to first, says so where the data folder holds no park."""

from pathlib import Path

import handmade
import pytest
from django.test import Client
from pytest_django import Settings

from xietong.park.registry.snapshot import NoParkError
from xietong.web.shell import park_data

PAGES = [
    *("/", "/live/", "/quality/", "/balance/", "/one-total/", "/devices/", "/received/", "/uploads/", "/factors/"),
    *("/figures/P/cod_emission/2025/", "/points/M1/", "/points/M1/2025-03-01T08:00/", "/devices/MN1/", "/closed/"),
]


def no_park() -> None:
    raise NoParkError


@pytest.mark.django_db
@pytest.mark.parametrize("address", PAGES)
def test_every_page_says_so(address: str, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    monkeypatch.setattr(park_data, "registry", no_park)
    browser = Client()
    browser.force_login(handmade.inspector("director"))
    answer = browser.get(address)
    assert answer.status_code == 200
    assert "xietong load" in answer.content.decode()
