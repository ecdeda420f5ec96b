"""Replays are carried out by processes of their own: some at a time, and what became of each is told."""

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.console.replay_runs import MAX_OF_OPERATORS, MAX_OF_TENANT, MAX_OF_TENANTS, ReplayRuns
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


def begin(runs: ReplayRuns, replay_id: str, tenant: str | None = None) -> None:
    """Have one that nothing is noted of be carried out."""
    with runs.place(replay_id, tenant):
        runs.start(replay_id)


async def until_gone(runs: ReplayRuns, *replay_ids: str) -> None:
    """Wait until these neither wait nor run."""
    await until(lambda: not any(runs.waits(each) or runs.runs(each) for each in replay_ids), AWHILE_S, lambda: runs)


def begun(folder: Path) -> set[str]:
    """Name the replays that were begun."""
    return {file.name for file in folder.iterdir()}


async def test_one_after_the_other_is_carried_out(runs: ReplayRuns, tmp_path: Path) -> None:
    """The second waits for its turn; one that is withdrawn meanwhile is never begun."""
    for replay_id in ("one", "withdrawn", "two"):
        begin(runs, replay_id)
    assert runs.waits("two")
    runs.withdraw("withdrawn")
    await until_gone(runs, "one", "two", "withdrawn")
    assert begun(tmp_path) == {"one", "two"}
    assert runs.failure_of("one") is None


async def test_why_one_failed_is_told_until_it_is_begun_again(runs: ReplayRuns) -> None:
    """With the words of its process, or that it can't be started at all."""
    begin(runs, "fails")
    await until_gone(runs, "fails")
    assert runs.failure_of("fails") == "there is no replay"
    begin(runs, "fails")
    assert runs.failure_of("fails") is None
    await runs.stop()
    missing = ReplayRuns(("/no/such/program",))
    begin(missing, "one")
    await until_gone(missing, "one")
    assert "No such file" in (missing.failure_of("one") or "")


async def test_stopping_ends_what_runs_and_what_waits(runs: ReplayRuns, tmp_path: Path) -> None:
    """That is no failure; and no other one is taken."""
    begin(runs, "lasts")
    await until(lambda: begun(tmp_path) == {"lasts"}, AWHILE_S, lambda: begun(tmp_path))
    begin(runs, "next")
    async with asyncio.timeout(AWHILE_S):
        await runs.stop()
    await until_gone(runs, "lasts", "next")
    assert runs.failure_of("lasts") is None
    assert begun(tmp_path) == {"lasts"}
    with pytest.raises(UnavailableError):
        begin(runs, "another")


@pytest.mark.parametrize(
    ("taken", "refused", "let_in"),
    [
        ({"acme": MAX_OF_TENANT}, {"acme"}, {"rival", None}),
        ({None: MAX_OF_OPERATORS}, {None}, {"acme"}),
        (
            {f"tenant-{number}": MAX_OF_TENANT for number in range(MAX_OF_TENANTS // MAX_OF_TENANT)},
            {"acme", "tenant-0"},
            {None},
        ),
    ],
)
async def test_what_some_have_taken_leaves_room_for_others(
    runs: ReplayRuns, taken: dict[str | None, int], refused: set[str | None], let_in: set[str | None]
) -> None:
    """A tenant can't keep the others from replaying, nor can all of them keep those who see all tenants from it."""
    for tenant, count in taken.items():
        for number in range(count):
            begin(runs, f"lasts-{tenant}-{number}", tenant)
    for tenant in refused:
        with pytest.raises(UnavailableError, match="wait already"):
            begin(runs, "one-more", tenant)
    for tenant in let_in:
        begin(runs, f"lasts-{tenant}", tenant)
    await runs.stop()


async def test_a_place_is_free_again_when_nothing_was_started_in_it(runs: ReplayRuns) -> None:
    """As where Kafka could not be asked; while it is kept, nobody else has it, and the replay counts as waiting."""
    with ExitStack() as kept:
        for number in range(MAX_OF_TENANT):
            kept.enter_context(runs.place(f"kept-{number}", "acme"))
        assert runs.waits("kept-0")
        with pytest.raises(UnavailableError, match="wait already"):
            begin(runs, "one-more", "acme")
    assert not runs.waits("kept-0")
    begin(runs, "one-more", "acme")
    await runs.stop()


async def test_a_tenant_has_one_turn_at_a_time(tmp_path: Path) -> None:
    """Whoever comes behind its second replay does not wait for it."""
    runs = ReplayRuns((sys.executable, "-c", PROGRAM, str(tmp_path)), max_running=2)
    begin(runs, "lasts-first", "acme")
    begin(runs, "second", "acme")
    begin(runs, "lasts-other", "rival")
    begun_by_now = {"lasts-first", "lasts-other"}
    await until(lambda: begun(tmp_path) == begun_by_now, AWHILE_S, lambda: begun(tmp_path))
    assert runs.waits("second")
    await runs.stop()
