"""The part of the settings that is about people: where they log in to the console, and who shows the portal.

`gateway.settings` reads them with all the others.
"""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class LogInSettings(BaseSettings):
    """What can be configured of it."""

    oidc_issuer: str | None = Field(
        default=None,
        description="OpenID Connect provider at which people log in to the console: its issuer, an https URL, exactly "
        "as it names itself; unset: they log in with an API token",
    )
    oidc_client_id: str | None = Field(default=None, description="the console's client id there")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="its client secret; unset: it is a public client"
    )
    oidc_client_secret_file: Path | None = Field(default=None, description="file with its client secret")
    oidc_scopes: str = Field(default="openid,email,profile", description="scopes that are asked for, comma separated")
    oidc_role_claim: str = Field(
        default="groups",
        description="claim with a person's groups: its name, or the path to it: `realm_access.roles`",
    )
    oidc_roles: str | None = Field(
        default=None,
        description="which role a group gives, like `webhook-admins=admin,webhook-ops=operator`; "
        "who is in none is refused",
    )
    oidc_tenant_claim: str | None = Field(
        default=None,
        description="claim with the one tenant whose things a person sees, `*` for all; who has none is refused; "
        "unset: everybody sees all tenants",
    )
    oidc_ca_file: Path | None = Field(
        default=None, description="PEM file of the authorities trusted for the provider; unset: the system's"
    )
    portal_embed_origins: str | None = Field(
        default=None,
        description="sites that may show the portal in a frame, like https://app.example.com, comma separated; "
        "unset: none",
    )
