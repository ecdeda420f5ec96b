"""Which version of an event type a subscription gets, and to which versions it is pinned when it is written.

A receiver's bodies never change their shape by themselves, unless it asks to follow the latest version.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.domain.errors import InvalidInputError
from gateway.domain.matching import matches_pattern

Pins = tuple[tuple[str, int], ...]

_VERSION = re.compile(r"[1-9][0-9]{0,8}\Z")


class VersionRule(Enum):
    """Why a subscription gets the version that it gets."""

    PINNED = "pinned"
    LATEST = "latest"
    FIRST = "first"


def version_for(pins: Pins, event_type: str, versions: Sequence[int], *, follow_latest: bool) -> int:
    """Give the version of an event type that a subscription gets: its pin, else the latest or the first.

    The first, because a type that came after the subscription must not change its shape with later versions.

    Args:
        pins: the subscription's, by event type.
        event_type: which one.
        versions: those that the catalog has, oldest first; at least one. A pin may name another one.
        follow_latest: as in the subscription.
    """
    pin = _pin_of(pins, event_type)
    if pin is not None:
        return pin
    return versions[-1] if follow_latest else versions[0]


def version_rule(pins: Pins, event_type: str, *, follow_latest: bool) -> VersionRule:
    """Tell which rule gives the version that a subscription gets; see `version_for`."""
    if _pin_of(pins, event_type) is not None:
        return VersionRule.PINNED
    return VersionRule.LATEST if follow_latest else VersionRule.FIRST


def covered_types(patterns: Iterable[str], event_types: Iterable[str]) -> tuple[str, ...]:
    """List the event types that patterns cover, in their order."""
    wanted = tuple(patterns)
    return tuple(one for one in event_types if any(matches_pattern(pattern, one) for pattern in wanted))


@dataclass(frozen=True, slots=True)
class VersionTerms:
    """What a subscription says about versions.

    Attributes:
        event_types: its patterns.
        pins: the pinned versions, by event type.
        follow_latest: whether event types without a pin get their latest version.
    """

    event_types: tuple[str, ...]
    pins: Pins
    follow_latest: bool


def pinned(
    event_types: tuple[str, ...],
    given: Mapping[str, int],
    latest: Mapping[str, int],
    *,
    follow_latest: bool | None = None,
    pin_latest: bool = False,
    current: VersionTerms | None = None,
) -> VersionTerms:
    """Settle a subscription's pins as it is written; what stays covered keeps its version.

    New event types, of a new subscription or of new patterns, are pinned to their latest version. Who asks to follow
    the latest versions keeps no pin but those that are given. Who stops following is pinned to what is latest now.

    Args:
        event_types: the patterns that it has from now on.
        given: the pins that are asked for.
        latest: the latest version of every event type of the catalog.
        follow_latest: what is asked for, or None to leave it; a new subscription does not follow.
        pin_latest: every event type is to be pinned to its latest version, also those that have a pin.
        current: what it says so far, or None for a new one.
    """
    covered = covered_types(event_types, latest)
    if follow_latest:
        return VersionTerms(event_types, _sorted(given), follow_latest=True)
    if pin_latest or current is None or (current.follow_latest and follow_latest is False):
        kept = {} if current is None or pin_latest else _kept(current, event_types)
        return VersionTerms(
            event_types, _sorted({**{one: latest[one] for one in covered}, **kept, **given}), follow_latest=False
        )
    pins = {**_kept(current, event_types), **given}
    if not current.follow_latest:
        known = set(covered_types(current.event_types, latest))
        pins = {**{one: latest[one] for one in covered if one not in known}, **pins}
    return VersionTerms(event_types, _sorted(pins), follow_latest=current.follow_latest)


def parse_pin(text: str) -> tuple[str, int]:
    """Read a pin like `order.created=1`.

    Raises:
        InvalidInputError: it is none.
    """
    event_type, equals, version = text.partition("=")
    if not equals or _VERSION.match(version) is None:
        raise InvalidInputError(f"'{text[:80]}' is not a pin", hint="use TYPE=VERSION, like order.created=1")
    return event_type, int(version)


def split_version(pattern: str) -> tuple[str, int | None]:
    """Take the version off an event type like `order.created@1`; None where there is none.

    Raises:
        InvalidInputError: what follows the `@` is no version, or the pattern covers several event types.
    """
    event_type, at, version = pattern.partition("@")
    if not at:
        return pattern, None
    if "*" in event_type:
        raise InvalidInputError(
            f"'{pattern[:80]}': a version belongs to one event type, not to a pattern", hint="pin each of them: --pin"
        )
    if _VERSION.match(version) is None:
        raise InvalidInputError(f"'{pattern[:80]}' has no version after the @", hint="like order.created@1")
    return event_type, int(version)


def merge_pins(pins: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Give pins by event type.

    Raises:
        InvalidInputError: one event type is pinned to two versions.
    """
    merged: dict[str, int] = {}
    for event_type, version in pins:
        if merged.setdefault(event_type, version) != version:
            raise InvalidInputError(f"{event_type} is pinned to {merged[event_type]} and to {version}")
    return merged


def _pin_of(pins: Pins, event_type: str) -> int | None:
    at = bisect_left(pins, (event_type,))
    return pins[at][1] if at < len(pins) and pins[at][0] == event_type else None


def _kept(current: VersionTerms, event_types: tuple[str, ...]) -> dict[str, int]:
    names = set(covered_types(event_types, (name for name, _ in current.pins)))
    return {name: version for name, version in current.pins if name in names}


def _sorted(pins: Mapping[str, int]) -> Pins:
    return tuple(sorted(pins.items()))
