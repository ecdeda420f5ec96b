"""Logs who changed which subscription: a line `security.subscription_changed` for each, once it is written.

These lines are not held back like others of the security log: nobody outside provokes them, each is a record that
Kafka has confirmed, and a trail with gaps is none.
"""

from collections.abc import Sequence

import structlog

from gateway.domain.change_notes import ChangeNote, note_change
from gateway.domain.changes import Change, ChangeStore, Decide, changed_id
from gateway.domain.errors import UnavailableError
from gateway.domain.matching import SubscriptionIndex
from gateway.telemetry.security_log import SUBSCRIPTION_CHANGED

_log = structlog.get_logger()


class AuditedStore:
    """A `ChangeStore` that logs what is changed through it.

    Args:
        store: makes the changes.
        actor: by whom, for the log.
    """

    def __init__(self, store: ChangeStore, actor: str) -> None:
        self._store = store
        self._actor = actor

    def change(self, decide: Decide) -> Sequence[Change]:
        """Do what the store does, and log it; also where Kafka did not say whether it was done."""
        notes: list[ChangeNote] = []

        def noting(index: SubscriptionIndex) -> Sequence[Change]:
            changes = decide(index)
            notes[:] = [note for change in changes if (note := note_change(index.get(changed_id(change)), change))]
            return changes

        try:
            written = self._store.change(noting)
        except UnavailableError:
            self._write(notes, confirmed=False)
            raise
        self._write(notes, confirmed=True)
        return written

    def _write(self, notes: Sequence[ChangeNote], *, confirmed: bool) -> None:
        for note in notes:
            _log.info(
                SUBSCRIPTION_CHANGED,
                actor=self._actor,
                subscription_id=note.subscription_id,
                action=note.action,
                fields=list(note.fields),
                revision=note.revision,
                confirmed=confirmed,
            )
