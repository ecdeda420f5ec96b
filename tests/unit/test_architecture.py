"""The shape of the code base that the import contracts don't hold: small modules that say what they are for."""

import ast
from pathlib import Path

import pytest

import gateway

MAX_LINES = 300
MAX_LINES_OF_A_FUNCTION = 60

_ROOT = Path(gateway.__file__).parent
# Each asks one question and lets the client go; docs/decisions/0038 says why a client that goes on must be another.
SHORT_LIVED_ADMIN_CLIENTS = {"kafka/acl_check.py", "kafka/local_broker.py", "kafka/topic_admin.py"}
MODULES = sorted(file.relative_to(_ROOT) for file in _ROOT.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_is_small_and_says_what_it_is(module: Path) -> None:
    """A reader gets its purpose from its first lines, and all of it onto a few screens."""
    text = (_ROOT / module).read_text()
    if not text:
        return  # a package's marker
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "opens with a docstring"
    assert len(text.splitlines()) <= MAX_LINES
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MAX_LINES_OF_A_FUNCTION, node.name


def test_only_short_questions_are_asked_with_an_admin_client() -> None:
    """In a process that goes on, an answer of one that comes too late ends the process."""
    users = {str(module) for module in MODULES if "AdminClient" in (_ROOT / module).read_text()}
    assert users == SHORT_LIVED_ADMIN_CLIENTS
