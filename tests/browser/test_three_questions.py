"""Did you send it? Why not? Send it again: answered from a fresh demo, by somebody who knows only an event's id."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running_demo import Demo

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


def test_did_you_send_it(page: Page, ended_demo: Demo) -> None:
    """The id goes into the search box; the deliveries of the event are there, and each says yes or no."""
    wanted = ended_demo.delivery("healthy", "delivered")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("/")
    page.get_by_label("What to look for").fill(wanted["event_id"])
    expect(page.get_by_role("list", name="Found").get_by_role("link").first).to_be_visible()
    page.keyboard.press("Enter")
    deliveries = page.get_by_role("table", name="Deliveries, newest first")
    expect(deliveries.get_by_role("row")).to_have_count(1 + 5)  # the head, and one for each endpoint of the demo
    deliveries.get_by_role("row").filter(has_text=wanted["subscription_id"]).click()
    expect(page.get_by_text("Yes, it was delivered: the endpoint answered 200")).to_be_visible()


def test_why_not_and_send_it_again(page: Page, ended_demo: Demo) -> None:
    """What was given up says why, with every attempt; sent again to an endpoint that is mended, it arrives."""
    wanted = ended_demo.delivery("missing", "dead_lettered")
    page.goto(f"/deliveries/{wanted['delivery_id']}")
    expect(page.get_by_text("No, it was given up: attempts exhausted")).to_be_visible()
    expect(page.get_by_text("the endpoint answered 404 last")).to_be_visible()
    attempts = page.get_by_role("group").filter(has_text="Attempt")
    expect(attempts).to_have_count(wanted["attempts"])

    page.get_by_role("button", name="Send again").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(page.get_by_text("It is on its way again")).to_be_visible()
    expect(page.get_by_text("Yes, it was delivered: the endpoint answered 200")).to_be_visible()
    expect(attempts).to_have_count(wanted["attempts"] + 1)
