"""A clerk fills a month in, in a real browser without JavaScript, on a phone and on a desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Page, sync_playwright
from walking_park import ARGUMENTS, CHROMIUM, PASSWORD

pytest_plugins = ["walking_fixtures"]
pytestmark = pytest.mark.slow
MONTH = "/months/E01/2026-01/"


@pytest.fixture
def clerk_browser(site: str) -> Iterator[Browser]:
    """The browser, once there is a clerk of E01."""
    user = User.objects.create_user("clerk", password=PASSWORD)
    user.groups.set([Group.objects.get_or_create(name=name)[0] for name in ("clerk", "subject:E01")])
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


def signed_in(browser: Browser, site: str, width: int) -> Page:
    page = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 900}).new_page()
    page.goto(f"{site}{MONTH}")
    page.fill("input[name=username]", "clerk")
    page.fill("input[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_selector("form.month")
    return page


def is_within(page: Page, name: str, folder: Path) -> None:
    """Nothing scrolls sideways; a picture is kept beside the test's data."""
    page.screenshot(path=str(folder / f"{name}.png"), full_page=True)
    across = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert across[0] <= across[1], name


@pytest.mark.parametrize("width", [390, 1440])
def test_a_month_is_filled_in_without_javascript(site: str, clerk_browser: Browser, tmp_path: Path, width: int) -> None:
    page = signed_in(clerk_browser, site, width)
    is_within(page, "empty", tmp_path)
    assert page.locator("fieldset.month-line legend").all_inner_texts()[:3] == ["焦炭", "外购电量", "工业总产值"]
    page.fill("#r0-amount", "1,150")
    page.fill("#r1-amount", "1200")
    page.select_option("#r1-unit", "MWh")
    page.click("button[value=draft]")
    assert page.input_value("#r0-amount") == "1,150"
    page.click("button[value=send]")
    is_within(page, "wrong", tmp_path)
    assert "thousands" in page.locator("#r0-said").inner_text()
    page.click("button[value=en] >> nth=0")
    assert page.locator("form.month button.primary").inner_text() == "Send in"
    page.click("button[value=send]")
    is_within(page, "wrong-en", tmp_path)
    page.fill("#r0-amount", "1150")
    page.click("button[value=check]")
    assert "can be used (rows: 2)" in page.locator("main").inner_text()
    page.click("button[value=send]")
    assert "Rows entered: 2" in page.locator("main").inner_text()
    is_within(page, "done-en", tmp_path)
    page.click("nav.ways a[href='/months/']")
    is_within(page, "list-en", tmp_path)
    assert page.locator("main tbody tr").count() == 12


def test_the_smallest_target_is_as_wide_as_a_fingertip(site: str, clerk_browser: Browser) -> None:
    page = signed_in(clerk_browser, site, 390)
    for part in page.locator("form.month :is(input:not([type=hidden]), select, button):visible").all()[:12]:
        box = part.bounding_box()
        assert box is not None
        assert box["height"] >= 24
