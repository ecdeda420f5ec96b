"""Custom headers: which names and values a subscription may have sent with every attempt.

Refused is what could change the meaning of the request (RFC 9112 framing, connection control), what the gateway says
itself (signatures, content, trace context), and what HTTP libraries read in different ways. No message repeats a value:
it may be a credential.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.domain.errors import InvalidInputError

MAX_HEADERS = 20
MAX_HEADER_NAME_CHARS = 64
MAX_HEADER_VALUE_CHARS = 4096
MAX_HEADERS_CHARS = 8192

RESERVED_NAMES = frozenset(
    {
        "accept-encoding", "connection", "expect", "host", "http2-settings", "keep-alive", "te", "traceparent",
        "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
    }
)  # fmt: skip
RESERVED_PREFIXES = ("ce-", "content-", "proxy-", "svix-", "webhook-", "x-webhook-")

# RFC 9110 section 5.6.2. Of values (section 5.5) only what every implementation reads alike: no tab, no obs-text.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?\Z")


@dataclass(frozen=True, slots=True)
class GivenHeader:
    """A header as a user gives it; its value never appears in `repr`.

    Attributes:
        name: as it will be sent.
        value: None for the one that the subscription has already.
    """

    name: str
    value: str | None = field(default=None, repr=False)


def parse_header_line(line: str, place: str) -> GivenHeader:
    """Read `Name: value`, with blanks around the value or without.

    Args:
        line: one line.
        place: what messages call it, for they can't repeat it.

    Raises:
        InvalidInputError: there is no name, or no colon.
    """
    name, colon, value = line.partition(":")
    if not colon or not name:
        raise InvalidInputError(f"{place} is not `Name: value`")
    return GivenHeader(name, value.strip(" "))


def check_headers(headers: Sequence[GivenHeader]) -> tuple[GivenHeader, ...]:
    """Return the headers if all of them may be sent together.

    Raises:
        InvalidInputError: one of them may not, or they are too many or too long. The message never repeats a value.
    """
    if len(headers) > MAX_HEADERS:
        raise InvalidInputError(f"more than {MAX_HEADERS} headers")
    for position, header in enumerate(headers, start=1):
        _check_name(header.name, position)
        if header.value is not None:
            _check_value(header.name, header.value)
    _check_once(header.name for header in headers)
    check_total_chars(sum(len(header.name) + len(header.value or "") for header in headers))
    return tuple(headers)


def check_total_chars(chars: int) -> None:
    """Check how long the names and values of all headers of a subscription are together.

    Raises:
        InvalidInputError: they are too long.
    """
    if chars > MAX_HEADERS_CHARS:
        raise InvalidInputError(f"the headers have {chars} characters together, more than {MAX_HEADERS_CHARS}")


def changed_headers(
    present: Sequence[str], given: Sequence[GivenHeader], removed: Sequence[str]
) -> tuple[GivenHeader, ...]:
    """Give all headers after a change: those given take the place of their namesakes or come last.

    Args:
        present: the names that the subscription has; names are alike in any case (RFC 9110 section 5.1).
        given: new and changed ones.
        removed: the names of those to drop.

    Raises:
        InvalidInputError: a header that is to be removed is not there, or is given too.
    """
    by_name = {name.lower(): GivenHeader(name) for name in present}
    for name in removed:
        if by_name.pop(name.lower(), None) is None:
            has = ", ".join(present) or "none"
            raise InvalidInputError("there is no such header to remove", hint=f"the subscription has: {has}")
    _check_once([*removed, *(header.name for header in given)])
    return tuple({**by_name, **{header.name.lower(): header for header in given}}.values())


def _check_name(name: str, position: int) -> None:
    # Shown only once it is known to be a name: a line without its name would show the value.
    if len(name) > MAX_HEADER_NAME_CHARS:
        raise InvalidInputError(f"the name of header {position} is longer than {MAX_HEADER_NAME_CHARS} characters")
    if _TOKEN.match(name) is None:
        raise InvalidInputError(
            f"the name of header {position} is not a header name", hint="use letters, digits and dashes"
        )
    lowered = name.lower()
    if lowered in RESERVED_NAMES or lowered.startswith(RESERVED_PREFIXES):
        raise InvalidInputError(f"the header {name} is the gateway's own", hint="choose another name")


def _check_value(name: str, value: str) -> None:
    if not value:
        raise InvalidInputError(f"the header {name} has no value")
    if len(value) > MAX_HEADER_VALUE_CHARS:
        raise InvalidInputError(f"the value of the header {name} is longer than {MAX_HEADER_VALUE_CHARS} characters")
    if _VALUE.match(value) is None:
        raise InvalidInputError(
            f"the value of the header {name} has characters other than printable ASCII, or a blank at an end"
        )


def _check_once(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise InvalidInputError(f"the header {name} is there twice")
        seen.add(name.lower())
