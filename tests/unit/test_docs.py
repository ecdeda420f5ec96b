"""The documents agree with the code, and their references lead somewhere."""

import re
from pathlib import Path

import pytest

from gateway.telemetry.metrics import REJECTIONS
from tests.generated_docs import PARTS, REFRESH, ROOT, with_part

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("helm/**/*.md")])
# Folders of the package as the pages name them, with or without `gateway/` in front.
_MODULE = re.compile(r"`?\b((?:gateway/)?(?:\w+/)+\w+\.py)\b")
_LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.mark.parametrize("name", PARTS)
def test_generated_parts_are_fresh(name: str) -> None:
    """A setting, topic or policy that changes has to change its page too."""
    path, content = PARTS[name]
    page = (ROOT / path).read_text()
    assert page == with_part(page, name, content()), f"{path} is stale; run: {REFRESH}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """A file or heading that moves takes its links along."""
    for target, heading in _LINK.findall(page.read_text()):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{target} does not exist"
        if heading:
            assert heading in _anchors(file), f"{target} has no heading #{heading}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_modules_that_pages_name_exist(page: Path) -> None:
    """A page that shows the way to a module must not lead astray."""
    for module in _MODULE.findall(page.read_text()):
        assert (ROOT / module).exists() or (ROOT / "gateway" / module).exists(), f"there is no {module}"


def test_every_alert_has_a_runbook() -> None:
    """Whoever is woken by one finds what it means and what to do."""
    rules = "".join(file.read_text() for file in (ROOT / "helm").rglob("templates/*.yaml"))
    alerts = set(re.findall(r"alert: (\w+)", rules))
    assert alerts
    assert {alert.lower() for alert in alerts} == set(re.findall(r"runbookUrl \}\}#(\w+)", rules))
    assert set(re.findall(r"^### (Gateway\w+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)) == alerts


def test_every_reason_of_a_rejection_is_described() -> None:
    """The reasons that the metric has, and the page of the events."""
    page = (ROOT / "docs" / "events.md").read_text().split("## What is rejected")[1].split("\n## ")[0]
    assert (*re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE), "undecodable") == REJECTIONS


def test_every_decision_is_in_the_index() -> None:
    """A decision that nobody finds is none; its number is its file's and its heading's."""
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    for page in sorted(folder.glob("0*.md")):
        number = int(page.name[:4])
        title = page.read_text().splitlines()[0].removeprefix(f"# {number}. ")
        assert f"| [{number}]({page.name}) | {title} |" in index


def _anchors(file: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
