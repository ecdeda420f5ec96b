"""Pages that one looks at: what happens now, who got an event and by which rule, which types there are."""

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.running_demo import Demo

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


def test_attempts_are_seen_as_they_happen(page: Page, ended_demo: Demo) -> None:
    """A test event shows in the live tail the moment it was sent; paused, the tail stays as it is."""
    healthy = ended_demo.subscription("healthy")
    send = ("subscriptions", "test", healthy, "--type", "order.paid")
    page.goto(f"/tail?subscription_id={healthy}")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    ended_demo.home.run(*send)
    rows = page.get_by_role("table", name="Attempts, newest first").get_by_role("row")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("order.paid")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()


def test_rows_stay_under_the_pointer_and_where_the_focus_is(page: Page, ended_demo: Demo) -> None:
    """What comes meanwhile is counted, and shown when one leaves or asks for it."""
    healthy = ended_demo.subscription("healthy")
    attempts = page.get_by_role("table", name="Attempts, newest first").locator("[data-row]")
    page.goto(f"/tail?subscription_id={healthy}")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    ended_demo.send_test_event(healthy)
    expect(attempts).to_have_count(1)

    attempts.first.hover()
    ended_demo.send_test_event(healthy)
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(attempts).to_have_count(1)
    assert serious_findings(page) == []
    page.get_by_role("heading", level=1).hover()
    expect(attempts).to_have_count(2)

    page.keyboard.press("j")
    ended_demo.send_test_event(healthy)
    page.get_by_role("button", name="1 new").press("Enter")
    expect(attempts).to_have_count(3)
    expect(page.get_by_role("button", name="new")).to_have_count(0)


def test_who_got_an_event_is_told_with_the_rule(page: Page, ended_demo: Demo) -> None:
    """Each subscription of the tenant, also by way of a delivery's page."""
    wanted = ended_demo.delivery("healthy", "delivered")
    page.goto(f"/deliveries/{wanted['delivery_id']}")
    page.get_by_role("link", name="Explain the event").click()
    expect(page.get_by_text("Who gets it, and who does not")).to_be_visible()
    for endpoint in ("healthy", "missing", "dead"):
        expect(page.get_by_role("main").get_by_text(ended_demo.subscription(endpoint)).first).to_be_visible()


def test_a_version_of_an_event_type_is_tried_before_it_is_there(page: Page) -> None:
    """The catalog tells how versions differ; a proposed one is refused where it breaks what receivers rely on."""
    page.goto("/catalog")
    page.get_by_role("link", name="order.paid").click()
    expect(page.get_by_text("Changes since version 1")).to_be_visible()
    page.get_by_role("link", name="Next version").click()
    schema = page.get_by_label("Avro schema")
    expect(schema).not_to_have_value("")
    avro = orjson.loads(schema.input_value())
    note = {"name": "note", "type": ["null", "string"], "default": None, "doc": "What the customer wrote."}
    for fields, verdict in (
        ([*avro["fields"], note], "it would be let in"),
        ([field for field in avro["fields"] if field["name"] != "amount"], "it would be refused"),
    ):
        schema.fill(orjson.dumps({**avro, "fields": fields}).decode())
        page.get_by_role("button", name="Check the impact").click()
        expect(page.get_by_text(verdict)).to_be_visible()


def test_a_token_is_made_shown_once_and_revoked(page: Page) -> None:
    """The list has its name and its role, and not the token."""
    page.goto("/access")
    page.get_by_role("button", name="New API token").click()
    page.get_by_label("Name").fill("made-in-a-browser")
    page.get_by_role("button", name="Create token").click()
    issued = page.get_by_role("dialog", name="The token made-in-a-browser")
    expect(issued.get_by_text("gwt_")).to_be_visible()
    issued.get_by_role("button", name="I have stored it").click()
    row = page.get_by_role("row").filter(has_text="made-in-a-browser")
    expect(row).to_contain_text("viewer")
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
