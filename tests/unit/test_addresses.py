"""Which addresses deliveries may go to: public unicast, and what the operator says of other networks."""

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.addresses import (
    DEVELOPMENT,
    MAX_PORT,
    PUBLIC_ONLY,
    SPECIAL_NETWORKS,
    AddressPolicy,
    IPAddress,
    SpecialNetwork,
    embedded_v4,
    parse_networks,
    parse_ports,
)
from gateway.domain.errors import InvalidInputError

V4_WITHIN = {
    "::{v4}": "compatible",
    "::ffff:{v4}": "mapped",
    "::ffff:0:{v4}": "translated",
    "64:ff9b::{v4}": "NAT64",
    "64:ff9b:1::{v4}": "NAT64, local use",
    "2002:{hex}::1": "6to4",
    "2001:0:{hex}:0:0:f7f7:f7f7": "Teredo, the server",
    "2001:0:808:808:0:0:{inverse}": "Teredo, the client",
    "2606:4700::5efe:{v4}": "ISATAP",
    "2606:4700::200:5efe:{v4}": "ISATAP, universal",
}


def with_v4(form: str, v4: str) -> str:
    """Write an IPv6 address that holds an IPv4 address."""
    number = int(ipaddress.IPv4Address(v4))
    high, low = divmod(number, 0x10000)
    inverse = f"{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}"
    return str(ipaddress.IPv6Address(form.format(v4=v4, hex=f"{high:x}:{low:x}", inverse=inverse)))


def is_allowed(address: str, policy: AddressPolicy = PUBLIC_ONLY) -> bool:
    return policy.refusal(address) is None


def allowing(text: str, *, denying: str = "") -> AddressPolicy:
    return AddressPolicy(allow_networks=parse_networks(text), deny_networks=parse_networks(denying))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]
)
def test_public_addresses(address: str) -> None:
    """Global unicast of both families is public."""
    assert is_allowed(address)
    assert PUBLIC_ONLY.allows(address, 443)
    assert not PUBLIC_ONLY.allows(address, 22)


@pytest.mark.parametrize("special", SPECIAL_NETWORKS, ids=lambda special: str(special.network))
def test_special_networks(special: SpecialNetwork) -> None:
    """Their first and last addresses are refused, and the reason names a purpose."""
    for address in (special.network[0], special.network[-1]):
        refusal = PUBLIC_ONLY.refusal(str(address))
        assert refusal is not None
        assert refusal.startswith("not public: ")


@pytest.mark.parametrize("v4", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8"])
@pytest.mark.parametrize("form", V4_WITHIN, ids=V4_WITHIN.values())
def test_an_ipv4_address_within_is_found_and_refused(form: str, v4: str) -> None:
    """By every way of embedding one; also a public one, which has an address of its own."""
    address = with_v4(form, v4)
    assert ipaddress.IPv4Address(v4) in embedded_v4(ipaddress.ip_address(address))
    assert not is_allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "localhost",
        "8.8.8.8 ",
        "\u0668.8.8.8",
        "[2606:4700::1111]",
        "2606:4700::1111%eth0",
        "fe80::1%eth0",
        "4000::1",
        "1::1",
    ],
)
def test_what_is_no_public_address(address: str) -> None:
    """Other spellings, zones, space that nobody has, and ISATAP under any prefix."""
    assert not is_allowed(address)


def not_public(address: IPAddress) -> bool:
    """The standard library's opinion, and what it says of an address within."""
    within = getattr(address, "ipv4_mapped", None)
    return (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or getattr(address, "is_site_local", False)
        or (within is not None and not_public(within))
    )


@given(st.one_of(st.ip_addresses(), st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)))
@example(ipaddress.ip_address("::ffff:7f00:1"))
@example(ipaddress.ip_address("fec0::1"))
def test_what_the_standard_library_calls_private_is_never_public(address: IPAddress) -> None:
    """A second opinion on any address: stricter is fine, laxer is not."""
    if not_public(address):
        assert not is_allowed(str(address))


@given(st.ip_addresses(), st.booleans())
def test_what_is_denied_is_denied(address: IPAddress, insecure: bool) -> None:  # noqa: FBT001 - an argument of Hypothesis
    """Whatever is allowed besides, and in development."""
    everything = parse_networks("0.0.0.0/0,::/0")
    policy = AddressPolicy(everything, parse_networks(str(address)), insecure=insecure)
    assert policy.refusal(str(address)) == "denied by GATEWAY_DENY_NETWORKS"


def test_what_is_allowed_adds_to_what_is_public() -> None:
    """It opens its network and nothing beside it."""
    policy = allowing("10.20.0.0/16, fd00:20::/32")
    assert is_allowed("10.20.255.255", policy)
    assert is_allowed("fd00:20::1", policy)
    assert is_allowed("8.8.8.8", policy)
    assert not is_allowed("10.21.0.0", policy)
    assert not is_allowed("fd00:21::1", policy)
    assert not is_allowed("::ffff:10.20.0.1", policy)


def test_denied_is_stronger_than_allowed_and_than_public() -> None:
    """Also where it is written as an IPv4 address within an IPv6 address."""
    policy = allowing("10.0.0.0/8,::ffff:0:0/96", denying="10.9.0.0/16,8.8.8.0/24")
    assert is_allowed("10.8.0.1", policy)
    assert not is_allowed("10.9.0.1", policy)
    assert not is_allowed("8.8.8.8", policy)
    assert not is_allowed("::ffff:10.9.0.1", policy)
    assert not is_allowed("::ffff:8.8.8.8", policy)


@pytest.mark.parametrize("form", V4_WITHIN, ids=V4_WITHIN.values())
def test_an_allowed_tunnel_leads_to_public_addresses_only(form: str) -> None:
    """Whoever allows the prefix of a NAT64 gateway does not allow what is private behind it."""
    policy = allowing("::/0")
    assert is_allowed(with_v4(form, "8.8.4.4"), policy)
    assert not is_allowed(with_v4(form, "10.0.0.1"), policy)
    assert is_allowed(with_v4(form, "10.0.0.1"), allowing("::/0,10.0.0.0/8"))


def test_development_allows_what_is_not_denied() -> None:
    """Any address, any port."""
    assert all(DEVELOPMENT.allows(address, 22) for address in ("127.0.0.1", "::1", "10.0.0.1", "fe80::1%eth0"))
    assert not DEVELOPMENT.allows("localhost", 443)


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("", []),
        (" ", []),
        ("10.20.0.0/16", ["10.20.0.0/16"]),
        ("10.20.30.40", ["10.20.30.40/32"]),
        (" 10.0.0.0/8 , fd00::/8,::1 ", ["10.0.0.0/8", "fd00::/8", "::1/128"]),
        ("0.0.0.0/0,::/0", ["0.0.0.0/0", "::/0"]),
    ],
)
def test_networks_are_read(text: str, networks: list[str]) -> None:
    """CIDRs and single addresses of both families."""
    assert [str(network) for network in parse_networks(text)] == networks


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("10.0.0.0/8,", "'' is not a network"),
        ("10.0.0.0/33", "'10.0.0.0/33' is not"),
        ("10.0.0.0/8;fd00::/8", "is not a network"),
        ("10.0.0.0/255.0.0.0", "is not a network"),
        ("10.0.0/8", "'10.0.0/8' is not"),
        ("010.0.0.0/8", "is not a network"),
        ("10.0.0.0/-1", "is not a network"),
        ("example.com", "'example.com' is not"),
        ("fe80::%eth0/64", "is not a network"),
        ("10.0.0.0/8 10.1.0.0/16", "is not a network"),
        ("10.20.30.40/16", "has bits set beyond its prefix"),
        ("fd00::1/32", "has bits set beyond its prefix"),
    ],
)
def test_what_is_no_network(text: str, says: str) -> None:
    """The message names the entry, and the hint shows how it is written."""
    with pytest.raises(InvalidInputError, match=says) as refused:
        parse_networks(text)
    assert refused.value.hint


@given(st.integers(0, MAX_PORT + 1))
def test_ports_are_read(port: int) -> None:
    """Single ports and ranges, both ends included."""
    policy = AddressPolicy(ports=parse_ports("443, 8443,9000-9010"))
    assert policy.allows_port(port) == (port in {443, 8443, *range(9000, 9011)})
    assert PUBLIC_ONLY.allows_port(port) == (port == 443 or 1024 <= port <= MAX_PORT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "443,",
        "65536",
        "0-10",
        "10-9",
        "443-",
        "-443",
        "1-2-3",
        "443;80",
        "https",
        "0443",
        "+443",
        "\uff14\uff14\uff13",
        "1.5",
    ],
)
def test_what_is_no_port(text: str) -> None:
    """The message names the entry."""
    with pytest.raises(InvalidInputError, match="is no port"):
        parse_ports(text)
