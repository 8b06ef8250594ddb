"""The page of a standard beside the park's own, over a small park whose figures can be worked out by hand."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import handmade
import pytest
from django.test import Client
from test_views import body, words

from xietong.park.nouns import Registry, ReportedAmount, Subject
from xietong.periods import Period
from xietong.web.shell import park_data, shelf

NOW = datetime(2026, 1, 10, tzinfo=UTC)
PAGE = "/standards/zero-carbon-park/?period=2025"
AMOUNTS = (
    ("electricity_purchased", 3_000_000, "MWh"),
    ("green_certificates", 2_950_000, "MWh"),
    ("solid_waste_generated", 100, "t"),
    ("solid_waste_used", 85, "t"),
    ("water_fresh", 100, "t"),
    ("water_reused", 300, "t"),
    ("output_value", 500_000, "万元"),
)


def registry() -> Registry:
    """A buys 3 TWh, all but 50 GWh of it certified: 50,000 × 0.8273 t CO2 over 368,700 tce; 85 % and 75 % circulate."""
    rows = tuple(
        ReportedAmount("A", Period.year(2025), item, Decimal(amount), unit, "cli-0/1", row, NOW)
        for row, (item, amount, unit) in enumerate(AMOUNTS, 1)
    )
    members = (Subject("PARK", "park", "示范园区", "Demo Park"), Subject("A", "enterprise", "甲厂", "A Ltd", "PARK"))
    return replace(
        handmade.park(),
        subjects={each.code: each for each in members},
        points={},
        reported=rows,
        targets=(),
        limits=(),
        expected=(),
    )


@pytest.fixture
def client(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Somebody signed in who looks at that park."""
    found = Client()
    found.force_login(handmade.inspector("director"), "django.contrib.auth.backends.ModelBackend")
    made = registry()
    monkeypatch.setattr(park_data, "registry", lambda: made)
    monkeypatch.setattr(park_data, "lake", lambda _: None)
    shelf.SHELF.clear()
    yield found
    shelf.SHELF.clear()


def row(html: str, point: str) -> str:
    return words(html.partition(f'id="point-{point}"')[2].partition("</tr>")[0])


def test_figures_requirements_verdicts_and_how_sure_each_is(client: Client) -> None:
    html = body(client, PAGE)
    carbon = row(html, "A3-1")
    assert f"{50_000 * 0.8273 / 368_700:.4f}" in carbon
    for told in ("≤ 0.2 tCO₂/tce", "达到", "核心", "已与公开文本核对"):
        assert told in carbon
    assert "85.0 % ≥ 80 % 达到" in re.sub(r"\s+", " ", row(html, "A3-4"))
    assert "未达到" in row(html, "A3-6")
    assert "无法判定" in row(html, "A3-3")
    shown = words(html)
    assert "要求共 6 项：3 项达到，1 项未达到，2 项无法判定。" in shown
    assert "未能与原文核对" in shown
    assert "现取：化石能源电力的因子（zero_carbon_power = fossil）" in shown


def test_every_figure_opens_by_the_rules_of_that_standard(client: Client) -> None:
    html = body(client, PAGE)
    ways = re.findall(r'href="(/standards/zero-carbon-park/PARK/[^"]+)"', html)
    assert len(ways) >= 6
    for way in ways:
        body(client, way)
    opened = body(client, "/standards/zero-carbon-park/PARK/unit_energy_carbon/2025/")
    assert 'href="/standards/zero-carbon-park/?subject=PARK&amp;period=2025"' in opened
    assert "368,700 tce" in words(opened)
    assert client.get("/standards/zero-carbon-park/PARK/unit_energy_carbon/2025/?at=9.9").status_code == 404


def test_a_month_and_a_tenant_are_not_classed_and_say_why(client: Client) -> None:
    assert "按自然年判定，请给出整年" in row(body(client, f"{PAGE}-01"), "A3-1")
    assert "只对园区整体判定" in row(body(client, f"{PAGE}&subject=A"), "A3-1")


def test_the_page_speaks_english(client: Client) -> None:
    client.cookies["django_language"] = "en"
    html = re.sub(r'<span lang="zh-hans">[^<]*</span>', "", body(client, PAGE))
    told = words(html.replace("协同", "").replace("中文", ""))
    assert not re.findall(r"[\u4e00-\u9fff]+", told)
    assert "6 requirements: 3 met, 1 not met, 2 not assessable." in told


def test_it_is_reached_from_the_overview_and_unknown_standards_say_so(client: Client) -> None:
    assert 'href="/standards/zero-carbon-park/?subject=PARK&amp;period=2025"' in body(client, "/?year=2025")
    for path in ("/standards/nowhere/", "/standards/zero-carbon-park/PARK/energy_per_nothing/2025/"):
        assert client.get(path).status_code == 404


def test_totals_lead_to_their_parts_and_to_the_pages_that_check_them(client: Client) -> None:
    carbon = body(client, "/figures/PARK/carbon_emission_total/2025/")
    for way in ("/figures/PARK/carbon_by_category/2025/", "/figures/PARK/greenhouse_gases/2025/"):
        assert f'href="{way}"' in carbon
        assert 'href="/figures/PARK/carbon_emission_total/2025/"' in body(client, way)
    assert 'href="/one-total/?subject=PARK&amp;period=2025" hx-boost="false"' in carbon
    energy = body(client, "/figures/A/comprehensive_energy_consumption/2025/")
    assert 'href="/balance/?subject=A&amp;period=2025"' in energy
    assert "/one-total/?subject=A" not in energy
    assert "换个角度看" not in body(client, "/figures/A/output_value/2025/")


def test_lines_of_categories_and_gases_have_names_in_both_languages(client: Client) -> None:
    for language, names in (
        ("zh-hans", ("燃料燃烧", "过程排放", "净购入电力", "净购入热力")),
        ("en", ("Combustion", "Processes", "Net electricity", "Net heat")),
    ):
        client.cookies["django_language"] = language
        told = words(body(client, "/figures/PARK/carbon_by_category/2025/"))
        assert [name for name in names if name not in told] == []
    assert "Carbon dioxide CO₂" in words(body(client, "/figures/PARK/greenhouse_gases/2025/"))
