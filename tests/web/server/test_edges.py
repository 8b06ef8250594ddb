"""Every parameter of every address is fed its edges: what answers is a page or a refusal, never a fault of ours."""

import inspect
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.http import urlencode
from month_park import FILES, NOW, month_park

from xietong.park.actions import make_api_key
from xietong.park.bringing.receiving import Reception
from xietong.park.nouns import Registry
from xietong.settle.once import settle_waiting
from xietong.web.figures import balances
from xietong.web.shell import asked

pytest_plugins = ["handmade_fixtures"]
# The names by which pages read what an address asks.
ASKED = re.compile(r"GET(?:\.get\(|\[)\"(\w+)\"|for name in \((\"\w+\"(?:, \"\w+\")+)\)")
YEARS = ("0000", "0001", "1899", "1900", "2199", "2200", "9999", "10000", "\uff12\uff10\uff12\uff15", "-001")
PERIODS: tuple[str, ...] = (
    *(f"{year}-01" for year in YEARS),
    "2199-12-31",
    "1900-01-01",
    "1900-01..2199-12",
    "2025-00",
    "2025-13-01",
)
PERIODS += ("2199-12-31T23", "1900-01-01T00", "2025-02-30", "2025-Q4", "2025-W01", "2199", "2198-H2")
INSTANTS: tuple[str, ...] = ("1900-01-01T00:00", "2199-12-31T23:59", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00")
INSTANTS += ("2025-01-01T00:00+14:00", "2025-01-01T00:00-23:59", "2025-01-01T00:00:00.000001", "2025-01-01")
ODD: tuple[str, ...] = (
    "",
    "0",
    "-1",
    "1",
    "9" * 18,
    "9" * 19,
    "9" * 5000,
    "1e9",
    "../..",
    "a/b",
    "~",
    "~2F",
    "~ZZ",
    "%",
    "\x00",
    "\ud7ff",
)
ODD += ("'\"<>", "0.0.0.0", "99.99", "É" * 300, "true", "NaN", "²")
EDGES = tuple(dict.fromkeys((*YEARS, *PERIODS, *INSTANTS, *ODD)))
USUAL = {"subject": "E01", "key": "cod_emission", "period": "2025-03", "code": "M1", "hour": "2025-03-01T08"}
USUAL |= {"journal": "cli-0", "ordinal": "1", "report": "1", "standard": "zero-carbon-park", "mn": "MN1"}
PARTS = re.compile(r"<(?:\w+:)?(\w+)>")


class Page(NamedTuple):
    """An address with its parts named, and what its page reads from the query."""

    address: str
    names: tuple[str, ...]


def pages(resolver: URLResolver, before: str = "/") -> Iterator[Page]:
    """Every page there is."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from pages(each, before + str(each.pattern))
        else:
            assert isinstance(each, URLPattern)
            yield Page(before + str(each.pattern), names_asked(each))


def names_asked(pattern: URLPattern) -> tuple[str, ...]:
    """What the page's module, and the modules of ours that it imports from, read from the query of an address."""
    module = sys.modules[pattern.callback.__module__]
    if not module.__name__.startswith("xietong.web."):
        return ("partial",)
    source = inspect.getsource(module)
    if "asked_reader" in source:
        source += inspect.getsource(balances)
    found = {name for one, more in ASKED.findall(source) for name in (one, *re.findall(r"\w+", more)) if name}
    return tuple(sorted(found))


PAGES = list(pages(get_resolver()))


def filled(address: str, **parts: str) -> str:
    return PARTS.sub(lambda match: {**USUAL, **parts}[match[1]], address)


def fed(page: Page) -> Iterator[str]:
    """The address with each of its parts at each edge, and with each question that its page asks at each edge."""
    for part in PARTS.findall(page.address):
        for edge in EDGES:
            yield filled(page.address, **{part: "".join(f"%{byte:02X}" for byte in edge.encode()) or "%20"})
    for name in page.names:
        for edge in EDGES:
            yield f"{filled(page.address)}?{urlencode({name: edge})}"
    for start, end in zip(INSTANTS, reversed(INSTANTS), strict=True):
        yield f"{filled(page.address)}?{urlencode({'start': start, 'end': end})}"


def faults(client: Client, page: Page, **headers: str) -> list[str]:
    """The addresses that a fault of ours answers."""
    client.raise_request_exception = False
    found = []
    for each in fed(page):
        status = client.get(each, headers=headers).status_code
        if status >= 500:
            found.append(f"{status} {each[:200]}")
    return found


def test_the_names_that_pages_ask_are_found() -> None:
    names = {name for page in PAGES for name in page.names}
    assert {"year", "period", "subject", "start", "end", "until", "page", "on", "month", "draft", "sent"} <= names
    assert {"at", "row", "address", "all", "q"} <= names


@pytest.mark.slow
@pytest.mark.django_db
def test_no_parameter_of_any_page_of_a_real_park_is_a_fault_of_ours(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = month_park(tmp_path, settings, monkeypatch)
    more = tmp_path / "more"
    more.mkdir()
    (more / "park.toml").write_text(FILES["park.toml"], encoding="utf-8")
    (more / "points.csv").write_text(
        "code,subject,quantity,item,unit,shape,interval_s\nM1,E01,energy,electricity_purchased,kWh,amount,3600\n"
    )
    rows = "".join(f"M1,2025-03-01T{hour:02}:00,12.5\n" for hour in range(24))
    (more / "readings.csv").write_text("point,at,value\n" + rows)
    assert Reception(data, "director", datetime(2025, 3, 6, tzinfo=UTC)).package(more).rejected == []
    settle_waiting(data)
    boss = User.objects.create_superuser("boss")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(boss)
    bearer = f"Bearer {make_api_key('scada', 'E01', 'boss', NOW)}"
    headers = {"Authorization": bearer}
    found = [each for page in PAGES for each in faults(client, page, **headers)]
    assert not found, f"{len(found)}: {json.dumps(found[:40], ensure_ascii=False, indent=1)}"


@pytest.mark.parametrize("code", ["E/1", "..", ".", "a\\b", "~2F", "100%", "#?&;+", "甲 厂"])
def test_an_address_carries_every_code(code: str) -> None:
    """A park may have codes from before they were refused."""
    converter = asked.CodeInAnAddress()
    assert converter.to_python(converter.to_url(code)) == code
    assert not {"/", "\\"} & set(converter.to_url(code))
    assert converter.to_url(code) not in (".", "..")


def test_a_page_asks_ten_years_at_most(director: Client, park: Registry) -> None:
    for address in (
        "/balance/?subject={}&period={}",
        "/figures/{}/cod_emission/{}/",
        "/one-total/?subject={}&period={}",
    ):
        code = next(iter(park.subjects))
        answer = director.get(address.format(code, "1900-01..2199-12"))
        assert answer.status_code == 404
        assert "10 年" in answer.content.decode()
    answer = director.get(f"/points/{next(iter(park.points))}/?start=1901-01-01&end=2199-01-01")
    assert answer.status_code == 404
    assert "10 年" in answer.content.decode()
