"""Which custom headers may be sent, and that no refusal repeats a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.domain.custom_headers import (
    MAX_HEADER_NAME_CHARS,
    MAX_HEADER_VALUE_CHARS,
    MAX_HEADERS,
    MAX_HEADERS_CHARS,
    RESERVED_NAMES,
    RESERVED_PREFIXES,
    GivenHeader,
    changed_headers,
    check_headers,
    parse_header_line,
)
from gateway.domain.errors import InvalidInputError

VALUE = "canary-71f3"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer eyJhbGciOi.J9.x-_="),
        ("authorization", "Basic dTpw"),
        ("X-Api-Key", "k"),
        ("Cookie", "session=1; path=/"),
        ("X_Under.score~", '"quoted", \\ and ; all'),
        ("A" * MAX_HEADER_NAME_CHARS, "v" * MAX_HEADER_VALUE_CHARS),
        ("Hosts", "not the reserved one"),
        ("X-Webhooks", "nor a signature"),
    ],
)
def test_a_header_that_may_be_sent(name: str, value: str) -> None:
    """Tokens, credentials and the characters of printable ASCII."""
    header = GivenHeader(name, value)
    assert check_headers([header]) == (header,)


@pytest.mark.parametrize(
    "name",
    [
        *sorted(RESERVED_NAMES),
        *(name.upper() for name in sorted(RESERVED_NAMES)),
        *(f"{prefix}anything" for prefix in RESERVED_PREFIXES),
        "Content-Length", "Content-Type", "Content-Encoding", "Proxy-Authorization", "Webhook-Signature",
        "X-WEBHOOK-Signature", "svix-id", "ce-id", "CE-Subject", "webhook-schema-version",
        "", " ", "X Y", " X", "X ", "X\t", "X:", ":authority", "X\r\nY", "X\n", "X\x00", "X\x7f", "Ü", "\u2169",
        "X(1)", "X,Y", '"X"', "X/Y", "X@Y", "[X]", "{X}", "X=1", "X;", "X<", "X?", "\\",
        "a" * (MAX_HEADER_NAME_CHARS + 1),
    ],
)  # fmt: skip
def test_a_name_that_may_not_be_sent(name: str) -> None:
    """What is no token, is the gateway's own, or too long."""
    with pytest.raises(InvalidInputError) as refused:
        check_headers([GivenHeader(name, VALUE)])
    assert VALUE not in f"{refused.value.message}{refused.value.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "\r\nX: y",
        "\n",
        "\r",
        "\x00",
        "\t",
        "\x0b",
        "\x0c",
        "\x1b[2J",
        "\x7f",
        "\x80",
        "\x85",
        "ü",
        "\u2028",
        "😀",
        "\ud800",
    ],
)
@pytest.mark.parametrize("place", ["{}x", "x{}x", "x{}"])
def test_a_value_that_may_not_be_sent(text: str, place: str) -> None:
    """Line ends, control characters and what is not ASCII, wherever it stands."""
    with pytest.raises(InvalidInputError) as refused:
        check_headers([GivenHeader("X-Y", f"{VALUE}{place.format(text)}")])
    assert VALUE not in f"{refused.value.message}{refused.value.hint}"


@pytest.mark.parametrize("value", ["", " ", " x", "x ", "v" * (MAX_HEADER_VALUE_CHARS + 1)])
def test_a_value_is_neither_empty_nor_padded_nor_endless(value: str) -> None:
    """An empty one is a variable that was not set."""
    with pytest.raises(InvalidInputError):
        check_headers([GivenHeader("X-Y", value)])


def test_a_name_comes_once() -> None:
    """In any spelling."""
    with pytest.raises(InvalidInputError, match="twice"):
        check_headers([GivenHeader("X-Key", "1"), GivenHeader("x-kEY", "2")])


def test_headers_are_bounded_together() -> None:
    """By their number, and by the characters of names and values."""
    most = [GivenHeader(f"X-{number}", "v") for number in range(MAX_HEADERS)]
    check_headers(most)
    with pytest.raises(InvalidInputError, match=f"more than {MAX_HEADERS}"):
        check_headers([*most, GivenHeader("X-Last", "v")])
    long = [GivenHeader(f"X-{number}", "v" * (MAX_HEADERS_CHARS // 2 - 3)) for number in range(2)]
    check_headers(long)
    with pytest.raises(InvalidInputError, match="together"):
        check_headers([*long, GivenHeader("X", "v")])


@given(st.text(max_size=12), st.text(max_size=12))
def test_what_is_accepted_is_one_line_of_a_request(name: str, value: str) -> None:
    """Whatever the texts, what passes can be written and read back as the same single header."""
    try:
        (header,) = check_headers([GivenHeader(name, value)])
    except InvalidInputError:
        return
    line = f"{header.name}: {header.value}".encode("latin-1")
    assert b"\r" not in line
    assert b"\n" not in line
    assert parse_header_line(line.decode(), "it") == header
    assert header.value is not None
    assert list(CIMultiDict({header.name: header.value}).items()) == [(name, value)]


@pytest.mark.parametrize("line", ["", VALUE, f":{VALUE}", ": "])
def test_a_line_that_is_no_header_is_not_repeated(line: str) -> None:
    """It may be nothing but the value."""
    with pytest.raises(InvalidInputError, match="line 3") as refused:
        parse_header_line(line, "line 3")
    assert VALUE not in refused.value.message


@pytest.mark.parametrize("line", [f"X-Key: {VALUE}", f"X-Key:{VALUE}", f"X-Key:   {VALUE}  "])
def test_blanks_around_a_value_do_not_count(line: str) -> None:
    """As in a request."""
    assert parse_header_line(line, "it") == GivenHeader("X-Key", VALUE)


def test_a_value_is_not_in_repr() -> None:
    """Neither in logs of whoever holds one."""
    assert VALUE not in repr(GivenHeader("X-Key", VALUE))


def test_headers_are_replaced_added_and_removed() -> None:
    """The others keep their values and their order."""
    changed = changed_headers(["A", "B", "C"], [GivenHeader("b", "2"), GivenHeader("D", "4")], ["c"])
    assert changed == (GivenHeader("A"), GivenHeader("b", "2"), GivenHeader("D", "4"))
    with pytest.raises(InvalidInputError, match="no such header") as refused:
        changed_headers(["A", "B"], [], [VALUE])
    assert (VALUE in refused.value.message, "A, B" in str(refused.value.hint)) == (False, True)
    with pytest.raises(InvalidInputError, match="twice"):
        changed_headers(["A"], [GivenHeader("a", "1")], ["A"])
