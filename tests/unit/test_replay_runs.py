"""Replays are carried out by processes of their own: some at a time, and what became of each is told."""

import asyncio
import sys
from pathlib import Path

import pytest

from gateway.console.replay_runs import MAX_WAITING, ReplayRuns
from gateway.domain.errors import UnavailableError
from tests.e2e.running import until

AWHILE_S = 20.0
# Says that it has begun, and does what the replay's id says.
PROGRAM = """
import pathlib, signal, sys, time
assert sys.argv[2:] == ["replay", "resume", sys.argv[4], "--noted", "--json"], sys.argv
pathlib.Path(sys.argv[1], sys.argv[4]).touch()
if sys.argv[4].startswith("fails"):
    sys.stderr.write("some note\\nerror: there is no replay\\nhint: look\\n")
    sys.exit(3)
if sys.argv[4].startswith("lasts"):
    time.sleep(60)
"""


@pytest.fixture
async def runs(tmp_path: Path) -> ReplayRuns:
    """Give processes that do as their replay is called."""
    return ReplayRuns((sys.executable, "-c", PROGRAM, str(tmp_path)), max_running=1)


async def until_gone(runs: ReplayRuns, *replay_ids: str) -> None:
    """Wait until these neither wait nor run."""
    await until(lambda: not any(runs.waits(each) or runs.runs(each) for each in replay_ids), AWHILE_S, lambda: runs)


def begun(folder: Path) -> set[str]:
    """Name the replays that were begun."""
    return {file.name for file in folder.iterdir()}


async def test_one_after_the_other_is_carried_out(runs: ReplayRuns, tmp_path: Path) -> None:
    """The second waits for its turn; one that is withdrawn meanwhile is never begun."""
    for replay_id in ("one", "withdrawn", "two", "two"):
        runs.start(replay_id)
    assert runs.waits("two")
    runs.withdraw("withdrawn")
    await until_gone(runs, "one", "two", "withdrawn")
    assert begun(tmp_path) == {"one", "two"}
    assert runs.failure_of("one") is None


async def test_why_one_failed_is_told_until_it_is_begun_again(runs: ReplayRuns) -> None:
    """With the words of its process, or that it can't be started at all."""
    runs.start("fails")
    await until_gone(runs, "fails")
    assert runs.failure_of("fails") == "there is no replay"
    runs.start("fails")
    assert runs.failure_of("fails") is None
    await runs.stop()
    missing = ReplayRuns(("/no/such/program",))
    missing.start("one")
    await until_gone(missing, "one")
    assert "No such file" in (missing.failure_of("one") or "")


async def test_stopping_ends_what_runs_and_what_waits(runs: ReplayRuns, tmp_path: Path) -> None:
    """That is no failure; and no other one is taken."""
    runs.start("lasts")
    await until(lambda: begun(tmp_path) == {"lasts"}, AWHILE_S, lambda: begun(tmp_path))
    runs.start("next")
    async with asyncio.timeout(AWHILE_S):
        await runs.stop()
    await until_gone(runs, "lasts", "next")
    assert runs.failure_of("lasts") is None
    assert begun(tmp_path) == {"lasts"}
    with pytest.raises(UnavailableError):
        runs.start("another")


async def test_so_many_wait_at_most(runs: ReplayRuns) -> None:
    """One more is refused."""
    for number in range(MAX_WAITING):
        runs.start(f"lasts-{number}")
    with pytest.raises(UnavailableError, match="wait already"):
        runs.start("one")
    await runs.stop()
