"""Looks for what keeps people out of a page, with axe-core, the checker of the pages' own toolchain."""

from pathlib import Path

from playwright.sync_api import Page

from tests.generated_docs import ROOT

_AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = {"serious", "critical"}


def serious_findings(page: Page) -> list[str]:
    """Give the serious findings on a page as it stands: the rule, and the elements that break it."""
    # Evaluated rather than added as a script, which the pages' policy refuses.
    page.evaluate(_source())
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {violation['help']}: " + "; ".join(node["html"][:200] for node in violation["nodes"][:5])
        for violation in found["violations"]
        if violation["impact"] in _SERIOUS
    ]


def _source(file: Path = _AXE) -> str:
    assert file.exists(), "make pages sets up axe-core"
    return file.read_text()
