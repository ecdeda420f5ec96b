"""Options of `gateway subscriptions` that say what a subscription gets of an event: version, filter, fields, form."""

from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import click

from gateway.cli.subscription_files import read_text
from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import MAX_TRANSFORM_CHARS, ContentMode, OnFilterError
from gateway.domain.versions import parse_pin

F = TypeVar("F", bound=Callable[..., Any])


def shaping_options(function: F) -> F:
    """Add the options; the command gets what `shaping_from` takes."""
    options = [
        click.option(
            "--pin",
            "pins",
            multiple=True,
            metavar="TYPE=VERSION",
            help="Send events of this type in this version, like order.created=1; may be repeated.",
        ),
        click.option(
            "--pin-latest", is_flag=True, help="Send each event type in its latest version of now.  [default]"
        ),
        click.option(
            "--follow-latest/--no-follow-latest",
            default=None,
            help="Send event types without a pin in the latest version of the day.  [default: no]",
        ),
        click.option(
            "--content-mode",
            type=click.Choice([mode.value for mode in ContentMode]),
            help="What the body of a request is.  [default: webhook]",
        ),
        click.option("--filter", metavar="CEL", help="Send only events for which this is true; '' for all."),
        click.option(
            "--on-filter-error",
            type=click.Choice([action.value for action in OnFilterError]),
            help="What becomes of an event on which the filter fails.  [default: send]",
        ),
        click.option(
            "--allow-sensitive",
            "sensitive_grants",
            multiple=True,
            metavar="TYPE:PATH",
            help="Let it see a sensitive field, like order.created:customer.email; may be repeated.",
        ),
        click.option(
            "--no-allow-sensitive",
            "removed_grants",
            multiple=True,
            metavar="TYPE:PATH",
            help="Let it see this field no more; may be repeated.",
        ),
        click.option(
            "--transform-file",
            type=click.File("rb"),
            help="JSON file: the form of the data, its strings CEL expressions; - for standard input.",
        ),
        click.option("--no-transform", is_flag=True, help="Send the data as it is again."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def shaping_from(options: dict[str, Any]) -> dict[str, Any]:
    """Take the values of `shaping_options` that need reading out of `options`; give them as fields of a definition.

    Raises:
        InvalidInputError: a pin is none, options exclude each other, or a file is too long or no text.
    """
    pin_latest = options.pop("pin_latest") or None
    if pin_latest and options["follow_latest"]:
        raise InvalidInputError("--pin-latest and --follow-latest exclude each other")
    return {
        "pins": tuple(parse_pin(text) for text in options.pop("pins")) or None,
        "pin_latest": pin_latest,
        "transform": _transform(options.pop("transform_file"), none=options.pop("no_transform")),
    }


def _transform(file: BinaryIO | None, *, none: bool) -> str | None:
    if file is None:
        return "" if none else None
    if none:
        raise InvalidInputError("--transform-file and --no-transform exclude each other")
    # A character has at most four bytes.
    template = read_text(file, "--transform-file", 4 * MAX_TRANSFORM_CHARS)
    if not template.strip():
        raise InvalidInputError("the file of --transform-file is empty")
    return template
