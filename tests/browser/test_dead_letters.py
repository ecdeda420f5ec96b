"""Dead letters: grouped, looked into, counted, and begun again with a bar that moves, or purged."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running_demo import NOBODY, Demo
from tests.browser.watched_page import Complaints

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


def group(page: Page, subscription: str, reason: str) -> None:
    """Go to the dead letters of a subscription that were given up for a reason, by way of their groups."""
    page.goto("/dead-letters")
    groups = page.get_by_role("table", name="Dead letters by subscription and reason")
    row = groups.get_by_role("row").filter(has_text=subscription).filter(has_text=reason)
    row.get_by_role("link").click()
    expect(page.get_by_role("table", name="Dead letters", exact=True)).to_be_visible()


def test_some_of_a_group_are_replayed(page: Page, ended_demo: Demo) -> None:
    """One is looked into first; those that were ticked are gone from the group when they were begun again."""
    group(page, ended_demo.subscription("missing"), "attempts exhausted")
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
    group(page, ended_demo.subscription("dead"), "circuit open")
    page.get_by_role("button", name="Choose all").or_(page.get_by_role("button", name="Choose these")).last.click()
    page.get_by_role("button", name="Replay ").click()
    dialog = page.get_by_role("dialog", name="Replay the whole group")
    expect(dialog.get_by_text("would be sent")).to_be_visible()
    dialog.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "1")
    expect(page.get_by_text("No dead letters are left here")).to_be_visible()


def test_what_nobody_wants_is_purged_in_the_number_that_was_seen(
    page: Page, ended_demo: Demo, complaints: Complaints
) -> None:
    """Once the subscription's name was typed; if more came meanwhile, none of the group is."""
    complaints.expect("409")
    own = ended_demo.subscribe(NOBODY, "--retry-policy", "none")
    own.publish(3)
    own.await_deliveries("dead_lettered", 3)
    group(page, own.name, "attempts exhausted")
    ticks = page.get_by_role("table", name="Dead letters", exact=True).get_by_role("checkbox")
    expect(ticks).to_have_count(3)

    ticks.first.check()
    page.get_by_role("button", name="Purge").click()
    dialog = page.get_by_role("dialog", name="Purge 1 dead letter")
    expect(dialog.get_by_role("button", name="Purge")).to_be_disabled()
    dialog.get_by_label(f"Type {own.name} to go on").fill(own.name)
    dialog.get_by_role("button", name="Purge").click()
    expect(page.get_by_text("1 dead letter was purged")).to_be_visible()
    expect(ticks).to_have_count(2)

    page.get_by_role("button", name="Choose all 2").click()
    page.get_by_role("button", name="Purge").click()
    dialog = page.get_by_role("dialog", name="Purge 2 dead letters")
    dialog.get_by_label(f"Type {own.name} to go on").fill(own.name)
    own.publish(1)
    own.await_deliveries("dead_lettered", 3)
    dialog.get_by_role("button", name="Purge").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(ticks).to_have_count(3)

    page.get_by_role("button", name="Purge").click()
    dialog = page.get_by_role("dialog", name="Purge 3 dead letters")
    dialog.get_by_label(f"Type {own.name} to go on").fill(own.name)
    dialog.get_by_role("button", name="Purge").click()
    expect(page.get_by_text("No dead letters are left here")).to_be_visible()
