"""Takes a picture of each view, wide and narrow, light and dark: `make screenshots`. No test; run by its name.

All of them go to build/screenshots, for whoever changes a page. The chosen ones are those of the documents.
"""

from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize

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
    context = browser.new_context(
        base_url=ended_demo.url,
        viewport=_SIZES[size],
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    page = context.new_page()
    view.open(page, ended_demo)
    name = f"{view.name}-{size}-{scheme}"
    page.screenshot(path=_ALL / f"{name}.png", animations="disabled", full_page=True)
    if (view.name, size, scheme) in CHOSEN:
        page.screenshot(path=_CHOSEN / f"{name}.jpg", animations="disabled", type="jpeg", quality=_QUALITY)
    context.close()
