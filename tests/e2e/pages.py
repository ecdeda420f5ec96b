"""A reader who follows a page of the documents: runs its blocks in order, as they stand, in one folder.

Shell blocks share their variables. A block that is to run in a terminal of its own, and a script that serves, go on
until the reader closes them. Blocks that set up a machine are passed over, and those for Compose: `tests/compose` has
them.
"""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

OWN_TERMINAL = "# in a terminal of its own"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PASSED_OVER = ("apt-get ", "make ", ".venv/bin/activate", "docker compose ")
# What an event came to shows a moment later: looking is repeated until it finds something.
_LOOKING = ("gateway deliveries ",)
_SERVING = "run_app("
# A line of its own, and whole: logs speak of parts that are ready.
_READY = re.compile(r"^ready: .*\n|Running on .*\n", re.MULTILINE)
_READY_TIMEOUT_S = 180.0
_RUN_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 60.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        place: page and line, for messages.
        language: what the fence says.
        text: what is in it.
    """

    place: str
    language: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    """List the fenced blocks of a page."""
    text = page.read_text()
    return [
        Block(f"{page.name}:{text.count(chr(10), 0, found.start()) + 1}", found[1], found[2])
        for found in _BLOCK.finditer(text)
    ]


class Reader:
    """Follows pages, as a context manager that closes what it opened.

    Attributes:
        replacements: texts of the pages that are something else here: ports and addresses.
    """

    def __init__(self, folder: Path, replacements: dict[str, str], environment: dict[str, str]) -> None:
        self.replacements = dict(replacements)
        self._folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**os.environ, **environment, "PATH": path, "PYTHONUNBUFFERED": "1"}
        self._opened: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._opened):
            # Ctrl-C in its terminal.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            process.wait(_STOP_TIMEOUT_S)

    def follow(self, block: Block) -> str:
        """Run a block; give what it printed, or what a block that goes on has printed when it was ready.

        Raises:
            AssertionError: it failed, or was not ready in time.
        """
        text = block.text
        for there, here in self.replacements.items():
            text = text.replace(there, here)
        if block.language == "python":
            script = self._folder / f"block{block.place.partition(':')[2]}.py"
            script.write_text(text)
            command = [sys.executable, script.name]
            return self._open(block, command) if _SERVING in text else self._run(block, command)
        if block.language != "sh" or any(word in text for word in _PASSED_OVER):
            return ""
        if text.startswith(OWN_TERMINAL):
            return self._open(block, ["bash", "-ec", text])
        if text.startswith(_LOOKING):
            return self._repeat(block, ["bash", "-ec", text])
        return self._run_shell(block, text)

    def output_of(self, block: Block) -> str:
        """Give what a block that goes on has printed so far."""
        return self._log(block).read_text()

    def _run_shell(self, block: Block, text: str) -> str:
        variables = self._folder / "variables"
        printed = self._run(block, ["bash", "-ec", f"{text}\nenv -0 > {variables}"])
        pairs = (pair.split("=", 1) for pair in variables.read_text().split("\0") if pair)
        self._environment = dict(pairs)
        return printed

    def _run(self, block: Block, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_RUN_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"{block.place} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _repeat(self, block: Block, command: list[str]) -> str:
        give_up_at = time.monotonic() + _RUN_TIMEOUT_S
        while True:
            try:
                return self._run(block, command)
            except AssertionError:
                if time.monotonic() > give_up_at:
                    raise
            time.sleep(_POLL_S)

    def _open(self, block: Block, command: list[str]) -> str:
        log = self._log(block)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._opened.append(process)
        give_up_at = time.monotonic() + _READY_TIMEOUT_S
        while not _READY.search(log.read_text()):
            assert process.poll() is None, f"{block.place} ended:\n{log.read_text()}"
            assert time.monotonic() < give_up_at, f"{block.place} was not ready in time:\n{log.read_text()}"
            time.sleep(_POLL_S)
        return log.read_text()

    def _log(self, block: Block) -> Path:
        return self._folder / f"block{block.place.partition(':')[2]}.log"
