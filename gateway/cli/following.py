"""Commands that go on with what happens until they are interrupted, which is their good end."""

import os
import select
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import click

from gateway.kafka.record_log import RecordTail

R = TypeVar("R")
_POLL_S = 0.5


@contextmanager
def ending_well() -> Iterator[None]:
    """Take Ctrl-C, and the end of whoever reads the output, as the end of the command."""
    try:
        yield
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        # Python flushes standard output once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def follow(tail: RecordTail[R], show: Callable[[Sequence[R]], None]) -> None:
    """Show what comes, for ever; on standard error, say when Kafka goes away and when it is back.

    Args:
        tail: gives what comes.
        show: prints it.

    Raises:
        BrokenPipeError: whoever read the output has ended.
        AccessRefusedError: an access rule is missing.
    """
    was_cut_off = False
    # What reads the output may have ended without anything to show: no write would tell.
    reader = select.poll()
    reader.register(sys.stdout.fileno(), 0)
    while True:
        show(tail.read(_POLL_S))
        if any(event & select.POLLERR for _, event in reader.poll(0)):
            raise BrokenPipeError
        if tail.is_cut_off != was_cut_off:
            was_cut_off = tail.is_cut_off
            said = "does not answer; waiting for it" if was_cut_off else "is back"
            click.echo(f"note: Kafka {said}", err=True)
