"""What is done after a process of tests that was killed: a broker is no child of it, and would run on for ever."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

# It reads until nobody holds the other end of the pipe, whatever ended this process.
_AFTERWARDS = 'read -r _; exec "$@"'


@contextmanager
def last_will(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Have a command run if this process ends inside of the context; who leaves it has seen to everything.

    Args:
        command: the program and its arguments.
        environment: of the command; None for that of this process.
    """
    with subprocess.Popen(
        ["/bin/sh", "-c", _AFTERWARDS, "sh", *command],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C, and the end of a terminal, are not for it.
        start_new_session=True,
    ) as executor:
        try:
            yield
        finally:
            executor.kill()
