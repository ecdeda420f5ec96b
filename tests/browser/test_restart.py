"""A console that is stopped, loses its index and is started again: all is there, and nobody has done anything."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gateway.kafka.local.ports import choose_port
from tests.browser.running_demo import Demo
from tests.browser.watched_page import Complaints
from tests.e2e.running import Program

pytestmark = pytest.mark.timeout(240)


class RestartedConsole:
    """A console beside the demo's own, on a port and with an index of its own.

    Args:
        demo: of whose deliveries it has the index.
        folder: where that is.
    """

    def __init__(self, demo: Demo, folder: Path) -> None:
        self._demo = demo
        self._folder = folder
        self._port = choose_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._program: Program | None = None

    def start(self) -> None:
        """Start it, until its index has caught up."""
        settings = {"GATEWAY_CONSOLE_PORT": str(self._port), "GATEWAY_CONSOLE_DIR": str(self._folder)}
        self._program = self._demo.home.start("console", **settings).await_ready()

    def stop(self) -> None:
        """Stop it in good order."""
        if self._program is not None:
            assert self._program.stop() == 0

    def lose_index(self) -> None:
        """Remove every file of its index."""
        shutil.rmtree(self._folder)


@pytest.fixture
def console(ended_demo: Demo, tmp_path: Path) -> Iterator[RestartedConsole]:
    """Give one that runs."""
    started = RestartedConsole(ended_demo, tmp_path / "index")
    started.start()
    yield started
    started.stop()


def test_nothing_is_lost_with_the_index(console: RestartedConsole, ended_demo: Demo, browser: Browser) -> None:
    """The page that was open tells that the console is away, and goes on by itself when it is back."""
    wanted = ended_demo.delivery("flaky", "delivered")
    context = browser.new_context(base_url=console.url)
    page = context.new_page()
    complaints = Complaints(page)
    complaints.expect("ERR_CONNECTION_REFUSED")
    page.goto(f"/deliveries?event_id={wanted['event_id']}")
    rows = page.get_by_role("table", name="Deliveries, newest first").get_by_role("row")
    expect(rows).to_have_count(1 + 5)
    before = rows.all_inner_texts()

    console.stop()
    expect(page.get_by_role("alert")).to_be_visible()
    console.lose_index()
    console.start()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(rows).to_have_count(1 + 5)
    assert [text.split("\t")[:4] for text in rows.all_inner_texts()] == [text.split("\t")[:4] for text in before]
    page.goto(f"/deliveries/{wanted['delivery_id']}")
    expect(page.get_by_text("Yes, it was delivered")).to_be_visible()
    assert complaints.found == []
    context.close()
