"""Every host of the URL table, straight into the client, where loopback listens and nothing else is there.

In a network namespace, so that a mistake reaches nobody, and so that all of loopback's ports are free.
"""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.generated_docs import ROOT

REFUSED = ["address_refused", "the address is not one that deliveries may go to"]
_UNSHARE = ["unshare", "-n" if os.geteuid() == 0 else "-rn"]
_TIMEOUT_S = 50


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Send from within a namespace, and give what each client came to."""
    try:
        probe = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except FileNotFoundError:
        pytest.skip("there is no unshare(1) to make a network namespace with")
    if probe.returncode != 0:
        pytest.skip(f"network namespaces are not permitted here: {probe.stderr.strip()}")
    done = subprocess.run(
        [*_UNSHARE, sys.executable, "-m", "tests.http.sends_in_namespace"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    return {line["client"]: line for line in map(json.loads, done.stdout.splitlines())}


def test_what_is_refused_when_it_is_written_is_refused_when_it_is_sent(seen: dict[str, Any]) -> None:
    """Every refused URL comes to no connection, and to the same answer, but for those that can't be sent to at all."""
    assert seen["refused"]["connections"] == 0
    assert [failed for failed in seen["refused"]["failed"] if failed[0] != "unusable_configuration"] == [REFUSED]


def test_no_allowed_host_leads_to_loopback(seen: dict[str, Any]) -> None:
    """There is no route to anything public, so nothing else can have been connected."""
    assert seen["allowed"]["connections"] == 0


def test_the_connection_is_guarded_by_itself(seen: dict[str, Any]) -> None:
    """Without the check of the URL: each host in plain URLs, and not one connection."""
    assert seen["connection"]["connections"] == 0
    assert REFUSED in seen["connection"]["failed"]


def test_the_listeners_do_listen(seen: dict[str, Any]) -> None:
    """Without the guard, many of the same URLs reach them."""
    assert seen["unguarded"]["connections"] > 50
