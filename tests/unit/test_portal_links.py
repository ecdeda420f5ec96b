"""Links to the portal as the audit trail knows them: those that still let somebody in."""

import orjson
import pytest

from gateway.admin.portal_links import KnownLink, good_link
from gateway.domain.audit import AuditRecord
from gateway.domain.credentials import Credential
from gateway.domain.portal import PortalGrant, revoked_links

LINK = "5f1c09ab37de2460"
NOTHING_REVOKED: dict[str, Credential] = {}
MADE = AuditRecord(
    at_ms=1_000,
    actor="token:ci",
    action="portal_link_made",
    command="gateway console",
    subscription_id="sub_shop",
    tenant="acme",
    details=orjson.dumps({"link_id": LINK, "expires_at_ms": 5_000}).decode(),
)


def test_a_link_is_known_by_the_entry_that_says_it_was_made() -> None:
    """Until it expires."""
    link = KnownLink(PortalGrant(LINK, "acme", "sub_shop", 1_000, 5_000), "token:ci")
    assert good_link(MADE, NOTHING_REVOKED.get, 4_999) == link
    assert good_link(MADE, NOTHING_REVOKED.get, 5_000) is None


@pytest.mark.parametrize(
    ("tenant", "link_id", "is_good"),
    [("acme", None, False), ("acme", LINK, False), ("acme", "0000000000000000", True), ("other", None, True)],
)
def test_one_that_was_revoked_is_not_good(tenant: str, link_id: str | None, *, is_good: bool) -> None:
    """By itself, or with all of its tenant."""
    record = revoked_links(tenant, link_id, by="ops", now_ms=2_000)
    records = {record.credential_id: record}
    assert (good_link(MADE, records.get, 3_000) is not None) is is_good


def test_no_other_entry_is_a_link() -> None:
    """Neither one that revokes nor one of a subscription."""
    for action, details in (("portal_links_revoked", None), ("portal_links_revoked", "{}"), ("paused", None)):
        assert (
            good_link(AuditRecord(1_000, "ops", action, tenant="acme", details=details), NOTHING_REVOKED.get, 1_000)
            is None
        )
