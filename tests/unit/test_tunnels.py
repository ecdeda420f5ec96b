"""Who is to blame where a proxy opens no tunnel: an endpoint only while the proxy serves others."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.tunnels import Destination, Tunnels

DEAD, OTHER, THIRD = ("dead.example", 443), ("other.example", 443), ("third.example", 443)


def test_alone_with_the_proxy_nobody_can_tell() -> None:
    """However often it fails, and whatever it did before."""
    tunnels = Tunnels()
    assert not any(tunnels.failed(DEAD, at, at + 1) for at in range(0, 100, 2))
    tunnels.opened(DEAD, 200)
    assert not any(tunnels.failed(DEAD, at, at + 1) for at in range(199, 300, 2))


def test_what_was_opened_before_says_nothing() -> None:
    """The proxy may have broken since."""
    tunnels = Tunnels()
    tunnels.opened(OTHER, 9.9)
    assert not tunnels.failed(DEAD, 10, 11)


def test_a_tunnel_to_another_meanwhile_tells() -> None:
    """Since it was asked for, or since it failed last; each failure needs a new one."""
    tunnels = Tunnels()
    tunnels.opened(OTHER, 10.5)
    assert tunnels.failed(DEAD, 10, 11)
    assert not tunnels.failed(DEAD, 12, 13)
    tunnels.opened(OTHER, 14)
    assert tunnels.failed(DEAD, 15, 16)


def test_its_own_tunnel_is_no_witness() -> None:
    """One that sometimes gets a tunnel and sometimes not is as the proxy is; another one tells, even before its own."""
    tunnels = Tunnels()
    tunnels.opened(DEAD, 10.5)
    assert not tunnels.failed(DEAD, 10, 11)
    tunnels.opened(OTHER, 12)
    tunnels.opened(DEAD, 13)
    assert tunnels.failed(DEAD, 11, 14)


def test_the_memory_is_bounded() -> None:
    """One that is forgotten is judged by when its tunnel was asked for."""
    tunnels = Tunnels(max_destinations=1)
    tunnels.failed(DEAD, 1, 2)
    tunnels.opened(OTHER, 3)
    tunnels.failed(THIRD, 4, 5)
    assert not tunnels.failed(DEAD, 6, 7)


destinations = st.sampled_from([DEAD, OTHER, THIRD])


@given(steps=st.lists(st.tuples(destinations, st.booleans())), outage=st.lists(destinations))
def test_an_outage_is_blamed_on_nobody(steps: list[tuple[Destination, bool]], outage: list[Destination]) -> None:
    """Whatever came before it: at most the one failure that another's last tunnel still speaks of is charged."""
    tunnels, now = Tunnels(), 0.0
    for destination, opens in steps:
        now += 1
        if opens:
            tunnels.opened(destination, now)
        else:
            tunnels.failed(destination, now - 0.5, now)
    charged = []
    for destination in outage:
        now += 1
        if tunnels.failed(destination, now - 0.5, now):
            charged.append(destination)
    assert len(charged) == len(set(charged))
