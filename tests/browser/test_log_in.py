"""A console that asks for a log-in: an API token opens it, the session outlives a restart, and logging out ends it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.browser.own_console import OwnConsole
from tests.browser.running_demo import Demo
from tests.browser.watched_page import Complaints

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


@pytest.fixture
def console(ended_demo: Demo, tmp_path: Path) -> Iterator[OwnConsole]:
    """Give one that asks everybody."""
    started = OwnConsole(ended_demo, tmp_path / "index", GATEWAY_CONSOLE_LOGIN="always")
    started.start()
    yield started
    started.stop()


def test_a_token_opens_it_until_one_logs_out(
    console: OwnConsole, page: Page, ended_demo: Demo, complaints: Complaints
) -> None:
    """A wrong one does not; and what the role does not allow is not offered."""
    complaints.expect("401")
    complaints.expect("ERR_CONNECTION_REFUSED")
    made = ended_demo.home.run("tokens", "create", "--name", f"looker-{uuid4().hex[:8]}", "--role", "viewer", "--json")
    token = orjson.loads(made)["token"]
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
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("API token")).to_be_visible()
