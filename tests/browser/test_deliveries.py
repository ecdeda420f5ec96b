"""Deliveries: looked for by what one knows of them, and one that waits for its next attempt."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running_demo import NOBODY, Demo

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


def test_one_that_waits_is_found_and_says_when_it_is_tried_next(page: Page, ended_demo: Demo) -> None:
    """By its state and its tenant, which are then in the page's address; with what was sent and why it failed."""
    own = ended_demo.subscribe(NOBODY, "--retry-policy", "5m,2h")
    own.publish(1)
    [waiting] = own.await_deliveries("retry_scheduled", 1)
    page.goto("/deliveries")
    rows = page.get_by_role("table", name="Deliveries, newest first").get_by_role("row")
    search = page.get_by_role("search", name="Filter deliveries")
    search.get_by_label("State").select_option(label="retry scheduled")
    search.get_by_role("button", name="More filters").click()
    search.get_by_label("Tenant").fill(own.name)
    expect(rows).to_have_count(1 + 1)
    expect(page).to_have_url(f"{ended_demo.url}/deliveries?state=retry_scheduled&tenant={own.name}")
    search.get_by_label("State").select_option(label="delivered")
    expect(page.get_by_text("No deliveries match")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(rows.nth(2)).to_be_visible()

    page.goto(f"/deliveries/{waiting}")
    expect(page.get_by_text("Not yet: the last attempt ended with")).to_be_visible()
    expect(page.get_by_role("term").filter(has_text="Next attempt")).to_be_visible()
    main = page.get_by_role("main")
    for sent in ("webhook-signature", "webhook-id", own.name, '"order.paid"'):
        expect(main.get_by_text(sent).first).to_be_visible()
