"""What an endpoint says is kept and shown so that neither a terminal nor a page acts on it."""

from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.delivery_views import history_block
from gateway.cli.output import emit_json, emit_line, emit_table
from gateway.domain.foreign_text import KEPT_HEADERS, MAX_HEADER_CHARS, kept_headers, plain_line, plain_text
from gateway.domain.history import DeliveryHistory, DeliveryState, PastAttempt

# One of each kind: C0, escape, DEL, C1 (CSI), bidirectional overrides and isolates, zero width, line and paragraph
# separators, byte order mark, tags, a lone surrogate, private use, fillers that show nothing, variation selectors.
HOSTILE = [
    *"\0\a\b\t\r\v\f\x1b\x7f\x85\x9b\x9d",
    *"\u00ad\u061c\u180e\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff",
    *"\u034f\u115f\u3164\u2800\ufe0f\uffa0\ud800\udfff\ue000\uffff\U000e0001\U000e0041\U000e0100\U0010ffff",
]


@pytest.mark.parametrize("char", HOSTILE, ids=ascii)
def test_what_is_not_seen_becomes_a_space(char: str) -> None:
    """A terminal or a page would act on it, or hide what stands beside it."""
    assert plain_line(f"a{char}b") == "a b"
    assert plain_text(f"a{char}b\nc") == "a b\nc"


@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u2800\u3164\uffa0")))
def test_what_is_seen_stays(text: str) -> None:
    """In any script, but for the few letters and symbols that show nothing."""
    assert plain_line(text) == text


@given(st.text(max_size=60))
def test_nothing_hostile_is_left(text: str) -> None:
    """Whatever goes in, and one character for one: nothing can be made of what was taken apart."""
    plain = plain_text(text)
    assert all(char.isprintable() or char == "\n" for char in plain)
    assert len(plain) == len(text)
    assert plain_text(plain) == plain


def test_only_known_headers_are_kept() -> None:
    """Cookies, tokens and what nobody has thought of are not; of one that comes again the first counts."""
    headers = [
        ("set-cookie", "session=1"),
        ("SERVER", "nginx"),
        ("Server", "another"),
        ("x-request-id", "r\x1b[2J\r\n\u202e1"),
        ("Authorization", "Bearer x"),
        ("Location", "https://example.com/?token=x"),
        ("Content-Type", "text/html"),
        ("X-Anything", "x"),
    ]
    kept = (("Server", "nginx"), ("X-Request-Id", "r [2J   1"), ("Content-Type", "text/html"))
    assert kept_headers(headers) == kept


def test_headers_are_bounded() -> None:
    """A hundred of them, each as long as a parser takes: what is kept fits an attempt's record many times."""
    kept = kept_headers([(name, "x" * 16_384) for name in KEPT_HEADERS * 10])
    assert [name for name, _ in kept] == list(KEPT_HEADERS)
    assert {len(value) for _, value in kept} == {MAX_HEADER_CHARS}


ATTEMPT = PastAttempt(
    1,
    3,
    "event",
    0,
    5,
    502,
    None,
    "\x1b[31mred",
    "retry_scheduled",
    "http_status",
    None,
    "<b>\u202e</b>\r\n\x9b2J",
    (("Date", "today"), ("X-Request-Id", "r-\u200b1")),
)
HISTORY = DeliveryHistory(
    "id\x1b]0;title\a", "e", "order.paid", "s", "t", DeliveryState.PENDING, None, None, 0, None, None, 0, (ATTEMPT,)
)


def test_a_delivery_is_shown_without_what_a_terminal_acts_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Not even where somebody wrote it into a topic."""
    for line in history_block(HISTORY):
        emit_line(line)
    emit_table(("DELIVERY",), [(HISTORY.delivery_id,)])
    shown = capsys.readouterr().out
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert "<b> </b>   2J" in shown
    assert "X-Request-Id: r- 1" in shown
    assert "today" not in shown


def test_json_for_machines_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """What a terminal would act on is escaped, and read back as what it was."""
    value: Sequence[str] = [char for char in HOSTILE if not "\ud800" <= char <= "\udfff"]
    emit_json({"excerpt": value})
    line = capsys.readouterr().out
    assert line.removesuffix("\n").isprintable()
    assert orjson.loads(line) == {"excerpt": value}
