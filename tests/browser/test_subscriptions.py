"""The life of a subscription in the pages: made, tried, changed, paused, given a new secret, and deleted."""

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.running_demo import Demo
from tests.browser.watched_page import Complaints

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


@pytest.fixture
def made(page: Page, ended_demo: Demo) -> str:
    """Make a subscription as people do, and give its id: its page is open."""
    name = f"made-{uuid4().hex[:8]}"
    healthy = ended_demo.get(f"/subscriptions/{ended_demo.subscription('healthy')}")
    page.goto("/subscriptions")
    page.get_by_role("link", name="New subscription").click()
    page.get_by_label("URL", exact=True).fill(healthy["url"].replace("/hooks/healthy", f"/hooks/{name}"))
    page.get_by_label("Id", exact=True).fill(name)
    page.get_by_label("Tenant").fill("browser")
    page.get_by_label("Event types").fill("order.paid")
    expect(page.get_by_text("would be sent", exact=True)).to_be_visible()
    page.get_by_role("button", name="Create", exact=True).click()
    issued = page.get_by_role("dialog", name=f"{name} is there")
    expect(issued.get_by_text("whsec_")).to_be_visible()
    issued.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.get_by_text("whsec_")).to_have_count(0)
    return name


def test_what_is_wrong_is_told_while_one_types(page: Page) -> None:
    """At the field, with what to do; and a filter can be tried on an event before it is saved."""
    page.goto("/new-subscription")
    page.get_by_label("URL", exact=True).fill("ftp://example.com/")
    expect(page.locator(".field-error")).to_be_visible()
    page.get_by_label("URL", exact=True).fill("https://example.com/webhooks")
    page.get_by_label("Event types").fill("order.paid")
    expect(page.locator(".field-error")).to_have_count(0)

    expression = page.get_by_label("Only events for which this is true")
    expression.fill("data.amount ==")
    page.get_by_role("button", name="Try it").click()
    tester = page.get_by_role("region", name="Filter tester")
    expect(tester.get_by_text("not a valid filter")).to_be_visible()
    expression.fill('data.currency == "EUR"')
    data = tester.get_by_label("Data")
    expect(data).not_to_have_value("")
    data.fill(data.input_value().replace('"GBP"', '"EUR"').replace('"USD"', '"EUR"').replace('"CHF"', '"EUR"'))
    expect(tester.get_by_text("true: it is sent")).to_be_visible()
    expression.fill('data.currency == "XXX"')
    expect(tester.get_by_text("false: it is not sent")).to_be_visible()


def test_a_change_that_is_wrong_is_told_at_its_field(
    made: str, page: Page, ended_demo: Demo, complaints: Complaints
) -> None:
    """While one types, and again when one saves: nothing is changed then, and nothing that was typed is lost."""
    complaints.expect("400")
    page.get_by_role("link", name="Edit").click()
    url, rate = page.get_by_label("URL", exact=True), page.get_by_label("Rate limit")
    right = url.input_value()
    url.fill("ftp://example.com/")
    rate.fill("many")
    page.get_by_label("Only events for which this is true").fill("data.amount ==")
    wrong = page.locator(".field-error")
    expect(wrong).to_have_count(3)
    for field in (url, rate):
        expect(field).to_have_attribute("aria-invalid", "true")
    assert serious_findings(page) == []
    page.get_by_role("button", name="Save").click()
    expect(url).to_be_focused()
    expect(rate).to_have_value("many")
    assert ended_demo.get(f"/subscriptions/{made}")["url"] == right

    url.fill(right)
    rate.fill("5/s")
    page.get_by_label("Only events for which this is true").fill('data.currency == "EUR"')
    expect(wrong).to_have_count(0)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name=made, exact=True)).to_be_visible()
    changed = ended_demo.get(f"/subscriptions/{made}")
    assert (changed["url"], changed["rate_limit"]) == (right, "5/s")


def test_a_test_event_is_sent_and_watched(made: str, page: Page, complaints: Complaints) -> None:
    """It goes the way of every delivery, and the dialog shows what the endpoint answered."""
    complaints.expect("404")  # the index does not have it yet
    page.get_by_role("button", name="Send a test event").click()
    dialog = page.get_by_role("dialog", name=f"Test {made}")
    expect(dialog.get_by_label("Data")).not_to_have_value("")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text("The endpoint accepted it")).to_be_visible()


def test_it_is_paused_and_resumed(made: str, page: Page) -> None:
    """The page says what becomes of its deliveries meanwhile."""
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Its deliveries wait, and are sent when it is resumed")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Its deliveries wait")).to_have_count(0)
    page.get_by_role("link", name="History").click()
    history = page.get_by_role("main")
    for change in ("created", "paused", "resumed"):
        expect(history.get_by_text(change).first).to_be_visible()
    expect(page.get_by_role("heading", level=1, name=made)).to_be_visible()


def test_a_change_that_meets_another_is_not_lost(
    made: str, page: Page, ended_demo: Demo, complaints: Complaints
) -> None:
    """Who saves what somebody else has changed meanwhile is told what, keeps what was typed, and saves again."""
    complaints.expect("412")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Description").fill("mine")
    ended_demo.home.run("subscriptions", "update", made, "--description", "somebody else's", "--rate-limit", "7/s")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("since you opened it: description, rate limit")).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("mine")
    expect(page.get_by_label("Rate limit")).to_have_value("7/s")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("mine", exact=True)).to_be_visible()


def test_its_secret_is_rotated_and_shown_once(made: str, page: Page) -> None:
    """The old one signs on for a while, and the page says so."""
    page.goto(f"/subscriptions/{made}/settings")
    page.get_by_role("button", name="Rotate").click()
    page.get_by_role("button", name="Make a new secret").click()
    issued = page.get_by_role("dialog", name="The new secret")
    expect(issued.get_by_text("whsec_")).to_be_visible()
    issued.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_text("whsec_")).to_have_count(0)
    secrets = page.get_by_role("list").filter(has_text="sealed with key")
    expect(secrets.get_by_role("listitem")).to_have_count(2)


def test_it_is_deleted_only_by_who_types_its_name(made: str, page: Page) -> None:
    """And then it is in no list."""
    page.goto(f"/subscriptions/{made}/settings")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name=f"Delete {made}")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_label(f"Type {made} to go on").fill(made)
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1, name="Subscriptions")).to_be_visible()
    page.get_by_label("Search", exact=True).fill(made)
    expect(page.get_by_text("No subscriptions match")).to_be_visible()
