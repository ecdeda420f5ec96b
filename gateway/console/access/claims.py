"""Reads what an identity provider says of somebody, wherever it says it."""

from collections.abc import Mapping
from typing import Any

Claims = Mapping[str, Any]


def claim_at(claims: Claims, path: str) -> Any:  # noqa: ANN401 - a claim may be anything
    """Give a claim: the one with that very name, else the one that the path with dots leads to; None for none.

    Args:
        claims: what is said.
        path: such as `groups`, `https://example.com/groups` or `realm_access.roles`.
    """
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    return found
