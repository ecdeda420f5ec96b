"""Where deliveries may go: public unicast over https, whatever spelling is tried."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.endpoint import MAX_URL_CHARS, check_endpoint_url, is_public_address
from gateway.domain.errors import InvalidInputError


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]
)
def test_public_addresses(address: str) -> None:
    """Global unicast of both families is public."""
    assert is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address that must be refused
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "2606:4700::5efe:7f00:1",
        "2606:4700::200:5efe:a00:1",
        "",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "localhost",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    """Private, local, special, multicast, v4 embedded in v6, and what is no address at all."""
    assert not is_public_address(address)


@given(st.ip_addresses())
def test_what_the_standard_library_calls_private_is_never_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """A second opinion on any address: stricter is fine, laxer is not."""
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        assert not is_public_address(str(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hooks/in?x=%20y",
        "https://example.com:443/",
        "https://example.com:8443/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://xn--bcher-kva.example.com/",
        "HTTPS://EXAMPLE.COM/",
    ],
)
def test_urls_that_are_endpoints(url: str) -> None:
    """An https URL with a public host is taken as it is."""
    assert check_endpoint_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "http://example.com/",
        "ftp://example.com/",
        "https:example.com",
        "https:///path",
        "https://",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://intranet/",
        "https://db.internal/",
        "https://printer.local/",
        "https://a.test/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://user:password@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/#fragment",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: x",
        "https://exämple.com/",
        "https://example.com/" + "x" * MAX_URL_CHARS,
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    """Every other spelling is refused with a reason."""
    with pytest.raises(InvalidInputError):
        check_endpoint_url(url)


def test_development_accepts_plain_http_and_loopback() -> None:
    """The switch opens scheme and host, nothing else."""
    assert check_endpoint_url("http://127.0.0.1:8088/hooks", allow_insecure=True)
    with pytest.raises(InvalidInputError):
        check_endpoint_url("http://user@127.0.0.1/", allow_insecure=True)
    with pytest.raises(InvalidInputError):
        check_endpoint_url("file:///etc/passwd", allow_insecure=True)


@given(st.text(max_size=60))
def test_any_text_is_accepted_or_refused(text: str) -> None:
    """Whatever is typed, the answer is the URL or an InvalidInputError."""
    for url in (text, f"https://{text}", f"https://example.com:{text}"):
        try:
            assert check_endpoint_url(url) == url
        except InvalidInputError:
            continue
