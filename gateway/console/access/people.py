"""What the claims of an identity provider make somebody here: a name, a role, and perhaps a tenant.

Whoever has no role is refused, and so is whoever has no tenant where people are told apart by tenants: a claim that is
missing must not open more than one that is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.console.access.id_tokens import Claims
from gateway.console.access.oidc_provider import OidcClient
from gateway.domain.access import Role
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.event import check_tenant
from gateway.domain.foreign_text import plain_line

EVERY_TENANT = "*"
MAX_NAME_CHARS = 128
_MAX_GROUPS = 2_000


class NoRoleError(GatewayError):
    """The identity provider knows this person, and nothing lets them in here."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who logged in.

    Attributes:
        name: for the audit trail, like `user:ada@example.com`.
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
        claims: of a token that was checked.
        client: which claims count, and how.

    Raises:
        NoRoleError: they may not enter.
    """
    subject = plain_line(str(claims["sub"]))[:MAX_NAME_CHARS]
    roles = [client.roles[group] for group in _words(claims, client.role_claim) if group in client.roles]
    if not roles:
        raise NoRoleError(
            "you have no role here", hint="ask whoever runs this gateway to put you into one of its groups"
        )
    role = max(roles, key=list(Role).index)
    return Person(f"user:{_name(claims, subject)}", subject, role, _tenant(claims, client.tenant_claim))


def _name(claims: Claims, subject: str) -> str:
    """Give the address that the provider vouches for, else the name that it knows them by."""
    given = claims.get("email") if claims.get("email_verified") is True else claims.get("preferred_username")
    name = plain_line(given).strip()[:MAX_NAME_CHARS] if isinstance(given, str) else ""
    return name or subject


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
    """Give the texts of a claim: of one with that very name, else of the one that the path with dots leads to."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    listed = found if isinstance(found, list) else [found]
    return [word for word in listed[:_MAX_GROUPS] if isinstance(word, str)]
