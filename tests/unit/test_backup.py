"""A backup brings the table back as it was, sealed secrets included, and never changes what is there."""

import json
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admin.backup import MAX_LINE_BYTES, backup_lines, read_backup, restore
from gateway.domain.changes import Put
from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import Subscription
from tests.subscriptions import MemoryStore, subscription
from tests.unit.test_records import subscriptions


def read(content: bytes) -> dict[str, Subscription]:
    return read_backup(BytesIO(content), "saved.jsonl")


def line(**changed: Any) -> bytes:
    """Give the line of a subscription, with some of it replaced."""
    [written] = backup_lines([subscription("s1")])
    return json.dumps({**json.loads(written), **changed}).encode()


@given(st.lists(subscriptions, max_size=1))
def test_what_was_written_is_read(saved: list[Subscription]) -> None:
    """Every field, whatever is in it."""
    assert list(read(b"".join(backup_lines(saved))).values()) == saved


def test_what_is_missing_is_written_and_what_is_there_is_kept() -> None:
    """As it was, to the revision; a dry run writes nothing; a second run has nothing to do."""
    store = MemoryStore()
    gone, same, changed = (replace(subscription(name), revision=7) for name in ("gone", "same", "changed"))
    now = replace(changed, description="by now")
    store.change(lambda _: [Put(same), Put(now)])
    saved = [gone, same, changed]
    for dry_run in (True, False):
        done = restore(store, saved, dry_run=dry_run)
        assert (done.written, done.kept, done.differing) == (("gone",), ("same", "changed"), ("changed",))
        assert store.index.get("gone") == (None if dry_run else gone)
    assert store.index.get("changed") == now
    assert restore(store, saved, dry_run=False).written == ()


def test_a_large_table_is_written_in_parts() -> None:
    """Each a transaction of its own; together they are all of it."""
    store = MemoryStore()
    saved = [subscription(f"s{number}") for number in range(4_100)]
    assert len(restore(store, saved, dry_run=False).written) == len(store.index) == 4_100


@pytest.mark.parametrize(
    "content",
    [
        b"nothing\n",
        b"[]\n",
        b"1\n",
        b'{"id": "s1"}\n',
        line(record="?"),
        line(record="AAAA"),
        line(record=1),
        line(id="s2"),
        line(tenant="other"),
        line() + b"\n" + line(),
        b"x" * (MAX_LINE_BYTES + 1),
        b"\xff\xfe\n",
    ],
)
def test_what_is_no_backup_is_refused_with_its_line(content: bytes) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidInputError, match=r"saved\.jsonl, line \d"):
        read(content)


def test_empty_lines_are_passed_over() -> None:
    """An editor may leave some."""
    assert list(read(b"\n" + line() + b"\n\n")) == ["s1"]
