"""Takes a picture of each view, wide and narrow, light and dark: `make screenshots`. No test; run by its name.

All of them go to build/screenshots, for whoever changes a page. The chosen ones are those of the documents.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.own_console import OwnConsole
from tests.browser.running_demo import Demo
from tests.browser.views import VIEWS, View
from tests.generated_docs import ROOT

_ALL = ROOT / "build" / "screenshots"
_CHOSEN = ROOT / "docs" / "pictures"
_SIZES: dict[str, ViewportSize] = {"laptop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_QUALITY = 82  # of a JPEG; what is in the documents is loaded with them

# What docs/console.md shows: view, size and scheme.
CHOSEN = {
    ("overview", "laptop", "light"),
    ("given-up", "laptop", "light"),
    ("subscription-form", "laptop", "dark"),
    ("dead-letter-group", "laptop", "light"),
    ("overview", "phone", "dark"),
    ("delivered", "phone", "light"),
}

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("size", _SIZES)
@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_picture(view: View, scheme: Literal["light", "dark"], size: str, browser: Browser, ended_demo: Demo) -> None:
    """Take one."""
    with _page(browser, ended_demo.url, size, scheme) as page:
        view.open(page, ended_demo)
        name = f"{view.name}-{size}-{scheme}"
        _take(page, name)
        if (view.name, size, scheme) in CHOSEN:
            page.screenshot(path=_CHOSEN / f"{name}.jpg", animations="disabled", type="jpeg", quality=_QUALITY)


def test_pictures_of_the_log_in(browser: Browser, ended_demo: Demo, tmp_path: Path) -> None:
    """It is a console's that asks everybody."""
    console = OwnConsole(ended_demo.home, tmp_path / "index", GATEWAY_CONSOLE_LOGIN="always")
    console.start()
    for size in _SIZES:
        for scheme in _SCHEMES:
            with _page(browser, console.url, size, scheme) as page:
                page.goto("/")
                expect(page.get_by_label("API token")).to_be_visible()
                _take(page, f"log-in-{size}-{scheme}")
    console.stop()


def _take(page: Page, name: str) -> None:
    page.screenshot(path=_ALL / f"{name}.png", animations="disabled", full_page=True)


@contextmanager
def _page(browser: Browser, url: str, size: str, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """Open a page of a size and a colour scheme, with the same words everywhere."""
    context = browser.new_context(
        base_url=url,
        viewport=_SIZES[size],
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    yield context.new_page()
    context.close()
