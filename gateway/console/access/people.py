"""What the claims of an identity provider make somebody here: a name, a role, and perhaps a tenant.

Whoever has no role is refused, and so is whoever has no tenant where people are told apart by tenants: a claim that is
missing must not open more than one that is there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.console.access.claims import Claims, claim_at
from gateway.console.access.oidc_provider import OidcClient
from gateway.domain.access import Role
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.event import check_tenant
from gateway.domain.foreign_text import plain_line

EVERY_TENANT = "*"
MAX_NAME_CHARS = 64
_MAX_GROUPS = 2_000
# What ends a name for people, and begins what the provider vouches for.
_BRACKETS = re.compile(r"[()]")


class NoRoleError(GatewayError):
    """The identity provider knows this person, and nothing lets them in here."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who logged in.

    Attributes:
        name: for the audit trail, like `user:ada@example.com (248289 at https://id.example.com)`.
        subject: what the provider calls them for good.
        role: what they may do.
        tenant: whose things they see; None for everybody's.
    """

    name: str
    subject: str
    role: Role
    tenant: str | None


def person_of(claims: Claims, client: OidcClient) -> Person:
    """Say who somebody is here.

    Args:
        claims: what the provider says of them.
        client: which claims count, and how.

    Raises:
        NoRoleError: they may not enter.
    """
    if claims.get("email_verified") is not True:
        # Anybody may have written it.
        claims = {name: value for name, value in claims.items() if name != "email"}
    roles = [client.roles[group] for group in _words(claims, client.role_claim) if group in client.roles]
    if not roles:
        raise NoRoleError("you have no role here", hint=_why_none(claims, client))
    role = max(roles, key=list(Role).index)
    return Person(_actor(claims, client.issuer), claims["sub"], role, _tenant(claims, client.tenant_claim))


def _why_none(claims: Claims, client: OidcClient) -> str:
    left_out = claims.get("_claim_names")
    if isinstance(left_out, Mapping) and client.role_claim in left_out:
        # OpenID Connect Core 1.0, section 5.6.2; Microsoft's "groups overage".
        return "you are in more groups than the identity provider names; it can be set to name fewer"
    return (
        "ask whoever runs this gateway to put you into one of its groups; "
        "to come as somebody else, log out at the identity provider first"
    )


def _actor(claims: Claims, issuer: str) -> str:
    """Say who acts: by the address that the provider vouches for, else as they call themselves; in brackets who it is.

    Only issuer and subject together tell people apart for good (OpenID Connect Core 1.0, section 5.7): a name is of
    their own choice, and an address is given to somebody else one day.
    """
    subject, given = claims["sub"], claims.get("email") or claims.get("preferred_username")
    words = _BRACKETS.sub(" ", plain_line(given)).split() if isinstance(given, str) else []
    return f"user:{' '.join(words)[:MAX_NAME_CHARS] or subject} ({subject} at {issuer})"


def _tenant(claims: Claims, claim: str | None) -> str | None:
    if claim is None:
        return None
    tenants = _words(claims, claim)
    if tenants == [EVERY_TENANT]:
        return None
    if len(tenants) != 1:
        raise NoRoleError("you belong to no tenant here", hint="ask whoever runs this gateway to give you one")
    try:
        return check_tenant(tenants[0])
    except InvalidInputError:
        raise NoRoleError("your tenant's name is none that there can be") from None


def _words(claims: Claims, path: str) -> list[str]:
    """Give the texts of a claim; see `claim_at`."""
    found = claim_at(claims, path)
    listed = found if isinstance(found, list) else [found]
    return [word for word in listed[:_MAX_GROUPS] if isinstance(word, str)]
