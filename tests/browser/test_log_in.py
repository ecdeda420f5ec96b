"""A console that asks for a log-in: an API token opens it, or the identity provider, and logging out ends it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.own_console import OwnConsole
from tests.browser.running_demo import Demo
from tests.browser.watched_page import Complaints
from tests.certified_provider import CLIENT_SECRET, certified_provider

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


@pytest.fixture
def console(ended_demo: Demo, tmp_path: Path) -> Iterator[OwnConsole]:
    """Give one that asks everybody."""
    started = OwnConsole(ended_demo.home, tmp_path / "index", GATEWAY_CONSOLE_LOGIN="always")
    yield started
    started.stop()


def test_a_token_opens_it_until_one_logs_out(
    console: OwnConsole, page: Page, ended_demo: Demo, complaints: Complaints
) -> None:
    """A wrong one does not; what the role does not allow is not offered; and the end is one for all tabs."""
    console.start()
    complaints.expect("401")
    complaints.expect("ERR_CONNECTION_REFUSED")
    token = token_of(ended_demo, "viewer")
    page.goto(f"{console.url}/subscriptions")
    field = page.get_by_label("API token")
    field.fill("gwt_wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    field.fill(token)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1, name="Subscriptions")).to_be_visible()
    expect(page.get_by_text("viewer", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Access")).to_have_count(0)
    assert token not in page.evaluate("() => JSON.stringify([localStorage, sessionStorage, document.cookie])")

    console.stop()
    console.lose_index()
    console.start()
    page.reload()
    expect(page.get_by_role("heading", level=1, name="Subscriptions")).to_be_visible()
    other_tab = page.context.new_page()
    other_tab.goto(f"{console.url}/deliveries")
    expect(other_tab.get_by_role("heading", level=1, name="Deliveries")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    for tab in (page, other_tab):
        expect(tab.get_by_label("API token")).to_be_visible()
        expect(tab.get_by_role("main").get_by_role("table")).to_have_count(0)


def test_what_is_typed_outlives_the_session(
    console: OwnConsole, page: Page, ended_demo: Demo, complaints: Complaints
) -> None:
    """Whoever is let in no more logs in over the form that they were about to send, and sends it."""
    console.start()
    complaints.expect("401")
    token, name = token_of(ended_demo, "operator"), f"typed-{uuid4().hex[:8]}"
    page.goto(f"{console.url}/new-subscription")
    page.get_by_label("API token").fill(token)
    page.keyboard.press("Enter")
    typed = {"URL": "https://example.com/hooks", "Id": name, "Tenant": name, "Event types": "order.paid"}
    for label, text in typed.items():
        page.get_by_label(label, exact=True).fill(text)
    expect(page.get_by_text("would be sent", exact=True)).to_be_visible()

    page.context.clear_cookies()  # as when it has expired: the page's next request comes from nobody
    page.get_by_role("button", name="Create", exact=True).click()
    dialog = page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    assert serious_findings(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_text("Your session had ended, and nothing was done")).to_be_visible()
    page.get_by_role("button", name="Log in").click()
    dialog.get_by_label("API token").fill("gwt_wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("API token").fill(token)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    for label, text in typed.items():
        expect(page.get_by_label(label, exact=True)).to_have_value(text)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("dialog", name=f"{name} is there")).to_be_visible()


def test_whoever_the_identity_provider_knows_comes_back_with_their_role(
    console: OwnConsole, page: Page, complaints: Complaints
) -> None:
    """From another site, to the page where they were; who is in no group is told so."""
    complaints.expect("401")
    complaints.expect("403")
    # The provider's own pages would have a font from elsewhere.
    page.route("https://fonts.googleapis.com/**", lambda route: route.fulfill(content_type="text/css", body=""))
    with certified_provider(f"{console.url}/login/callback") as issuer:
        console.start(
            GATEWAY_OIDC_ISSUER=issuer,
            GATEWAY_OIDC_CLIENT_ID="ES256",
            GATEWAY_OIDC_CLIENT_SECRET=CLIENT_SECRET,
            GATEWAY_OIDC_SCOPES="openid,email,groups",
            GATEWAY_OIDC_ROLES="webhook-ops=operator",
        )
        log_in_as(page, console, "somebody")
        expect(page.get_by_text("You have no role here")).to_be_visible()
        page.context.clear_cookies()  # logged out at the provider
        log_in_as(page, console, "webhook-ops")
        expect(page).to_have_url(f"{console.url}/subscriptions?q=shop")
        expect(page.get_by_text("operator", exact=True)).to_be_visible()

        page.get_by_label("Search", exact=True).fill("typed meanwhile")
        page.context.clear_cookies(name="gateway-session")  # as when it has expired
        with page.expect_popup() as popup:
            page.get_by_role("link", name="Log in with your organisation, in another tab").click()
        expect(popup.value.get_by_text("You are logged in")).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("No subscriptions match")).to_be_visible()
        expect(page.get_by_label("Search", exact=True)).to_have_value("typed meanwhile")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("link", name="Log in with your organisation")).to_be_visible()


def token_of(demo: Demo, role: str) -> str:
    """Make an API token with a role."""
    made = demo.home.run("tokens", "create", "--name", f"{role}-{uuid4().hex[:8]}", "--role", role, "--json")
    return str(orjson.loads(made)["token"])


def log_in_as(page: Page, console: OwnConsole, name: str) -> None:
    """Go from the console to the provider's pages, and fill them in."""
    page.goto(f"{console.url}/subscriptions?q=shop")
    page.get_by_role("link", name="Log in with your organisation").click()
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill("x")
    page.locator("[type=submit]").click()
    page.get_by_role("button", name="Continue").click()
