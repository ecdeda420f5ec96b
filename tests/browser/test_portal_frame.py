"""The portal inside a page of another site: of one that may show it, and of one that may not."""

from uuid import uuid4

import orjson
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.another_site import AnotherSite, another_site
from tests.browser.running_demo import Demo
from tests.browser.watched_page import Complaints

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own

_STORAGE = "() => { try { return localStorage.length } catch { return 'none' } }"


@pytest.fixture
def page(strict_page: Page) -> Page:
    """Give a page of a browser that keeps nothing for sites within others."""
    return strict_page


def portal_of(demo: Demo, tenant: str) -> str:
    """Make a link for a tenant, to where the demo's console is."""
    link = orjson.loads(demo.home.run("portal", "link", "--tenant", tenant, "--json"))["url"]
    return f"{demo.url}/portal#{link.partition('#')[2]}"


def frame_of(page: Page, site: AnotherSite, address: str) -> FrameLocator:
    """Go to a site that shows an address in a frame, and give the frame."""
    site.framed = address
    page.goto(site.origin)
    return page.frame_locator("iframe")


def test_a_site_that_may_shows_the_portal(page: Page, demo: Demo, shop: AnotherSite) -> None:
    """All of it works, without a cookie or any other place to keep something."""
    healthy = demo.delivery("healthy", "delivered")
    tenant = demo.get(f"/subscriptions/{healthy['subscription_id']}")["tenant"]
    portal = frame_of(page, shop, portal_of(demo, tenant))
    portal.get_by_role("table", name="Subscriptions").get_by_text(healthy["subscription_id"]).click()
    expect(portal.get_by_role("heading", level=1, name=healthy["subscription_id"])).to_be_visible()
    assert page.frames[1].evaluate(_STORAGE) == "none"

    portal.get_by_role("button", name="Pause").click()
    expect(portal.get_by_text("Its deliveries wait, and are sent when it is resumed")).to_be_visible()
    portal.get_by_role("button", name="Resume").click()
    expect(portal.get_by_role("button", name="Pause")).to_be_visible()
    portal.get_by_role("button", name="Colours:").click()
    portal.get_by_role("link", name="Deliveries", exact=True).click()
    expect(portal.get_by_role("table", name="Deliveries, newest first").get_by_role("row").nth(1)).to_be_visible()
    assert page.context.cookies() == []


def test_another_site_shows_nothing_of_it(page: Page, demo: Demo, complaints: Complaints) -> None:
    """The browser refuses the frame, though the link is good."""
    complaints.expect("frame-ancestors")
    address = portal_of(demo, f"theirs-{uuid4().hex[:8]}")
    with another_site() as stranger, page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        portal = frame_of(page, stranger, address)
    expect(page.get_by_role("heading", name="A shop")).to_be_visible()
    expect(portal.get_by_role("main")).to_have_count(0)


def test_no_other_page_is_shown_in_a_frame(page: Page, demo: Demo, shop: AnotherSite, complaints: Complaints) -> None:
    """Not by a site either that may show the portal: what operators press, nobody else's page may lie over."""
    complaints.expect("frame-ancestors")
    with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        console = frame_of(page, shop, f"{demo.url}/subscriptions")
    expect(console.get_by_role("main")).to_have_count(0)
