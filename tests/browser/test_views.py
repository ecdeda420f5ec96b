"""Every view: light and dark, on a laptop and on a phone, for whoever comes with a keyboard or a screen reader."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.running_demo import Demo
from tests.browser.views import VIEWS, View

_LAPTOP, _PHONE = 1440, 390
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_HEIGHT = 900
_FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_keeps_nobody_out(view: View, page: Page, ended_demo: Demo) -> None:
    """No serious finding of axe-core in any of its forms, and nothing to scroll sideways for."""
    view.open(page, ended_demo)
    for width in (_LAPTOP, _PHONE):
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        page.wait_for_function(_FITS)  # charts take their new width a frame later
        for scheme in _SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert serious_findings(page) == [], f"{width} px, {scheme}"


def test_a_view_has_a_title_and_one_main_heading(page: Page, ended_demo: Demo) -> None:
    """Which tab is which, and where the content begins."""
    for view in VIEWS:
        view.open(page, ended_demo)
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_count(1)
        expect(page).to_have_title(f"{heading.inner_text()} · Webhook gateway")
        assert page.get_by_role("main").count() == 1
