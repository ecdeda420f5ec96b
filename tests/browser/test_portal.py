"""The portal: whoever has a link sees their tenant's subscriptions and deliveries, and nothing else."""

from uuid import uuid4

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.running_demo import Demo

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


def test_a_link_opens_what_is_the_tenants_own(page: Page, demo: Demo) -> None:
    """Another tenant's subscription is neither listed nor found, and the link's secret is not left in the address."""
    theirs = f"theirs-{uuid4().hex[:8]}"
    where = ("--url", "https://example.com/hooks", "--tenant", theirs, "--event-type", "*")
    demo.home.run("subscriptions", "create", "--id", theirs, *where)
    healthy = demo.delivery("healthy", "delivered")["subscription_id"]
    tenant = demo.get(f"/subscriptions/{healthy}")["tenant"]
    link = orjson.loads(demo.home.run("portal", "link", "--tenant", tenant, "--json"))["url"]

    page.goto(f"/portal#{link.partition('#')[2]}")
    subscriptions = page.get_by_role("table", name="Subscriptions")
    expect(subscriptions.get_by_text(healthy)).to_be_visible()
    expect(page.get_by_text(theirs)).to_have_count(0)
    assert "#" not in page.url
    expect(page.get_by_role("link", name="Access")).to_have_count(0)
    assert serious_findings(page) == []

    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Deliveries").click()
    expect(page.get_by_role("table", name="Deliveries, newest first").get_by_text(healthy).first).to_be_visible()


def test_without_a_link_nothing_is_shown(page: Page) -> None:
    """Also where the console itself asks nobody for a log-in."""
    page.goto("/portal")
    expect(page.get_by_text("This page is opened with a link")).to_be_visible()
