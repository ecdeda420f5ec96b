"""The compacted topic `gateway.access`: the credentials that there are, live or read once, and how they are written.

Several consoles share them, and none is lost with a restart. Whoever writes one here knows it at once; the other
consoles know it a moment later, and the same goes for its end.
"""

import threading
from collections.abc import Iterator

from gateway.domain.credentials import MAX_CREDENTIALS, Credential, CredentialIndex, ShownCredential
from gateway.domain.errors import UnavailableError
from gateway.domain.topics import ACCESS
from gateway.kafka.compacted_log import TableKind, read_table
from gateway.kafka.compacted_table import CompactedTable
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.wire.credential_record import credential_codec

# Kept for a while after their end, so that lists can say that they have ended.
_KEPT_MS = 86_400_000
# Records are written in one go: so many old ones at most are forgotten with each new one.
_FORGOTTEN_AT_ONCE = 500


def credential_kind() -> TableKind[Credential]:
    """Tell what a reader of tables needs to know of the credentials."""
    return TableKind("credentials", ACCESS, credential_codec(), lambda one: one.credential_id)


class CredentialTable(CompactedTable[Credential, CredentialIndex]):
    """All credentials, kept up to date; see `CompactedTable`."""

    def __init__(self, config: KafkaConfig) -> None:
        super().__init__(config, credential_kind(), CredentialIndex())


def read_credentials(config: KafkaConfig) -> CredentialIndex:
    """Read the credentials once, blocking, as they are now; errors as for `read_table`."""
    index = CredentialIndex()
    read_table(config, credential_kind(), index)
    return index


class CredentialBook:
    """Finds credentials in an index, and writes them into the topic for everybody. Thread-safe.

    Args:
        config: how to reach Kafka.
        index: what there is; a live one, or one that was read just now.
    """

    def __init__(self, config: KafkaConfig, index: CredentialIndex) -> None:
        self._config = config
        self._index = index
        self._writer: ConfirmedWriter | None = None
        self._turn = threading.Lock()

    def __iter__(self) -> Iterator[Credential]:
        """Give each."""
        return iter(self._index)

    def get(self, credential_id: str) -> Credential | None:
        """Give one, whether its time is over or not."""
        return self._index.get(credential_id)

    def find(self, shown: ShownCredential, now_ms: int) -> Credential | None:
        """Give the one that somebody shows; see `CredentialIndex.find`."""
        return self._index.find(shown, now_ms)

    def keep(self, credential: Credential) -> None:
        """Write one, and forget others that ended long ago; blocking, what returns is confirmed.

        Raises:
            UnavailableError: there are too many, or Kafka does not confirm it.
        """
        if len(self._index) >= MAX_CREDENTIALS and self._index.get(credential.credential_id) is None:
            raise UnavailableError(f"there are {MAX_CREDENTIALS:,} credentials already", hint="revoke some, or wait")
        old_ms = credential.created_at_ms - _KEPT_MS
        old = [one.credential_id for one in self._index if one.has_expired(old_ms)][:_FORGOTTEN_AT_ONCE]
        self._write(credential, *old)

    def drop(self, credential_id: str) -> None:
        """End one, and those that are none without it; blocking, what returns is confirmed.

        Raises:
            UnavailableError: Kafka does not confirm it.
        """
        self._write(credential_id, *(one.credential_id for one in self._index.made_with(credential_id)))

    def _write(self, *changes: Credential | str) -> None:
        with self._turn:
            # A console to which nobody logs in has no producer.
            self._writer = self._writer or ConfirmedWriter(self._config)
            self._writer.write([_out(change) for change in changes])
        for change in changes:
            if isinstance(change, Credential):
                self._index.put(change)
            else:
                self._index.remove(change)


def _out(change: Credential | str) -> OutRecord:
    if isinstance(change, Credential):
        return OutRecord(ACCESS, change.credential_id.encode(), credential_codec().encode(change))
    return OutRecord(ACCESS, change.encode(), None)
