"""All that a mouse can do, a keyboard can: to each page, through a list, into a row and back."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running_demo import Demo

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own

_PLACES = {"s": "Subscriptions", "d": "Deliveries", "o": "Overview"}


def heading(page: Page, name: str) -> None:
    """Wait until this is the page's main heading."""
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


@pytest.mark.parametrize(("key", "name"), _PLACES.items())
def test_each_place_has_keys(key: str, name: str, page: Page) -> None:
    """`g` and a letter lead to it, and the list of keys says so."""
    page.goto("/deliveries?host=nowhere.example")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_text(name, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press(key)
    heading(page, name)


def test_rows_are_gone_through_and_opened(page: Page, demo: Demo) -> None:
    """j, k and Enter; the browser's own way leads back."""
    demo.delivery("healthy", "delivered")
    page.goto("/deliveries?state=delivered")
    rows = page.locator("main [data-row]")
    expect(rows.first).to_be_visible()
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("What happened")).to_be_visible()
    page.go_back()
    heading(page, "Deliveries")


def test_the_first_tab_leads_past_the_navigation(page: Page) -> None:
    """Who can't see it need not hear all of it on each page."""
    page.goto("/")
    heading(page, "Overview")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_keys_can_be_turned_off(page: Page) -> None:
    """For those to whom letters come by another way; the browser remembers it."""
    page.goto("/")
    heading(page, "Overview")
    page.keyboard.press("?")
    page.get_by_label("Keys are on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    heading(page, "Overview")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_colours_can_be_chosen(page: Page) -> None:
    """Beside what the system says; and that is remembered, too."""
    page.emulate_media(color_scheme="light")
    page.goto("/")
    heading(page, "Overview")
    background = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(background)
    switch = page.get_by_role("button", name="Colours:")
    switch.click()  # from the system's to light
    assert page.evaluate(background) == light
    switch.click()
    # What a click changes is seen with the next frame.
    page.wait_for_function(f"light => ({background})() !== light", arg=light)
    dark = page.evaluate(background)
    page.reload()
    heading(page, "Overview")
    page.wait_for_function(f"dark => ({background})() === dark", arg=dark)
