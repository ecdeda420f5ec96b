"""What the console remembers of who came how often, and what it takes for its own address."""

import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.console.access import limits
from gateway.console.access.limits import Room, Turnstile, peer_of
from gateway.console.access.site import site_at
from gateway.console.api.problems import ProblemError
from gateway.domain.errors import InvalidInputError
from gateway.domain.rate_limit import RateLimit


def test_each_is_counted_alone_and_in_time_let_through_again() -> None:
    """Two at once, then one a second."""
    now_ms = 0.0
    turnstile = Turnstile(RateLimit(1.0, 2), "too_often", lambda: now_ms)
    for who in ("a", "b", "a", "b"):
        turnstile.count(who)
    with pytest.raises(ProblemError) as refused:
        turnstile.count("a")
    assert (refused.value.problem.code, refused.value.retry_after_s) == ("too_often", 1)
    now_ms = 1000.0
    turnstile.count("a")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was not here for longest is forgotten first."""
    monkeypatch.setattr(limits, "MAX_REMEMBERED", 2)
    turnstile = Turnstile(RateLimit(1.0, 1), "too_often", lambda: 0.0)
    turnstile.count("a")
    turnstile.count("b")
    with pytest.raises(ProblemError):
        turnstile.count("a")
    turnstile.count("c")
    turnstile.count("b")
    with pytest.raises(ProblemError):
        turnstile.count("c")
    assert len(turnstile._buckets) == 2


def test_nobody_has_more_under_way_than_they_may() -> None:
    """Others may go on, and so may they when something of theirs has ended, in whatever way."""
    room = Room(2, "two are under way")
    with room.of("a"), room.of("b"):
        for _ in range(2):
            with pytest.raises(OSError, match="it failed"), room.of("a"):
                raise OSError("it failed")
        with room.of("a"), pytest.raises(ProblemError, match="two are under way"), room.of("a"):
            pytest.fail("this is the third")
    assert room._under_way == {}


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", "unknown"),
    ],
)
def test_a_customers_addresses_are_one_peer(address: str, peer: str) -> None:
    """Of IPv6 everybody has more addresses than could be counted."""
    assert peer_of(make_mocked_request("GET", "/").clone(remote=address)) == peer


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (None, None),
        ("https://Console.Example.com", "https://console.example.com"),
        ("https://console.example.com:443/", "https://console.example.com"),
        ("https://console.example.com:8443", "https://console.example.com:8443"),
        ("http://localhost:8090", "http://localhost:8090"),
        ("http://[::1]:8090", "http://[::1]:8090"),
    ],
)
def test_a_url_says_as_what_browsers_know_the_console(url: str | None, origin: str | None) -> None:
    """As they write it in `Origin`."""
    assert site_at("0.0.0.0", url).origin == origin  # noqa: S104 - nothing listens
    assert not site_at("0.0.0.0", url).is_local  # noqa: S104 - nothing listens
    assert site_at("127.0.0.2", url).is_local


@pytest.mark.parametrize(
    "url",
    [
        "http://console.example.com",
        "console.example.com",
        "https://",
        "https://a:b@console.example.com",
        "https://console.example.com/console",
        "https://console.example.com/?a",
        "https://console.example.com:port",
        "ftp://localhost",
        "https://[",
    ],
)
def test_no_log_in_is_sent_where_others_read_it(url: str) -> None:
    """Nor to what is no address of a console."""
    with pytest.raises(InvalidInputError, match="GATEWAY_CONSOLE_URL"):
        site_at("127.0.0.1", url)
