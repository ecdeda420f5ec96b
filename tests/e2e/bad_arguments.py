"""Every command of the program, every argument of it, and values that it can't mean: as a program of its own.

It calls the commands one after the other and prints what each came to, one JSON object a line. In a process of its
own, because commands set up the log; all in one, because starting the program takes longer than what is tested.
"""

import io
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import click
import orjson

from gateway.cli.main import cli, main

# They go on until they are stopped, or start and stop what tests share: only what is refused at once is tried there.
LONG_RUNNING = {
    "up",
    "demo",
    "stream",
    "egress",
    "console",
    "tail",
    "top",
    "receiver",
    "bench",
    "kafka start",
    "kafka stop",
}
# Long, with a terminal's escape sequence, a line break and a direction override.
HOSTILE_TEXT = "\x1b[31m\r\n\u202e" + "x" * 5_000
# Bytes that are no UTF-8, as the system hands them over.
NO_TEXT = "\udcff"
_NO_NUMBERS = ("x", "", "1e999x", "0x10", "9" * 5_000 + "x", "٣x")
# What a command needs before it looks at the argument that is tried.
_REQUIRED = {
    # Of a tenant that has no events: what is created is never sent anything.
    "subscriptions create": ("--url", "http://127.0.0.1:9/", "--event-type", "order.created", "--tenant", "nobody"),
    "subscriptions delete": ("--yes",),
    "publish": ("--mock", "1"),
    "tokens create": ("--name", "nobody", "--role", "viewer", "--expires", "1m"),
    "portal link": ("--tenant", "nobody"),
    "portal revoke": ("--tenant", "nobody"),
    "subscriptions test-filter": ("--filter", "true", "--event-type", "order.paid", "--file", "-"),
    "explain": ("--file", "-", "--type", "order.paid"),
    "dlq replay": ("--yes",),
    "dlq purge": ("--yes",),
    "replay start": ("--all", "--since", "1h", "--dry-run"),
    # Of no event type, so that nothing is written.
    "schemas docs": ("--type", "nothing.known"),
    "schemas pull": ("--into", "/no/such/folder"),
}


@dataclass(frozen=True, slots=True)
class BadCall:
    """Arguments of the program of which one is bad.

    Attributes:
        arguments: all of them.
        is_refused: whether they have to be refused by everybody, whatever the deployment.
    """

    arguments: tuple[str, ...]
    is_refused: bool

    def __str__(self) -> str:
        shown = " ".join(argument if len(argument) < 40 else f"{argument[:20]}[…]" for argument in self.arguments)
        return shown.encode("unicode_escape").decode()

    def make(self) -> dict[str, object]:
        """Call the program; gives the exit code, or what was raised, and what it printed."""
        # As the interpreter sets them up: what can't be encoded is an error on standard output.
        sys.stdout = answer = io.TextIOWrapper(io.BytesIO(), "utf-8", "strict", write_through=True)
        sys.stderr = errors = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True)
        sys.argv = ["gateway", *self.arguments]
        exit_code: object = 0
        try:
            main()
        except SystemExit as end:
            exit_code = end.code or 0
        except BaseException:  # noqa: BLE001 - this is what must not be
            exit_code = traceback.format_exc(limit=-4)
        finally:
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        said = errors.buffer.getvalue().decode()
        return {
            "call": str(self),
            "exit_code": exit_code,
            "stderr": said[:2000],
            "has_answered": answer.tell() > 0,
            "is_refused": self.is_refused,
        }


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give every command that does something, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))
        else:
            yield (*path, name), found


def bad_calls() -> Iterator[BadCall]:
    """Give calls with a bad value for each argument of each command."""
    for path, command in commands():
        yield BadCall((*path, "--no-such-option"), is_refused=True)
        takes_any_number = any(parameter.nargs == -1 for parameter in command.params)
        yield BadCall((*path, *_needed(path, command), "one", "too", "many"), is_refused=not takes_any_number)
        for parameter in command.params:
            yield from _bad_values(path, command, parameter)


def _bad_values(path: tuple[str, ...], command: click.Command, parameter: click.Parameter) -> Iterator[BadCall]:
    if isinstance(parameter, click.Option) and parameter.is_flag:
        yield BadCall((*path, f"{parameter.opts[-1]}=x"), is_refused=True)
        return
    # Text and names of files may be looked at late.
    is_typed = not isinstance(parameter.type, click.types.StringParamType | click.File | click.Path)
    if not is_typed and " ".join(path) in LONG_RUNNING:
        return
    for value in _values(parameter.type):
        yield BadCall((*path, *_with(path, command, parameter, value)), is_typed)


def _values(kind: click.ParamType) -> tuple[str, ...]:
    if isinstance(kind, click.File | click.Path):
        return "/no/such/folder/file", "/", HOSTILE_TEXT, NO_TEXT
    return (
        (HOSTILE_TEXT, NO_TEXT, "") if isinstance(kind, click.types.StringParamType) else (*_NO_NUMBERS, HOSTILE_TEXT)
    )


def _with(path: tuple[str, ...], command: click.Command, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    if isinstance(parameter, click.Argument):
        return (*_needed(path, command, but=parameter), "--", value)
    return (*_needed(path, command), f"{parameter.opts[-1]}={value}")


def _needed(path: tuple[str, ...], command: click.Command, but: click.Parameter | None = None) -> tuple[str, ...]:
    """Give what the command can't do without, other than one parameter."""
    arguments = [
        "order.created" if parameter.name == "event_type" else "sub_1"
        for parameter in command.params
        if isinstance(parameter, click.Argument) and parameter.required and parameter is not but
    ]
    return (*_REQUIRED.get(" ".join(path), ()), *arguments)


if __name__ == "__main__":
    for call in bad_calls():
        sys.__stdout__.buffer.write(orjson.dumps(call.make()) + b"\n")  # type: ignore[union-attr]
