"""Links to the portal: made for a tenant's own people, and revoked.

A link lets in the role subscriber and one tenant, nothing else. Nothing but its entry in the audit trail is written
when it is made, and nothing when it is opened: a product that shows the portal in its own pages can make one for each
visit.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.admin.lifecycle import Clock
from gateway.domain.audit import ActionTarget, AuditRecord
from gateway.domain.credentials import ID_BYTES, Credential
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_tenant
from gateway.domain.portal import (
    LINK_ID,
    LONGEST_MS,
    PortalGrant,
    PortalToken,
    is_revoked,
    revoked_links,
    sign_grant,
)
from gateway.kafka.delivery_log import LogReport
from gateway.kafka.record_log import RecordLog

MAX_LISTED = 200
SHORTEST_MS = 60_000
DEFAULT_MS = 3_600_000
PORTAL_PAGE = "/portal"
_MADE = "portal_link_made"

Audit = Callable[[str, Sequence[ActionTarget]], None]
"""Notes in the audit trail what is about to be done: what, and to what."""

FindsCredential = Callable[[str], Credential | None]
"""Gives a record of `gateway.access` by its id."""


class KeepsCredentials(Protocol):
    """Writes records of `gateway.access`."""

    def keep(self, credential: Credential) -> None:
        """Write one, for every console; blocking."""


@dataclass(frozen=True, slots=True)
class PortalLink:
    """A link that was made.

    Attributes:
        url: where it leads; whoever has it is let in.
        grant: what it lets in.
    """

    url: str = field(repr=False)
    grant: PortalGrant


@dataclass(frozen=True, slots=True)
class KnownLink:
    """A link as the audit trail has it.

    Attributes:
        grant: what it lets in.
        made_by: the actor.
    """

    grant: PortalGrant
    made_by: str


@dataclass(frozen=True, slots=True)
class KnownLinks:
    """The links that are good.

    Attributes:
        links: the newest first.
        omitted: how many older ones there are.
        report: what of the trail was really looked at.
    """

    links: list[KnownLink]
    omitted: int
    report: LogReport


def good_link(entry: AuditRecord, find: FindsCredential, now_ms: int) -> KnownLink | None:
    """Give the link that an entry of the audit trail says was made; None where it says nothing of one that is good.

    Args:
        entry: any entry.
        find: gives a record of `gateway.access` by its id.
        now_ms: the present, milliseconds since the epoch.
    """
    if entry.action != _MADE or entry.tenant is None or entry.details is None:
        return None
    details = json.loads(entry.details)
    grant = PortalGrant(details["link_id"], entry.tenant, entry.subscription_id, entry.at_ms, details["expires_at_ms"])
    is_good = now_ms < grant.expires_at_ms and not is_revoked(grant, find)
    return KnownLink(grant, entry.actor) if is_good else None


def good_links(trail: RecordLog[AuditRecord], tenant: str | None, find: FindsCredential, now_ms: int) -> KnownLinks:
    """Find the links that are good: nothing but the audit trail says that there are any. Blocking.

    Args:
        trail: the audit trail.
        tenant: whose; None for all.
        find: gives a record of `gateway.access` by its id.
        now_ms: the present, milliseconds since the epoch.
    """
    found = trail.find(
        lambda entry: tenant in {None, entry.tenant} and good_link(entry, find, now_ms) is not None,
        since_ms=now_ms - LONGEST_MS,
        limit=MAX_LISTED,
    )
    links = (good_link(entry, find, now_ms) for entry in reversed(found.records))
    return KnownLinks([link for link in links if link is not None], found.omitted, found.report)


class PortalLinks:
    """Makes and revokes links; each time the audit trail has it before it is done. Blocking.

    Args:
        keys: gives the keys for links, newest first.
        audit: notes it.
        clock: gives the present, milliseconds since the epoch.
    """

    def __init__(self, keys: Callable[[], Sequence[bytes]], audit: Audit, clock: Clock) -> None:
        self._keys = keys
        self._audit = audit
        self._clock = clock

    def make(self, console_url: str, tenant: str, subscription_id: str | None, lasting_ms: int) -> PortalLink:
        """Make a link.

        Args:
            console_url: where browsers reach the console.
            tenant: whose things it shows.
            subscription_id: with which of its subscriptions the portal opens; None for the list.
            lasting_ms: for how long it is good.

        Raises:
            InvalidInputError: there can be no such tenant, or it would be good for too long or too short.
            GatewayError: there is no key ring, or the audit trail can't be written.
        """
        check_tenant(tenant)
        if not SHORTEST_MS <= lasting_ms <= LONGEST_MS:
            raise InvalidInputError("a link to the portal is good for a minute to 7 days", hint="make another one then")
        now_ms = self._clock()
        grant = PortalGrant(secrets.token_hex(ID_BYTES), tenant, subscription_id, now_ms, now_ms + lasting_ms)
        token = sign_grant(grant, PortalToken.LINK, self._keys()[0])
        details = {"link_id": grant.link_id, "expires_at_ms": grant.expires_at_ms}
        self._audit(_MADE, [ActionTarget(subscription_id, tenant, details)])
        # In the fragment: browsers send it to no server, so no log has it.
        return PortalLink(f"{console_url.rstrip('/')}{PORTAL_PAGE}#{token}", grant)

    def revoke(self, book: KeepsCredentials, tenant: str, link_id: str | None, by: str) -> None:
        """Revoke a link, or all that a tenant has now, with the sessions that they opened.

        Args:
            book: where that is written.
            tenant: whose links.
            link_id: which one; None for all.
            by: the actor.

        Raises:
            InvalidInputError: there can be no such tenant, or no such link.
            UnavailableError: Kafka does not confirm it.
        """
        check_tenant(tenant)
        if link_id is not None and LINK_ID.fullmatch(link_id) is None:
            raise InvalidInputError("this is no id of a link", hint="it was shown when the link was made")
        record = revoked_links(tenant, link_id, by=by, now_ms=self._clock())
        self._audit("portal_links_revoked", [ActionTarget(None, tenant, {"link_id": link_id} if link_id else {})])
        book.keep(record)


def link_view(link: PortalLink) -> dict[str, object]:
    """Give a link as it is shown, this once."""
    grant = link.grant
    return {
        "url": link.url,
        "link_id": grant.link_id,
        "tenant": grant.tenant,
        "subscription_id": grant.subscription_id,
        "expires_at_ms": grant.expires_at_ms,
    }


def known_link_view(link: KnownLink) -> dict[str, object]:
    """Give a link as it is listed, without its URL."""
    return {
        "link_id": link.grant.link_id,
        "tenant": link.grant.tenant,
        "subscription_id": link.grant.subscription_id,
        "made_at_ms": link.grant.created_at_ms,
        "made_by": link.made_by,
        "expires_at_ms": link.grant.expires_at_ms,
    }
