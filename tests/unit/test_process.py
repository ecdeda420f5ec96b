"""A process that becomes a new one of the same command."""

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import os, sys
from pathlib import Path
from gateway.services.process import begin_anew

print(os.getpid(), *sys.argv[1:], flush=True)
marker = Path(sys.argv[1])
if not marker.exists():
    marker.touch()
    begin_anew("the producer")
"""


def test_a_process_begins_anew_with_its_id_and_arguments(tmp_path: Path) -> None:
    """Whoever supervises it notices nothing."""
    program, marker = tmp_path / "program.py", tmp_path / "marker"
    program.write_text(_PROGRAM)
    command = [sys.executable, str(program), str(marker), "more words"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    first, *logged, second = done.stdout.splitlines()
    assert first == second
    assert first.endswith(f" {marker} more words")
    assert "process.begins_anew" in "".join(logged)
