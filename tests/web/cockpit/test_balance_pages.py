"""The pages of balances and of one total, over a small park whose numbers are sums that can be done by hand."""

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


def stated(code: str, item: str, amount: int, unit: str, counterparty: str = "", month: int = 1) -> ReportedAmount:
    period, exact = Period.month(2025, month), Decimal(amount)
    return ReportedAmount(code, period, item, exact, unit, "cli-0/1", month, NOW, counterparty=counterparty)


def registry() -> Registry:
    """W makes 1,000 GJ a month and sells 900; A says it bought 855 of it; in December A says nothing."""
    units = (Subject(code, "enterprise", f"{code}公司", f"{code} Ltd", "PARK") for code in ("A", "W"))
    rows = [stated("W", "heat_generated", 1000, "GJ", "", month) for month in range(1, 13)]
    rows += [stated("W", "heat_sold", 900, "GJ", "", month) for month in range(1, 13)]
    rows += [stated("W", "raw_coal", 50, "t", "", month) for month in range(1, 13)]
    rows += [stated("A", "heat_purchased", 855, "GJ", "W", month) for month in range(1, 12)]
    park = Subject("PARK", "park", "示范园区", "Demo Park")
    return replace(
        handmade.park(),
        subjects={each.code: each for each in (park, *units)},
        points={},
        reported=tuple(rows),
        targets=(),
        limits=(),
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


def test_a_month_with_its_residual(client: Client) -> None:
    shown = words(body(client, "/balance/?period=2025-01"))
    assert "介质平衡 · 示范园区 2025-01" in shown
    assert "供入 1,000 GJ，差额 45 GJ，占 4.5 %。" in shown
    assert "W公司 900 855 45" in shown


def test_a_year_with_a_gap_names_it_and_gives_no_residual(client: Client) -> None:
    html = body(client, "/balance/?period=2025")
    shown = words(html)
    assert "数据不全，不算差额。" in shown
    assert "A公司" in shown.partition("数据不全")[2]
    assert "2025-11 1,000 955 45 4.5 %" in shown
    assert "2025-12 不完整 1,000 100 — —" in shown
    assert 'id="chart-heat"' in html


def test_without_a_second_measurement_the_page_claims_nothing(client: Client) -> None:
    shown = words(body(client, "/balance/?period=2025-01")).partition("原煤")[2]
    assert "没有第二处计量，差额无从检验" in shown


def test_lines_lead_to_their_working(client: Client) -> None:
    html = body(client, "/balance/?period=2025-01")
    assert 'href="/figures/PARK/heat_generated/2025-01/"' in html
    assert "/balance/?subject=W&amp;period=2025-01" in html


def test_one_total_from_both_ends(client: Client) -> None:
    """50 t of coal are 35.715 tce; 900 GJ sold and 855 bought: 45 GJ, 1.5354 tce, stayed inside."""
    shown = words(body(client, "/one-total/?period=2025-01"))
    assert "从各单位和从边界算得相同" in shown
    passed_on = shown.partition("减：内部转移（一家外供、另一家购入）：热力与蒸汽")[2]
    assert passed_on.split()[:4] == ["怎么来的", "热力与蒸汽的数量", "900", "GJ"]
    assert "−30.70800" in passed_on
    lost = passed_on.partition("加回：内部售出而无人购入（网络损失或漏报），属园区消费：热力与蒸汽")[2]
    assert " 1.53540 各行之和 35.71500 与总量之差 0" in lost
    assert "统计口径综合能源消费量（当量值） 35.71500" in shown


def test_both_pages_speak_english(client: Client) -> None:
    client.cookies["django_language"] = "en"
    for path in ("/balance/?period=2025-01", "/one-total/?period=2025-01"):
        html = re.sub(r'<span class="note" lang="zh-hans">[^<]*</span>', "", body(client, path))
        told = words(html.replace("协同", "").replace("中文", ""))
        assert not re.findall(r"[\u4e00-\u9fff]+", told)
    assert "4.5 %) not accounted for." in words(body(client, "/balance/?period=2025-01"))


def test_both_pages_are_reached_from_the_overview(client: Client) -> None:
    html = body(client, "/?year=2025")
    for page in ("/balance/", "/one-total/"):
        assert f'href="{page}?subject=PARK&amp;period=2025"' in html


def test_what_does_not_exist_says_so(client: Client) -> None:
    for path in ("/balance/?subject=NONE", "/balance/?period=soon", "/one-total/?subject=A"):
        assert client.get(path).status_code == 404
