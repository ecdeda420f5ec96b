"""Runs an identity provider that others wrote, see certified_provider.mjs, for tests of logging in at one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CLIENT_SECRET = "s3cr:t of the console, 100%+"
_HERE = Path(__file__).parent
_CONSOLE = _HERE.parent / "console"


@contextmanager
def certified_provider(redirect_uri: str) -> Iterator[str]:
    """Run the provider; give its issuer. Skips the test where it is not installed, as `make pages` does.

    Args:
        redirect_uri: where it may send browsers back to.
    """
    if not (_CONSOLE / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("no certified identity provider is there: `make pages` installs one")
    command = [str(_CONSOLE / "with-node"), "node", str(_HERE / "certified_provider.mjs"), redirect_uri]
    environment = {**os.environ, "PYTHON": sys.executable}
    # What it says to whoever would run it in earnest is of no use here.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            issuer = process.stdout.readline().strip()
            assert issuer, "the provider ended"
            yield issuer
        finally:
            process.kill()
