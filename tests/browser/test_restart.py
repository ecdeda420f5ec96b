"""A console that is stopped, loses its index and is started again: all is there, and nobody has done anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.own_console import OwnConsole
from tests.browser.running_demo import Demo
from tests.browser.watched_page import Complaints

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


@pytest.fixture
def console(ended_demo: Demo, tmp_path: Path) -> Iterator[OwnConsole]:
    """Give one that runs."""
    started = OwnConsole(ended_demo.home, tmp_path / "index")
    started.start()
    yield started
    started.stop()


def test_nothing_is_lost_with_the_index(console: OwnConsole, ended_demo: Demo, browser: Browser) -> None:
    """The page that was open tells that the console is away, and goes on by itself when it is back."""
    wanted = ended_demo.delivery("flaky", "delivered")
    context = browser.new_context(base_url=console.url)
    page = context.new_page()
    complaints = Complaints(page)
    complaints.expect("ERR_CONNECTION_REFUSED")
    page.goto(f"/deliveries?event_id={wanted['event_id']}")
    rows = page.get_by_role("table", name="Deliveries, newest first").get_by_role("row")
    expect(rows).to_have_count(1 + 5)
    subscriptions = {ended_demo.subscription(name) for name in ("healthy", "limited", "flaky", "missing", "dead")}

    console.stop()
    expect(page.get_by_role("alert")).to_be_visible()
    console.lose_index()
    console.start()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(rows).to_have_count(1 + 5)
    for subscription in subscriptions:
        expect(rows.filter(has_text=subscription)).to_have_count(1)
    page.goto(f"/deliveries/{wanted['delivery_id']}")
    expect(page.get_by_text("Yes, it was delivered")).to_be_visible()
    assert complaints.found == []
    context.close()
