"""Everything the test receiver holds: its inboxes by name, what they have in common, and the requests kept. No I/O."""

import re
from collections.abc import Iterable

from gateway.domain.errors import InvalidInputError
from gateway.receiver.fail_modes import parse_fail_mode
from gateway.receiver.inbox import Inbox
from gateway.receiver.received import InboxCounts, InboxStats, ReceivedStore
from gateway.receiver.verification import WebhookVerifier

MAX_INBOXES = 1000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


class Inboxes:
    """Inboxes, each made when it is first named, with the mode and secrets that hold for all.

    Args:
        mode: how inboxes fail: see `gateway.receiver.fail_modes`.
        secrets: with which signatures are checked; none: they are not checked.
        keep: how many requests are kept.

    Raises:
        InvalidInputError: the mode or a secret is not one.
    """

    def __init__(self, mode: str, secrets: Iterable[str], keep: int) -> None:
        self.store = ReceivedStore(keep)
        self._mode = parse_fail_mode(mode)
        self._verifier = _verifier_of(secrets)
        self._by_name: dict[str, Inbox] = {}

    def get(self, name: str) -> Inbox:
        """Give an inbox.

        Raises:
            InvalidInputError: the name is not one, or there are too many.
        """
        found = self._by_name.get(name)
        if found is None:
            if _NAME.match(name) is None:
                raise InvalidInputError("an inbox name is 1 to 64 letters, digits, dashes and underscores")
            if len(self._by_name) >= MAX_INBOXES:
                raise InvalidInputError(f"there are {MAX_INBOXES} inboxes already")
            found = self._by_name[name] = Inbox(name, self._mode, self._verifier)
        return found

    def set_mode(self, name: str | None, mode: str) -> None:
        """Change how one inbox fails, or with None how all do, from the next request on.

        Raises:
            InvalidInputError: the mode or the name is not one.
        """
        parsed = parse_fail_mode(mode)
        for inbox in self._chosen(name):
            inbox.mode = parsed
        if name is None:
            self._mode = parsed

    def mode(self, name: str | None) -> str:
        """Tell how one inbox fails, or with None how a new one would."""
        return (self._mode if name is None else self.get(name).mode).text

    def set_secrets(self, name: str | None, secrets: Iterable[str]) -> None:
        """Change the secrets of one inbox, or with None of all; none: signatures are not checked.

        Raises:
            InvalidInputError: a secret or the name is not one.
        """
        verifier = _verifier_of(secrets)
        for inbox in self._chosen(name):
            inbox.verifier = verifier
        if name is None:
            self._verifier = verifier

    def stats(self) -> dict[str, InboxStats]:
        """Give the counts of every inbox by name."""
        return {name: inbox.counts.stats for name, inbox in sorted(self._by_name.items())}

    def clear(self, name: str | None = None) -> int:
        """Forget the requests and counts of one inbox or of all; give how many requests were let go."""
        for inbox in self._chosen(name):
            inbox.counts = InboxCounts()
        return self.store.clear(name)

    def _chosen(self, name: str | None) -> list[Inbox]:
        return list(self._by_name.values()) if name is None else [self.get(name)]


def _verifier_of(secrets: Iterable[str]) -> WebhookVerifier | None:
    texts = list(secrets)
    return WebhookVerifier(texts) if texts else None
