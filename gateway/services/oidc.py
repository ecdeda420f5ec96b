"""From the settings to where people log in. A setting that would have no effect is refused."""

from gateway.console.access.oidc_provider import OidcClient, OidcProvider
from gateway.domain.access import Role
from gateway.domain.errors import InvalidInputError
from gateway.http.identity_provider import IdentityProviderClient, is_private
from gateway.kafka.security import trusting
from gateway.services.given_settings import missing, refuse_unused, required, secret_of, variable
from gateway.settings import Settings

_OTHERS = (
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_client_secret_file",
    "oidc_roles",
    "oidc_tenant_claim",
    "oidc_ca_file",
)
# What a person can be; a subscriber comes with a link to the portal.
_ROLES = {role.value: role for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN)}
_MAX_GROUPS = 200
# OpenID Connect Core 1.0, section 5.7. `email` counts where the provider has verified it.
_OF_THEIR_OWN_CHOICE = frozenset({"name", "nickname", "preferred_username"})


def oidc_provider(settings: Settings) -> OidcProvider | None:
    """Give where people log in, None where it is not set; nothing has been asked yet.

    Raises:
        InvalidInputError: settings contradict each other, one is missing, or a file can't be used.
    """
    issuer = settings.oidc_issuer
    if issuer is None:
        refuse_unused(settings, _OTHERS, f"{variable('oidc_issuer')} is not set")
        return None
    if not is_private(issuer) or "?" in issuer:
        raise InvalidInputError(
            f"{variable('oidc_issuer')}: has to be an https URL",
            hint="such as https://id.example.com/realms/main; plain http is accepted for this machine only",
        )
    for claim in ("oidc_role_claim", "oidc_tenant_claim"):
        if getattr(settings, claim) in _OF_THEIR_OWN_CHOICE:
            raise InvalidInputError(
                f"{variable(claim)}: people may choose that claim themselves",
                hint="take one that only those who run the provider write, such as groups",
            )
    because = f"{variable('oidc_issuer')} is set"
    client = OidcClient(
        issuer=issuer,
        client_id=required(settings, "oidc_client_id", because),
        client_secret=secret_of(settings, "oidc_client_secret", required_by=None),
        scopes=_scopes(settings.oidc_scopes),
        role_claim=settings.oidc_role_claim,
        roles=_roles(required(settings, "oidc_roles", because)),
        tenant_claim=settings.oidc_tenant_claim,
    )
    return OidcProvider(client, IdentityProviderClient(trusting(settings.oidc_ca_file)))


def _scopes(text: str) -> tuple[str, ...]:
    scopes = tuple(filter(None, (scope.strip() for scope in text.split(","))))
    if "openid" not in scopes:
        raise InvalidInputError(f"{variable('oidc_scopes')}: has to have `openid` among them")
    return scopes


def _roles(text: str) -> dict[str, Role]:
    """Read `group=role` entries; a group may have an equals sign itself, as in a directory's names."""
    found: dict[str, Role] = {}
    for number, entry in enumerate(filter(None, (entry.strip() for entry in text.split(","))), start=1):
        group, _, word = entry.rpartition("=")
        role = _ROLES.get(word.strip())
        if not group.strip() or role is None:
            raise InvalidInputError(
                f"{variable('oidc_roles')}: entry {number} is not group=role",
                hint=f"a role is {', '.join(_ROLES)}; such as webhook-admins=admin,webhook-ops=operator",
            )
        found[group.strip()] = role
    if not found:
        raise missing("oidc_roles", f"{variable('oidc_issuer')} is set")
    if len(found) > _MAX_GROUPS:
        raise InvalidInputError(f"{variable('oidc_roles')}: has more than {_MAX_GROUPS} groups")
    return found
