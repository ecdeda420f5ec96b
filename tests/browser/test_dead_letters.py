"""Dead letters and replays: grouped, looked into, counted, and begun again with a bar that moves."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running_demo import Demo

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


def group(page: Page, demo: Demo, endpoint: str, reason: str) -> None:
    """Go to the dead letters of one endpoint that were given up for a reason, by way of their groups."""
    page.goto("/dead-letters")
    groups = page.get_by_role("table", name="Dead letters by subscription and reason")
    row = groups.get_by_role("row").filter(has_text=demo.subscription(endpoint)).filter(has_text=reason)
    row.get_by_role("link").click()
    expect(page.get_by_role("table", name="Dead letters", exact=True)).to_be_visible()


def test_some_of_a_group_are_replayed(page: Page, ended_demo: Demo) -> None:
    """One is looked into first; those that were ticked are gone from the group when they were begun again."""
    group(page, ended_demo, "missing", "attempts exhausted")
    letters = page.get_by_role("table", name="Dead letters", exact=True)
    letters.locator("[data-row]").first.click()
    preview = page.get_by_role("dialog")
    expect(preview.get_by_text("Attempt 4")).to_be_visible()
    expect(preview.get_by_role("button", name="Replay this one")).to_be_visible()
    page.keyboard.press("Escape")

    ticks = letters.get_by_role("checkbox")
    before = ticks.count()
    ticks.nth(0).check()
    ticks.nth(1).check()
    page.get_by_role("button", name="Replay 2 deliveries").click()
    page.get_by_role("dialog").get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_text("2 deliveries are being sent again")).to_be_visible()
    expect(ticks).to_have_count(before - 2)


def test_a_whole_group_is_counted_and_replayed(page: Page, ended_demo: Demo) -> None:
    """The count is what is replayed; the bar comes to its end, and the list of replays has it."""
    group(page, ended_demo, "dead", "circuit open")
    page.get_by_role("button", name="Choose all").or_(page.get_by_role("button", name="Choose these")).last.click()
    page.get_by_role("button", name="Replay ").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("No dead letters are left here")).to_be_visible()


def test_a_replay_counts_before_it_starts(page: Page, ended_demo: Demo) -> None:
    """Of the last hour, to one subscription; its page tells how far it is, until it is done."""
    page.goto("/replays")
    page.get_by_role("link", name="New replay").first.click()
    page.get_by_label("Subscriptions", exact=True).fill(ended_demo.subscription("healthy"))
    page.get_by_role("button", name="Count", exact=True).click()
    expect(page.get_by_role("button", name="Count again")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "1")
    page.goto("/replays")
    expect(page.get_by_role("table", name="Replays")).to_contain_text("finished")
