"""A copy of the subscriptions table as lines of text, with what is sealed, still sealed; and back into a table.

A line is a JSON object with the subscription's id and tenant, for people, and its record as Kafka has it, in base64.
Secrets open with the key ring that sealed them and with nothing else. `export` writes what people edit; this is what
brings a table back as it was.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import orjson

from gateway.domain.changes import Change, ChangeStore, Put
from gateway.domain.errors import InvalidInputError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription
from gateway.wire.errors import UndecodableError
from gateway.wire.records import subscription_codec

# A record is at most what Kafka takes, about 1 MB; base64 adds a third.
MAX_LINE_BYTES = 2 * 2**20
MAX_LINES = 1_000_000
_IN_ONE_TRANSACTION = 2_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did, or would do.

    Attributes:
        written: the ids that were missing.
        kept: the ids that the table has, as they are there.
        differing: those of `kept` that the backup has in another form.
    """

    written: tuple[str, ...]
    kept: tuple[str, ...]
    differing: tuple[str, ...]


def backup_lines(subscriptions: Iterable[Subscription]) -> Iterator[bytes]:
    """Give one line for each subscription, with its line end."""
    codec = subscription_codec()
    for one in subscriptions:
        record = base64.b64encode(codec.encode(one)).decode()
        yield orjson.dumps({"id": one.subscription_id, "tenant": one.tenant, "record": record}) + b"\n"


def read_backup(stream: BinaryIO, name: str) -> dict[str, Subscription]:
    """Read what `backup_lines` gave, by id; empty lines are passed over.

    Args:
        stream: the lines.
        name: of the file, for messages.

    Raises:
        InvalidInputError: a line is too long, is none of a backup's, or says an id again; or there are too many.
    """
    found: dict[str, Subscription] = {}
    for number in range(1, MAX_LINES + 2):
        line = stream.readline(MAX_LINE_BYTES + 1)
        if not line:
            return found
        if number > MAX_LINES:
            break
        if line.strip():
            one = _subscription_in(line, f"{name}, line {number}")
            if one.subscription_id in found:
                raise InvalidInputError(f"{name}, line {number}: {one.subscription_id} is there twice")
            found[one.subscription_id] = one
    raise InvalidInputError(f"{name} has more than {MAX_LINES:,} lines")


def restore(store: ChangeStore, wanted: Sequence[Subscription], *, dry_run: bool) -> Restored:
    """Write the subscriptions that the table does not have; never touch one that it has.

    They are written in transactions of some thousand: a restore that is broken off is simply run again.

    Raises:
        ConflictError: others kept changing the table.
        UnavailableError: Kafka does not answer.
    """
    parts = [
        _restore_part(store, wanted[start : start + _IN_ONE_TRANSACTION], dry_run=dry_run)
        for start in range(0, len(wanted), _IN_ONE_TRANSACTION)
    ]
    return Restored(
        tuple(one for part in parts for one in part.written),
        tuple(one for part in parts for one in part.kept),
        tuple(one for part in parts for one in part.differing),
    )


def _restore_part(store: ChangeStore, wanted: Sequence[Subscription], *, dry_run: bool) -> Restored:
    current: dict[str, Subscription | None] = {}

    def decide(index: SubscriptionIndex) -> Sequence[Change]:
        # Called again when another writer was faster: what is told is what the last one saw.
        current.update((one.subscription_id, index.get(one.subscription_id)) for one in wanted)
        return [Put(one) for one in wanted if current[one.subscription_id] is None and not dry_run]

    store.change(decide)
    there = [one for one in wanted if current[one.subscription_id] is not None]
    return Restored(
        written=tuple(one.subscription_id for one in wanted if current[one.subscription_id] is None),
        kept=tuple(one.subscription_id for one in there),
        differing=tuple(one.subscription_id for one in there if current[one.subscription_id] != one),
    )


def _subscription_in(line: bytes, place: str) -> Subscription:
    if len(line) > MAX_LINE_BYTES:
        raise InvalidInputError(f"{place} is longer than {MAX_LINE_BYTES} bytes")
    try:
        said = orjson.loads(line)
        one = subscription_codec().decode(base64.b64decode(said["record"], validate=True))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, binascii.Error, UndecodableError):
        raise InvalidInputError(
            f"{place} is no subscription of a backup", hint="make one with: gateway subscriptions backup"
        ) from None
    if (one.subscription_id, one.tenant) != (said.get("id"), said.get("tenant")):
        raise InvalidInputError(f"{place}: id or tenant are not those of the record")
    return one
