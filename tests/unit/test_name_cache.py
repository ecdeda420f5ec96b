"""What is known of a host name is used for a bounded while, and what is not known is not asked for all the time."""

import socket

from hypothesis import given
from hypothesis import strategies as st

from gateway.http.name_cache import FAILED_TTL_S, FOUND_TTL_S, MAX_STALE_S, Answer, NameCache, NotFound

HERE = ((socket.AF_INET, "192.0.2.1"),)
MOVED = ((socket.AF_INET6, "2001:db8::1"),)
AWAY = NotFound("no answer", temporary=True)
GONE = NotFound("no such name", temporary=False)


def test_an_answer_is_used_for_a_short_time() -> None:
    """Then the name is asked for again, and the newer answer counts."""
    cache = NameCache()
    assert cache.get("a", 0) is None
    assert cache.learn("a", HERE, 0) == HERE
    assert cache.get("a", FOUND_TTL_S - 1) == HERE
    assert cache.get("a", FOUND_TTL_S) is None
    assert cache.learn("a", MOVED, FOUND_TTL_S) == MOVED


def test_a_failure_is_used_for_a_shorter_time() -> None:
    """A name that does not resolve is not looked up with each delivery, but soon again."""
    cache = NameCache()
    assert cache.learn("a", AWAY, 0) == AWAY
    assert cache.get("a", FAILED_TTL_S - 1) == AWAY
    assert cache.get("a", FAILED_TTL_S) is None


def test_the_last_answer_bridges_a_name_server_that_is_away() -> None:
    """It goes on being used, asked for again and again, but not for ever."""
    cache = NameCache()
    cache.learn("a", HERE, 0)
    assert cache.learn("a", AWAY, FOUND_TTL_S) == HERE
    assert cache.get("a", FOUND_TTL_S + FAILED_TTL_S - 1) == HERE
    assert cache.get("a", FOUND_TTL_S + FAILED_TTL_S) is None
    assert cache.learn("a", AWAY, MAX_STALE_S - 1) == HERE
    assert cache.learn("a", AWAY, MAX_STALE_S) == AWAY


def test_a_name_that_is_gone_is_gone_at_once() -> None:
    """No older answer stands against the name server's word."""
    cache = NameCache()
    cache.learn("a", HERE, 0)
    assert cache.learn("a", GONE, FOUND_TTL_S) == GONE
    assert cache.learn("a", AWAY, FOUND_TTL_S + 1) == AWAY


def test_the_names_asked_for_last_are_kept() -> None:
    """Memory does not grow with the number of names."""
    cache = NameCache(max_names=2)
    cache.learn("a", HERE, 0)
    cache.learn("b", HERE, 0)
    cache.get("a", 1)
    cache.learn("c", HERE, 1)
    assert [cache.get(name, 1) for name in ("a", "b", "c")] == [HERE, None, HERE]


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from([HERE, MOVED, AWAY, GONE])), max_size=30))
def test_no_address_is_used_beyond_its_bound(steps: list[tuple[float, Answer]]) -> None:
    """Whatever comes in between: an address is used only if it was the last one learnt, and not too long ago."""
    cache, now = NameCache(), 0.0
    last: tuple[float, Answer] | None = None
    for passed, learnt in steps:
        now += passed
        known = cache.get("a", now)
        used = cache.learn("a", learnt, now) if known is None else known
        if known is None and learnt in {HERE, MOVED}:
            last = (now, learnt)
        if not isinstance(used, NotFound):
            assert last is not None
            assert used == last[1]
            assert now - last[0] < MAX_STALE_S + FAILED_TTL_S
