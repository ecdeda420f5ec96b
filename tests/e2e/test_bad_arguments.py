"""Whatever is typed after `gateway`, it answers with a message and an exit code, never with a stack trace."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.e2e.bad_arguments import commands
from tests.e2e.running import GatewayHome

# 1 to 5: gateway.domain.errors. 3 is also a local broker that does not run.
_KNOWN = range(6)
_REFUSED = 2
_TIMEOUT_S = 150

pytestmark = pytest.mark.timeout(180, func_only=True)


def check_all(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.bad_arguments"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    results = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert len({result["call"] for result in results}) > 5 * len(list(commands()))
    bad = [result for result in results if not is_well_answered(**result)]
    assert not bad, orjson.dumps(bad[:10], option=orjson.OPT_INDENT_2).decode()


def is_well_answered(call: str, exit_code: object, stderr: str, *, has_answered: bool, is_refused: bool) -> bool:
    """Tell a good answer: refused with what is wrong, or, where the value can be meant, what the command came to."""
    assert call
    if exit_code not in _KNOWN or "Traceback" in stderr:
        return False
    if is_refused and exit_code != _REFUSED:
        return False
    # What was asked may have the answer no.
    return exit_code == 0 or (exit_code == 1 and has_answered) or "error:" in stderr.lower()


def test_without_kafka(tmp_path: Path) -> None:
    """What can be refused is refused before anything is asked."""
    check_all({**os.environ, "GATEWAY_HOME": str(tmp_path), "GATEWAY_ALLOW_INSECURE_ENDPOINTS": "true"})


def test_with_kafka(home: GatewayHome) -> None:
    """What gets as far as Kafka comes back with an answer, too."""
    check_all(home.environment)
