"""Which addresses and ports deliveries may go to. Denied by default: what is not known to be public is refused.

A policy is a value: it knows the networks of the IANA registries and what the operator has said of others. It is asked
about literal addresses when a subscription is written (`gateway/domain/endpoint.py`), and about every address that is
about to be connected (`gateway/http/guard.py`). It resolves nothing.
"""

import ipaddress
import re
from dataclasses import dataclass

from gateway.domain.errors import InvalidInputError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_PORT = 65_535

_CIDR = re.compile(r"[0-9A-Fa-f.:]+(/[0-9]{1,3})?\Z")
_PORTS = re.compile(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?\Z")


@dataclass(frozen=True, slots=True)
class SpecialNetwork:
    """A network that is not public.

    Attributes:
        network: its addresses.
        purpose: what it is for, in a few words, with the source.
    """

    network: Network
    purpose: str


@dataclass(frozen=True, slots=True)
class PortRange:
    """Ports from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def _special(*lines: str) -> tuple[SpecialNetwork, ...]:
    pairs = (line.split(" ", 1) for line in lines)
    return tuple(SpecialNetwork(ipaddress.ip_network(network), purpose) for network, purpose in pairs)


# The IANA IPv4 and IPv6 special-purpose address registries (RFC 6890), also where they call a network globally
# reachable: none of them is for a web server. Multicast and what is no longer in the registries, too.
SPECIAL_NETWORKS = _special(
    "0.0.0.0/8 this network (RFC 791)",
    "10.0.0.0/8 private use (RFC 1918)",
    "100.64.0.0/10 shared address space (RFC 6598)",
    "127.0.0.0/8 loopback (RFC 1122)",
    "168.63.129.16/32 the platform's own address in Azure",
    "169.254.0.0/16 link local, cloud metadata (RFC 3927)",
    "172.16.0.0/12 private use (RFC 1918)",
    "192.0.0.0/24 IETF protocol assignments (RFC 6890)",
    "192.0.2.0/24 documentation (RFC 5737)",
    "192.31.196.0/24 AS112 (RFC 7535)",
    "192.52.193.0/24 AMT relays (RFC 7450)",
    "192.88.99.0/24 6to4 relays, deprecated (RFC 7526)",
    "192.168.0.0/16 private use (RFC 1918)",
    "192.175.48.0/24 AS112 (RFC 7534)",
    "198.18.0.0/15 benchmarking (RFC 2544)",
    "198.51.100.0/24 documentation (RFC 5737)",
    "203.0.113.0/24 documentation (RFC 5737)",
    "224.0.0.0/4 multicast (RFC 5771)",
    "255.255.255.255/32 broadcast (RFC 919)",
    "240.0.0.0/4 reserved (RFC 1112)",
    "::/128 unspecified (RFC 4291)",
    "::1/128 loopback (RFC 4291)",
    "::/96 IPv4-compatible, deprecated (RFC 4291)",
    "::ffff:0:0/96 IPv4-mapped (RFC 4291)",
    "::ffff:0:0:0/96 IPv4-translated (RFC 2765)",
    "64:ff9b::/96 NAT64 (RFC 6052)",
    "64:ff9b:1::/48 NAT64, local use (RFC 8215)",
    "100::/64 discard only (RFC 6666)",
    "100:0:0:1::/64 dummy prefix (RFC 9780)",
    "2001::/32 Teredo (RFC 4380)",
    "2001:2::/48 benchmarking (RFC 5180)",
    "2001:10::/28 ORCHID, deprecated (RFC 4843)",
    "2001:20::/28 ORCHIDv2 (RFC 7343)",
    "2001:30::/28 drone remote identification (RFC 9374)",
    "2001::/23 IETF protocol assignments (RFC 2928)",
    "2001:db8::/32 documentation (RFC 3849)",
    "2002::/16 6to4 (RFC 3056)",
    "2620:4f:8000::/48 AS112 (RFC 7534)",
    "3fff::/20 documentation (RFC 9637)",
    "5f00::/16 segment routing (RFC 9602)",
    "fc00::/7 unique local (RFC 4193)",
    "fe80::/10 link local (RFC 4291)",
    "fec0::/10 site local, deprecated (RFC 3879)",
    "ff00::/8 multicast (RFC 4291)",
)
# All other IPv6 space is not assigned to anybody (RFC 4291 section 2.4).
GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_ISATAP = frozenset({b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe"})
_ENDS_IN_V4 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
DEFAULT_PORTS = (PortRange(443, 443), PortRange(1024, MAX_PORT))


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Where deliveries may go.

    Attributes:
        allow_networks: accepted although they are not public. They add to what is public, they don't replace it.
        deny_networks: refused whatever else holds.
        ports: the ports that may be connected.
        insecure: development only: any address that is not denied, any port, and plain http.
    """

    allow_networks: tuple[Network, ...] = ()
    deny_networks: tuple[Network, ...] = ()
    ports: tuple[PortRange, ...] = DEFAULT_PORTS
    insecure: bool = False

    def allows(self, address: str, port: int) -> bool:
        """Tell whether a connection to a numeric address and a port may be made."""
        return self.allows_port(port) and self.refusal(address) is None

    def allows_port(self, port: int) -> bool:
        """Tell whether a port may be connected."""
        return self.insecure or any(ports.first <= port <= ports.last for ports in self.ports)

    def refusal(self, address: str) -> str | None:
        """Say why nothing may be sent to an address, or None where it may.

        Args:
            address: numeric, as the operating system prints it. A zone (`%eth0`) makes it local.
        """
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return "not an address"
        return self._refusal(parsed)

    def _refusal(self, address: IPAddress) -> str | None:
        within = embedded_v4(address)
        if any(_is_in(found, self.deny_networks) for found in (address, *within)):
            return "denied by GATEWAY_DENY_NETWORKS"
        if self.insecure:
            return None
        if _is_in(address, self.allow_networks):
            # Who allows a NAT64 prefix doesn't thereby allow the private addresses behind it.
            return next(filter(None, map(self._refusal, within)), None)
        return _why_not_public(address)


PUBLIC_ONLY = AddressPolicy()
DEVELOPMENT = AddressPolicy(insecure=True)


def embedded_v4(address: IPAddress) -> tuple[ipaddress.IPv4Address, ...]:
    """Give the IPv4 addresses that a gateway or a tunnel may read in an IPv6 address; two in a Teredo address."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.teredo is not None:
        return address.teredo
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if _is_isatap(address) or _is_in(address, _ENDS_IN_V4):
        return (ipaddress.IPv4Address(address.packed[12:]),)
    return ()


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read networks in CIDR notation, comma separated; an address alone is a network of one.

    Raises:
        InvalidInputError: an entry is no network; the message says which.
    """
    return tuple(_parse_network(entry.strip()) for entry in text.split(",")) if text.strip() else ()


def parse_ports(text: str) -> tuple[PortRange, ...]:
    """Read ports and ranges of ports, comma separated: `443,8443,1024-65535`.

    Raises:
        InvalidInputError: an entry is neither; the message says which.
    """
    return tuple(_parse_ports(entry.strip()) for entry in text.split(","))


def _parse_network(entry: str) -> Network:
    hint = "write networks like 10.20.0.0/16 or fd00:20::/32, comma separated"
    try:
        if _CIDR.match(entry) is None:
            raise InvalidInputError(f"'{entry}' is not a network", hint=hint)
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        raise InvalidInputError(f"'{entry}' is not a network", hint=hint) from None
    if str(network.network_address) != str(ipaddress.ip_address(entry.partition("/")[0])):
        raise InvalidInputError(f"'{entry}' has bits set beyond its prefix", hint=f"did you mean {network}?")
    return network


def _parse_ports(entry: str) -> PortRange:
    found = _PORTS.match(entry)
    if found is not None:
        first, last = int(found[1]), int(found[2] or found[1])
        if first <= last <= MAX_PORT:
            return PortRange(first, last)
    raise InvalidInputError(f"'{entry}' is no port and no range of ports", hint="write them like 443,8443,1024-65535")


def _why_not_public(address: IPAddress) -> str | None:
    for special in SPECIAL_NETWORKS:
        if address in special.network:
            return f"not public: {special.purpose}"
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.scope_id is not None:
        return "not public: it has a zone"
    if address not in GLOBAL_UNICAST_V6:
        return "not public: outside of global unicast (RFC 4291)"
    return "not public: ISATAP (RFC 5214)" if _is_isatap(address) else None


def _is_isatap(address: ipaddress.IPv6Address) -> bool:
    return address.packed[8:12] in _ISATAP


def _is_in(address: IPAddress, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
