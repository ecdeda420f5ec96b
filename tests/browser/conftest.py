"""A real Chromium, a demo that stays, and pages whose complaints fail their test."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, expect, sync_playwright

from tests.browser.another_site import AnotherSite, another_site
from tests.browser.running_demo import Demo, start_demo
from tests.browser.watched_page import Complaints

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_WIDE: ViewportSize = {"width": 1440, "height": 900}
_ACTION_MS = 45_000
_NO_THIRD_PARTIES = 1  # of Chromium's preferences
_INTERRUPTED = 130  # before the demo's end, where nobody waited for it

expect.set_options(timeout=_ACTION_MS)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Find the system's Chromium. Without one the tests are skipped, but never where the gate runs."""
    found = shutil.which("chromium")
    if found is None:
        assert "CI" not in os.environ, "the gate needs Debian's package chromium"
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return Path(found)


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Start what drives browsers."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(driver: Playwright, chromium: Path) -> Iterator[Browser]:
    """Start the browser once."""
    started = driver.chromium.launch(executable_path=chromium, args=_FLAGS)
    yield started
    started.close()


@pytest.fixture(scope="session")
def shop() -> Iterator[AnotherSite]:
    """Serve the site that may show the demo's portal in a frame."""
    with another_site() as served:
        yield served


@pytest.fixture(scope="session")
def demo(browser: Browser, shop: AnotherSite, new_broker_home: Callable[[], Path]) -> Iterator[Demo]:
    """Start a demo; its events are on their way, and have not all ended."""
    assert browser.is_connected(), "nothing is started where there is nobody to look at it"
    started = start_demo(new_broker_home(), GATEWAY_PORTAL_EMBED_ORIGINS=shop.origin)
    yield started
    print(started.program.log)  # noqa: T201 - captured by pytest
    assert started.program.stop() in {0, _INTERRUPTED}


@pytest.fixture(scope="session")
def ended_demo(demo: Demo) -> Demo:
    """Give the demo once every delivery has ended."""
    demo.await_end()
    return demo


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    """Open a page of a laptop's size in a fresh profile."""
    context = browser.new_context(base_url=demo.url, viewport=_WIDE)
    context.set_default_timeout(_ACTION_MS)
    opened = context.new_page()
    yield opened
    context.close()


@pytest.fixture
def strict_page(driver: Playwright, chromium: Path, demo: Demo, tmp_path: Path) -> Iterator[Page]:
    """Open a page in a browser that keeps nothing for a site within another one: no cookies, no storage."""
    (tmp_path / "Default").mkdir()
    preferences = {"profile": {"cookie_controls_mode": _NO_THIRD_PARTIES}}
    (tmp_path / "Default" / "Preferences").write_bytes(orjson.dumps(preferences))
    context = driver.chromium.launch_persistent_context(
        tmp_path, executable_path=chromium, args=_FLAGS, base_url=demo.url, viewport=_WIDE
    )
    context.set_default_timeout(_ACTION_MS)
    yield context.new_page()
    context.close()


@pytest.fixture(autouse=True)
def complaints(request: pytest.FixtureRequest) -> Iterator[Complaints | None]:
    """Note what the test's page complains of, and fail the test for it."""
    if "page" not in request.fixturenames:
        yield None
        return
    noted = Complaints(request.getfixturevalue("page"))
    yield noted
    assert noted.found == []
