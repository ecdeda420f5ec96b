"""Replays: counted before they start, watched, and ended or taken up again by whoever has the page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running_demo import Demo

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


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


def test_a_replay_that_was_stopped_goes_on_until_it_is_cancelled(page: Page, ended_demo: Demo) -> None:
    """Whoever has begun it, and wherever: one of a terminal is in the list, and the page takes it up."""
    healthy = ended_demo.subscription("healthy")
    which = ("--subscription", healthy, "--since", "1h", "--rate", "6/m", "--yes")
    begun = ended_demo.home.start("replay", "start", *which)
    page.goto("/replays")
    page.get_by_role("table", name="Replays").get_by_role("row").filter(has_text="running").first.click()
    main = page.get_by_role("main")
    expect(main.get_by_text("running", exact=True)).to_be_visible()
    begun.stop()
    expect(main.get_by_text("stopped", exact=True)).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(main.get_by_text("running", exact=True)).to_be_visible()
    expect(page.get_by_role("progressbar")).not_to_have_attribute("value", "1")
    page.get_by_role("button", name="Cancel").click()
    expect(main.get_by_text("cancelled", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
