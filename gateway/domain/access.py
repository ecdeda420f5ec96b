"""Who may do what over HTTP: roles, and what each of them includes."""

from enum import Enum


class Role(Enum):
    """What somebody may do; each may do what those before it may.

    `ANONYMOUS` is whoever shows no credentials: they may log in. `SUBSCRIBER` is a tenant's own people in the portal.
    """

    ANONYMOUS = "anonymous"
    SUBSCRIBER = "subscriber"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Tell whether one with this role may do what one with the other may."""
        ladder = list(Role)
        return ladder.index(self) >= ladder.index(other)
