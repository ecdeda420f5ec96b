"""Which URLs are endpoints: whatever spelling is tried, only what every parser reads in the same way."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from gateway.domain.addresses import DEVELOPMENT, PUBLIC_ONLY, AddressPolicy, parse_networks, parse_ports
from gateway.domain.endpoint import MAX_URL_CHARS, check_endpoint_url, host_as_given
from gateway.domain.errors import InvalidInputError
from tests.url_cases import UrlCase, url_cases

CASES = url_cases()
_CANONICAL_HOST = re.compile(r"[a-z0-9.-]+\Z|[0-9a-f:]+\Z")
# What hides a host, among what makes one.
_PIECES = st.sampled_from([
    "https://", "http://", "//", "/", "\\", "@", ":", "443", "8443", "?", "#", ";", "%", "%2e", ".", "..", "[", "]",
    "example", ".com", "127.0.0.1", "::1", "0x7f", "localhost", "xn--", "a", "-", "_", "\t", "\n", "\0", " ",
    "\uff11", "\u3002",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=8).map("".join))


def is_endpoint(url: str, policy: AddressPolicy = PUBLIC_ONLY) -> bool:
    try:
        return check_endpoint_url(url, policy) == url
    except InvalidInputError:
        return False


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case.url)[1:60])
def test_the_table(case: UrlCase) -> None:
    """Each URL of the table is taken as it is, or refused with a reason that can be printed on one line."""
    if case.allowed:
        assert check_endpoint_url(case.url, PUBLIC_ONLY) == case.url
        return
    with pytest.raises(InvalidInputError) as refused:
        check_endpoint_url(case.url, PUBLIC_ONLY)
    assert refused.value.message.isprintable()
    assert refused.value.message.isascii()


def test_the_table_is_large() -> None:
    """Hundreds of different spellings, of both kinds."""
    assert len({case.url for case in CASES}) == len(CASES) >= 300
    assert len([case for case in CASES if case.allowed]) >= 50


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://localhost/hooks", "localhost"),
        ("https://10.0.0.1:8443?x", "10.0.0.1"),
        ("http://[::1]:8443/", "[::1]"),
        ("https://user:secret@[::1::]/", "[::1::]"),
        ("https://a@b@c\\d", "c"),
        ("https://[::1", "["),
        ("no URL", ""),
        ("https://" + "x" * 300, "x" * 253),
    ],
)
def test_the_host_as_given(url: str, host: str) -> None:
    """For logs: of any text, and nothing secret."""
    assert host_as_given(url) == host


def test_a_url_is_bounded() -> None:
    """Its length is, whatever it is."""
    longest = "https://example.com/".ljust(MAX_URL_CHARS, "x")
    assert is_endpoint(longest)
    assert not is_endpoint(longest + "x")
    assert not is_endpoint("")


@given(TEXTS, st.sampled_from(["", "https://", "https://example.com", "https://example.com:"]))
@example("?", "https://example.com/")
def test_what_is_accepted_is_read_in_one_way(text: str, before: str) -> None:
    """Any text is refused, or two other parsers find the same host and port, and the host is a canonical one."""
    assert_read_in_one_way(before + text)


@given(st.from_regex(r"https://[a-z0-9.\[\]:-]{1,40}(:[0-9]{1,5})?(/[!-~]{0,20})?", fullmatch=True))
def test_what_looks_like_an_endpoint(url: str) -> None:
    """The same for texts that come close."""
    assert_read_in_one_way(url)


def assert_read_in_one_way(url: str) -> None:
    if not is_endpoint(url):
        return
    split, parsed = urlsplit(url), URL(url, encoded=True)
    assert split.hostname is not None
    assert _CANONICAL_HOST.match(split.hostname)
    assert split.hostname == (parsed.raw_host or "").lower()
    assert (split.port or 443) == parsed.port
    assert split.scheme == parsed.scheme == "https"
    assert (split.username, split.password, split.fragment) == (None, None, "")


def test_the_operators_ports() -> None:
    """What is configured holds instead of the default, for names and addresses."""
    policy = AddressPolicy(ports=parse_ports("443,8443,9000-9010"))
    for port, allowed in ((443, True), (8443, True), (9000, True), (9010, True), (9011, False), (1024, False)):
        assert is_endpoint(f"https://example.com:{port}/", policy) == allowed
        assert is_endpoint(f"https://8.8.8.8:{port}/", policy) == allowed
    assert is_endpoint("https://example.com/", policy)
    assert not is_endpoint("https://example.com/", AddressPolicy(ports=parse_ports("8443")))


def test_the_operators_networks() -> None:
    """A literal address is judged by them; names of private zones stay refused."""
    policy = AddressPolicy(allow_networks=parse_networks("10.0.0.0/8"), deny_networks=parse_networks("10.9.0.0/16"))
    assert is_endpoint("https://10.1.2.3/", policy)
    assert not is_endpoint("https://10.9.2.3/", policy)
    assert not is_endpoint("https://192.168.1.1/", policy)
    assert not is_endpoint("https://db.internal/", policy)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8088/hooks",
        "http://localhost:8088/hooks",
        "http://receiver/hooks",
        "http://my_receiver:80/",
        "http://[::1]:8088/",
        "https://db.internal:22/",
    ],
)
def test_development_accepts_plain_http_and_any_host(url: str) -> None:
    """And any port."""
    assert is_endpoint(url, DEVELOPMENT)


@pytest.mark.parametrize(
    "url",
    [
        "http://user@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http://127.0.0.1/#x",
        "http://127.0.0.1/a b",
        "http://127.0.0.1:65536/",
        "http://a;b/",
        "http://[::1/",
        "http:///hooks",
        "file:///etc/passwd",
    ],
)
def test_development_accepts_no_other_shape(url: str) -> None:
    """What parsers read differently is refused there, too."""
    assert not is_endpoint(url, DEVELOPMENT)


def test_what_is_denied_is_denied_in_development() -> None:
    """The operator's word is stronger than the switch."""
    policy = AddressPolicy(deny_networks=parse_networks("169.254.0.0/16"), insecure=True)
    assert not is_endpoint("http://169.254.169.254/", policy)
    assert is_endpoint("http://127.0.0.1/", policy)
