"""Walks through the pages in a real browser, from sign-in to a raw frame, in both languages and without JavaScript."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from walking_park import PASSWORD

pytest_plugins = ["walking_fixtures"]
pytestmark = pytest.mark.slow
FRAME = "a21002-Avg=40.5"
PAGES = (
    "/",
    "/figures/WALK/energy_per_output_value/2025/",
    "/points/G1-NOX/?period=2025",
    "/entries/intake-0/1/",
    "/closed/",
    "/factors/",
    "/balance/?period=2025",
    "/one-total/?period=2025",
    "/standards/zero-carbon-park/?period=2025",
    "/devices/",
    "/devices/XTWALK000000000000000001/",
    "/sources/",
    "/received/?month=2025-03",
    "/received/?month=2025-03&enterprise=E01",
    "/uploads/",
)


class Watched:
    """A page whose complaints and requests are kept."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.page: Page = context.new_page()
        self.site = site
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def sign_in(self) -> Page:
        self.page.goto(self.site)
        self.page.fill("input[name=username]", "director")
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("button.primary")
        self.page.wait_for_selector("#table-5")
        return self.page

    def is_calm(self) -> None:
        assert self.complaints == []
        assert self.hosts == {urlsplit(self.site).netloc}


def unfold(page: Page, inside: str) -> None:
    """Open every branch that is folded, the outer ones first."""
    while page.locator(f"{inside} details:not([open]) > summary").count():
        page.locator(f"{inside} details:not([open]) > summary").first.click()


def go_down(page: Page, inside: str) -> None:
    """From the figure of nitrogen oxides to the raw frame of the day's first hour."""
    page.click("#row-3-nox td[data-label*='排放量'] a")
    page.wait_for_selector(f"{inside} article")
    unfold(page, inside)
    page.click(f"{inside} a[href*='at=0.0']")
    march = f"{inside} a[href*='/points/G1-NOX/?start=2025-03']"
    page.wait_for_selector(march, state="attached")
    unfold(page, inside)
    page.click(march)
    for href in ("period=2025-03-14", "/2025-03-14T00/", "/entries/intake-0/1/"):
        page.click(f"{inside} a[href*='{href}']")
    page.wait_for_selector(f"{inside} mark")
    assert page.locator(f"{inside} pre mark").inner_text() == FRAME


def test_from_sign_in_to_a_raw_frame_and_back(site: str, browser: Browser) -> None:
    watched = Watched(browser.new_context(viewport={"width": 1440, "height": 900}), site)
    page = watched.sign_in()
    for number in range(1, 6):
        assert page.locator(f"#table-{number}").is_visible()
    page.wait_for_function("document.querySelectorAll('canvas').length >= 5")
    go_down(page, "#drawer")
    assert page.url == f"{site}/"
    assert "PW=walking" not in page.content()
    page.click("#drawer [data-back]")
    page.wait_for_selector("#drawer-body a[href*='/entries/intake-0/1/']")
    page.keyboard.press("Escape")
    assert not page.locator("#drawer").is_visible()
    page.focus("#row-1-energy_per_output_value td.number a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#drawer .formula")
    assert "÷ 24,000 万元" in page.locator("#drawer .formula").inner_text()
    page.click("#drawer [data-close]")
    watched.is_calm()


def test_the_language_switch_keeps_the_page(site: str, browser: Browser) -> None:
    watched = Watched(browser.new_context(locale="en-GB"), site)
    page = watched.sign_in()
    assert page.locator("h1").first.inner_text().startswith("步行园区")
    page.goto(f"{site}/?subject=E01&year=2025")
    page.click("button[value=en]")
    assert page.url == f"{site}/?subject=E01&year=2025"
    assert page.locator("h1").first.inner_text().startswith("Qingyuan Steel 2025")
    assert page.locator("html").get_attribute("lang") == "en"
    watched.is_calm()


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_scrolls_sideways(site: str, browser: Browser, width: int) -> None:
    watched = Watched(browser.new_context(viewport={"width": width, "height": 844}), site)
    page = watched.sign_in()
    for english in (False, True):
        if english:
            page.click("button[value=en]")
        for path in PAGES:
            page.goto(site + path)
            across = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert across[0] <= across[1], (path, english)
    watched.is_calm()


def test_the_matrix_is_reached_by_keyboard_and_opens_the_hours_of_a_day(site: str, browser: Browser) -> None:
    watched = Watched(browser.new_context(viewport={"width": 390, "height": 844}), site)
    page = watched.sign_in()
    page.click("nav.ways a[href='/received/']")
    page.goto(f"{site}/received/?month=2025-03&enterprise=E01")
    day = page.get_by_title("2025-03-14 · 完整 · 24/24").first
    box = day.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24  # WCAG 2.2, target size
    day.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/points/G1-*/?period=2025-03-14")
    assert page.locator("tbody tr").count() == 24
    watched.is_calm()


def test_everything_is_reached_without_javascript(site: str, browser: Browser) -> None:
    watched = Watched(browser.new_context(java_script_enabled=False), site)
    page = watched.sign_in()
    go_down(page, "main")
    assert "/entries/intake-0/1/" in page.url
    page.goto(f"{site}/?subject=E01&year=2025")
    page.click("details.twin summary")
    assert page.locator("details.twin table").first.is_visible()
    page.select_option("#subject", "WALK")
    page.click("form.choose button")
    assert page.locator("h1").first.inner_text().startswith("步行园区")
    page.click("button[value=en]")
    assert page.locator("h1").first.inner_text().startswith("Walking Park")
    watched.is_calm()


def test_live_values_refresh_by_themselves(site: str, browser: Browser) -> None:
    watched = Watched(browser.new_context(), site)
    page = watched.sign_in()
    with page.expect_response(lambda response: response.url.endswith("/live/"), timeout=15_000) as seen:
        pass
    assert seen.value.status == 200
    assert "加热炉烟囱" in page.locator("#live").inner_text()
    page.click("#live td a")
    page.wait_for_selector("#drawer pre mark")
    assert page.url == f"{site}/"
    watched.is_calm()
