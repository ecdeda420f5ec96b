"""Ways in which the bytes of a record get damaged: changed, cut, grown, joined with others, under another mark."""

from collections.abc import Callable

from hypothesis import strategies as st

from gateway.wire.single_object import HEADER_BYTES, MARKER

# What Avro reads as lengths, counts and branches, at their limits.
_TELLING = (
    b"\x00",
    b"\x01",
    b"\x02",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff" * 9 + b"\x01",
    b"\xfe" * 9 + b"\x01",
    b"\x80" * 12,
)

Damage = Callable[[bytes], bytes]


def _pieces() -> st.SearchStrategy[bytes]:
    return st.sampled_from(_TELLING) | st.binary(min_size=1, max_size=12)


def _replaced(share: float, piece: bytes) -> Damage:
    def damage(value: bytes) -> bytes:
        at = round(share * len(value))
        return value[:at] + piece + value[at + len(piece) :]

    return damage


def _inserted(share: float, piece: bytes) -> Damage:
    def damage(value: bytes) -> bytes:
        at = round(share * len(value))
        return value[:at] + piece + value[at:]

    return damage


def _cut(start: float, end: float) -> Damage:
    def damage(value: bytes) -> bytes:
        return value[round(min(start, end) * len(value)) : round(max(start, end) * len(value))]

    return damage


def _under(fingerprint: bytes) -> Damage:
    return lambda value: MARKER + fingerprint + value[HEADER_BYTES:]


def _twice(value: bytes) -> bytes:
    return value + value


_shares = st.floats(0, 1)


def damages(*fingerprints: bytes) -> st.SearchStrategy[Damage]:
    """Give one to four ways to damage a value, one after the other.

    Args:
        fingerprints: of other schemas, whose mark the bytes may get.
    """
    one = st.one_of(
        st.builds(_replaced, _shares, _pieces()),
        st.builds(_inserted, _shares, _pieces()),
        st.builds(_cut, _shares, _shares),
        st.just(_twice),
        st.builds(_under, st.sampled_from(fingerprints) | st.binary(min_size=8, max_size=8)),
    )
    return st.lists(one, min_size=1, max_size=4).map(_in_turn)


def _in_turn(all_of_them: list[Damage]) -> Damage:
    def damage(value: bytes) -> bytes:
        for one in all_of_them:
            value = one(value)
        return value

    return damage
