"""What others say, endpoints above all, made safe to keep and to show: pure functions of their words.

A response is written by whoever owns the endpoint, and read by an operator in a terminal. So what a terminal or a page
would act on, or would not show, is replaced; and of the headers only those are kept that help to find a request in the
endpoint's own logs or tell why it failed. Cookies, tokens and whatever else nobody has thought of are not.
"""

import re
from collections.abc import Iterable

MAX_HEADER_CHARS = 256
KEPT_HEADERS = (
    "Content-Type",
    "Date",
    "Server",
    "Via",
    "Retry-After",
    "Request-Id",
    "X-Request-Id",
    "X-Correlation-Id",
    "Traceparent",
    "X-Amzn-RequestId",
    "X-Amzn-Trace-Id",
    "X-Cloud-Trace-Context",
    "CF-Ray",
)
_KEPT = {name.lower(): name for name in KEPT_HEADERS}
# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), as far as Python calls them printable, and the
# blank Braille pattern: they take no room or show nothing, and so hide what stands between them.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def plain_line(text: str) -> str:
    """Replace by a space each character that is not plainly seen: one line of visible text is left.

    Those are control characters (C0, C1 and DEL, with them line breaks and the beginning of every terminal escape),
    format characters (bidirectional overrides, zero width), surrogates, separators other than the space, private and
    unassigned ones.
    """
    if text.isprintable() and (text.isascii() or _INVISIBLE.search(text) is None):
        return text
    return _INVISIBLE.sub(" ", "".join(char if char.isprintable() else " " for char in text))


def plain_text(text: str) -> str:
    """The same for text of several lines: line feeds stay."""
    return "\n".join(map(plain_line, text.split("\n"))) if "\n" in text else plain_line(text)


def escape_json(text: str) -> str:
    """Escape in JSON text what a terminal would act on, so that nothing is lost; line feeds stay.

    As JSON escapes a character (RFC 8259 section 7): above U+FFFF as two surrogates.
    """
    if text.isprintable():
        return text
    return "".join(char if char == "\n" or char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def kept_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Choose the response headers that are kept: those of `KEPT_HEADERS`, shortened and plain, each name once.

    Args:
        headers: as they came; of a name that comes again the first counts.
    """
    kept: dict[str, str] = {}
    for name, value in headers:
        known = _KEPT.get(name.lower())
        if known is not None and known not in kept:
            kept[known] = plain_line(value[:MAX_HEADER_CHARS])
    return tuple(kept.items())
