"""The ways into a console, from the settings: where it is reached, and who may show the portal."""

import pytest

from gateway.domain.errors import InvalidInputError
from gateway.services.entrance import console_url, portal_framers
from gateway.settings import load_settings


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "http://127.0.0.1:8090"),
        ({"console_port": 9000}, "http://127.0.0.1:9000"),
        ({"console_address": "::1"}, "http://[::1]:8090"),
        ({"console_address": "0.0.0.0"}, "http://127.0.0.1:8090"),  # noqa: S104 - nothing listens
        ({"console_url": "https://gateway.example.com/"}, "https://gateway.example.com"),
    ],
)
def test_where_links_lead(settings: dict[str, object], expected: str) -> None:
    """To this machine where nothing else is said."""
    assert console_url(load_settings(**settings)) == expected


def test_links_lead_to_the_port_that_a_console_has_found() -> None:
    """Whoever does not know it has to be told: a link to nowhere helps nobody."""
    settings = load_settings(console_port=0)
    assert console_url(settings, 42117) == "http://127.0.0.1:42117"
    with pytest.raises(InvalidInputError, match="any port"):
        console_url(settings)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ()),
        ("", ()),
        ("https://app.example.com", ("https://app.example.com",)),
        (" https://a.example:8443/ ,http://localhost:3000,", ("https://a.example:8443", "http://localhost:3000")),
        ("http://127.0.0.1:1", ("http://127.0.0.1:1",)),
        ("https://[2001:db8::1]:8443", ("https://[2001:db8::1]:8443",)),
    ],
)
def test_who_may_show_the_portal(given: str | None, expected: tuple[str, ...]) -> None:
    """Sites are named one by one."""
    assert portal_framers(load_settings(portal_embed_origins=given)) == expected


@pytest.mark.parametrize(
    "given",
    [
        "*", "https:", "https://", "http://app.example.com", "https://*.example.com", "https://a.example/path",
        "https://a.example; script-src *", "https://a.example 'unsafe-inline'", "https://a.example\nx", "'self'",
        "https://user@a.example", "https://a.example:99999", "app.example.com", ",".join(["https://a.example"] * 51),
    ],
)  # fmt: skip
def test_what_is_no_site_is_refused(given: str) -> None:
    """Nothing gets into the policy that could mean something else there."""
    with pytest.raises(InvalidInputError, match="PORTAL_EMBED_ORIGINS"):
        portal_framers(load_settings(portal_embed_origins=given))
