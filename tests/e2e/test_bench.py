"""`gateway bench`, as short as it gets: it measures, says so in JSON, keeps it in files, and leaves nothing behind."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from tests.e2e.running import Program, until

STARTED_S, DONE_S = 120, 200  # a broker that compiles for load starts slowly where others have the machine, too

pytestmark = pytest.mark.timeout(240, func_only=True)


@pytest.fixture
def bench(new_broker_home: Callable[[], Path], tmp_path: Path) -> Callable[..., Program]:
    """Start the benchmark; its own temporary files lie in the folder of the test."""
    home = new_broker_home()

    def start(*arguments: str) -> Program:
        environment = {**os.environ, "GATEWAY_HOME": str(home), "TMPDIR": str(tmp_path)}
        return Program(["bench", *arguments], environment, tmp_path / "bench")

    return start


def left_behind(folder: Path) -> list[str]:
    """Name what still lies in a benchmark's temporary folder, and the processes that were started with it."""
    processes: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(f"TMPDIR={folder}") in (process / "environ").read_bytes().split(b"\0"):
                processes.append((process / "cmdline").read_text())
        except OSError:
            continue  # it has ended, or is somebody else's
    return [*(str(path) for path in folder.glob("gateway-bench-*")), *processes]


async def test_it_measures_and_cleans_up(bench: Callable[..., Program], tmp_path: Path) -> None:
    """Two scenarios: nothing is lost, the last line has the promised numbers, and the files are there."""
    program = bench("steady", "fan_out_1", "--quick", "--duration", "2", "--save", str(tmp_path / "saved"), "--json")
    await until(lambda: not program.running, DONE_S, lambda: program.log)
    assert program.stop() == 0, program.log
    results = orjson.loads(program.output.splitlines()[-1])
    assert set(results) == {"machine", "versions", "fan_out_1", "steady"}
    assert results["fan_out_1"]["deliveries_per_s"] > 0
    assert results["fan_out_1"]["lost"] == results["steady"]["lost"] == 0
    assert 0 < results["steady"]["p50_ms"] <= results["steady"]["p99_ms"]
    assert set(results["fan_out_1"]["window"]["cpu_us_per_delivery"]) >= {"egress", "stream", "broker", "receiver"}
    assert orjson.loads((tmp_path / "saved" / "results.json").read_bytes()) == results
    assert (tmp_path / "saved" / "throughput.svg").exists()
    assert left_behind(tmp_path) == []


async def test_ctrl_c_takes_everything_down(bench: Callable[..., Program], tmp_path: Path) -> None:
    """Broker, stream, egress and receiver end with it, and its temporary folder is gone."""
    program = bench("fan_out_1", "--quick")
    await until(lambda: "fan_out_1" in program.log, STARTED_S, lambda: program.log)
    assert len(left_behind(tmp_path)) > 1, "there is something to take down"
    assert program.stop(signal.SIGINT) == 130
    assert left_behind(tmp_path) == []
