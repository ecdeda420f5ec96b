"""The portal: whoever has a link sees their tenant's subscriptions and deliveries, and nothing else."""

from uuid import uuid4

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.running_demo import NOBODY, Demo
from tests.browser.watched_page import Complaints

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


def test_the_tenants_own_people_handle_what_is_theirs(page: Page, ended_demo: Demo, complaints: Complaints) -> None:
    """With a link that an operator made in a page: until it is revoked. The audit trail names the link."""
    complaints.expect("401")
    complaints.expect("404")  # of a test event that the index does not have yet
    receiver = ended_demo.get(f"/subscriptions/{ended_demo.subscription('healthy')}")["url"]
    own = ended_demo.subscribe(f"{receiver}-own")
    page.goto(f"/subscriptions/{own.name}/settings")
    page.get_by_role("button", name="Portal link").click()
    link_dialog = page.get_by_role("dialog", name=f"Portal link for {own.name}")
    link_dialog.get_by_role("button", name="Make a link").click()
    page.goto(link_dialog.locator("code", has_text="gwl_").inner_text())
    expect(page.get_by_role("heading", level=1, name=own.name)).to_be_visible()
    for others in ("Edit", "Delete", "Replay events"):
        expect(page.get_by_text(others, exact=True)).to_have_count(0)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Its deliveries wait, and are sent when it is resumed")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Rotate").click()
    page.get_by_role("button", name="Make a new secret").click()
    issued = page.get_by_role("dialog", name="The new secret")
    expect(issued.get_by_text("whsec_")).to_be_visible()
    issued.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_text("whsec_")).to_have_count(0)

    page.get_by_role("button", name="Send a test event").click()
    dialog = page.get_by_role("dialog", name=f"Test {own.name}")
    expect(dialog.get_by_label("Data")).not_to_have_value("")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text("The endpoint accepted it")).to_be_visible()
    dialog.get_by_role("link").click()

    expect(page.get_by_text("Yes, it was delivered")).to_be_visible()
    attempts = page.get_by_role("group").filter(has_text="Attempt")
    before = attempts.count()
    page.get_by_role("button", name="Send again").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(attempts).to_have_count(before + 1)

    done = {each["action"] for each in ended_demo.home.read("audit") if each["actor"].startswith(f"portal:{own.name}:")}
    assert done == {"paused", "resumed", "secret_rotated", "test_event_sent", "delivery_resent"}
    ended_demo.home.run("portal", "revoke", "--tenant", own.name)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Deliveries").click()
    expect(page.get_by_role("dialog", name="This link has ended")).to_be_visible()


def test_what_is_typed_outlives_the_link(page: Page, ended_demo: Demo, complaints: Complaints) -> None:
    """Whose link ends is told so, over the page as it was, and again when they send something."""
    complaints.expect("401")
    own = ended_demo.subscribe(NOBODY)
    link = orjson.loads(ended_demo.home.run("portal", "link", "--tenant", own.name, "--json"))["url"]
    page.goto(f"/portal#{link.partition('#')[2]}")
    page.get_by_role("link", name=own.name).click()
    page.get_by_role("button", name="Send a test event").click()
    data = page.get_by_label("Data")
    expect(data).not_to_have_value("")
    data.fill('{"typed": true}')
    ended_demo.home.run("portal", "revoke", "--tenant", own.name)
    ended = page.get_by_role("dialog", name="This link has ended")
    expect(ended).to_be_visible()
    assert serious_findings(page) == []
    page.keyboard.press("Escape")
    expect(ended).to_have_count(0)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(ended).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("This link has ended, and nothing was done")).to_be_visible()
    expect(data).to_have_value('{"typed": true}')


def test_deliveries_stay_under_the_pointer(page: Page, ended_demo: Demo) -> None:
    """New ones are counted, until one has looked."""
    own = ended_demo.subscribe(NOBODY, "--retry-policy", "none")
    own.publish(1)
    own.await_deliveries("dead_lettered", 1)
    link = orjson.loads(ended_demo.home.run("portal", "link", "--tenant", own.name, "--json"))["url"]
    page.goto(f"/portal#{link.partition('#')[2]}")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Deliveries").click()
    deliveries = page.get_by_role("table", name="Deliveries, newest first").locator("[data-row]")
    deliveries.hover()
    own.publish(2)
    expect(page.get_by_role("button", name="2 new")).to_be_visible()
    expect(deliveries).to_have_count(1)
    page.get_by_role("link", name="Deliveries").hover()
    expect(deliveries).to_have_count(3)


def test_links_are_revoked_where_they_are_listed(page: Page, demo: Demo, complaints: Complaints) -> None:
    """One by itself, which then lets nobody in, or all of its tenant."""
    complaints.expect("401")
    tenant = f"linked-{uuid4().hex[:8]}"
    demo.home.run("portal", "link", "--tenant", tenant)
    page.goto("/access")
    page.get_by_role("link", name="Portal links").click()
    page.get_by_role("button", name="New portal link").click()
    making = page.get_by_role("dialog", name="Portal link")
    making.get_by_label("Tenant").fill(tenant)
    making.get_by_role("button", name="Make a link").click()
    url = making.locator("code", has_text="gwl_").inner_text()
    making.get_by_role("button", name="Done").click()

    page.get_by_label("Tenant").fill(tenant)
    revokes = page.get_by_role("button", name=f"of {tenant}")
    expect(revokes).to_have_count(2)
    revokes.first.click()
    revoking = page.get_by_role("dialog", name=f"Revoke a link of {tenant}")
    assert serious_findings(page) == []
    revoking.get_by_role("button", name="Revoke").click()
    expect(revokes).to_have_count(1)
    revokes.click()
    revoking.get_by_label(f"All links of {tenant}").check()
    revoking.get_by_role("button", name="Revoke all").click()
    expect(page.get_by_text("No links of this tenant are good")).to_be_visible()
    page.goto(url)
    expect(page.get_by_text("This link is not good")).to_be_visible()


def test_who_has_nothing_yet_is_told_so(page: Page, demo: Demo) -> None:
    """A tenant without subscriptions: each list says what would be there."""
    tenant = f"new-{uuid4().hex[:8]}"
    link = orjson.loads(demo.home.run("portal", "link", "--tenant", tenant, "--json"))["url"]
    page.goto(f"/portal#{link.partition('#')[2]}")
    expect(page.get_by_text("No subscriptions yet")).to_be_visible()
    expect(page.get_by_text("Ask whoever gave you the link")).to_be_visible()
    page.get_by_role("link", name="Deliveries").click()
    expect(page.get_by_text("Nothing has been delivered yet")).to_be_visible()


def test_without_a_link_nothing_is_shown(page: Page) -> None:
    """Also where the console itself asks nobody for a log-in."""
    page.goto("/portal")
    expect(page.get_by_text("This page is opened with a link")).to_be_visible()
