"""The egress proxy as it is configured: read whole or refused, and its password shows nowhere."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.egress_proxy import EgressProxy, parse_egress_proxy
from gateway.domain.errors import InvalidInputError, UnavailableError
from gateway.services.deployment import Deployment
from gateway.settings import load_settings

PASSWORD = "hunter2-of-the-proxy"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://proxy.internal:3128", EgressProxy("http", "proxy.internal", 3128)),
        ("http://10.0.0.7:3128/", EgressProxy("http", "10.0.0.7", 3128)),
        ("https://[fd00::7]:443", EgressProxy("https", "fd00::7", 443)),
        # RFC 7617's own example.
        (
            "http://Aladdin:open%20sesame@proxy:8080",
            EgressProxy("http", "proxy", 8080, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ),
        ("http://user@proxy:8080", EgressProxy("http", "proxy", 8080, "Basic dXNlcjo=")),
        ("http://u:a%40b%3Ac%2Fd@proxy:8080", EgressProxy("http", "proxy", 8080, "Basic dTphQGI6Yy9k")),
    ],
)
def test_what_is_a_proxy(text: str, expected: EgressProxy) -> None:
    """Scheme, host and port, and the credentials as the Basic scheme has them."""
    assert parse_egress_proxy(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "proxy:3128",
        "proxy.internal",
        "http://proxy",
        "http://:3128",
        "http://proxy:0",
        "http://proxy:99999",
        "http://proxy:3128/path",
        "http://proxy:3128?",
        "http://proxy:3128#",
        "http://[fd00::7:3128",
        "socks5://proxy:1080",
        "ftp://proxy:21",
        "http://pro xy:3128",
        "http://proxy:3128\r\nX-Injected: 1",
        "http://u:%0d%0aX-Injected@proxy:3128",
        "http://u%3Av:p@proxy:3128",
        "http://ü:p@proxy:3128",
        "http://proxy:3128/" + "x" * 3000,
    ],
)
def test_what_is_none(text: str) -> None:
    """It is refused with a message, and not half read."""
    with pytest.raises(InvalidInputError):
        parse_egress_proxy(text)


@given(text=st.text(max_size=60))
def test_nothing_else_is_raised(text: str) -> None:
    """Whatever stands in the variable."""
    with contextlib.suppress(InvalidInputError):
        parse_egress_proxy(f"http://{text}")


@pytest.mark.parametrize("text", [f"http://u:{PASSWORD}@proxy:3128", f"http://u:{PASSWORD}@proxy", f"u:{PASSWORD}@p"])
def test_the_password_shows_nowhere(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in a settings dump, not in a repr or a log line, not in the message about what is wrong."""
    monkeypatch.setenv("GATEWAY_EGRESS_PROXY", text)
    settings = load_settings()
    shown = f"{settings!r} {settings.model_dump_json()}"
    try:
        proxy = Deployment(settings).egress_proxy()
        shown += f"{proxy!r} {proxy}"
    except InvalidInputError as error:
        shown += f"{error!r} {error.message} {error.hint}"
    assert PASSWORD not in shown
    assert "Basic" not in shown


def test_a_file_keeps_it_out_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, with or without its end."""
    file = tmp_path / "proxy"
    file.write_text("http://proxy:3128\n")
    monkeypatch.setenv("GATEWAY_EGRESS_PROXY_FILE", str(file))
    assert Deployment(load_settings()).egress_proxy() == EgressProxy("http", "proxy", 3128)


def test_a_proxy_is_given_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of two is meant is not guessed; none is direct; a file that is not there is an error, and not none."""
    assert Deployment(load_settings()).egress_proxy() is None
    monkeypatch.setenv("GATEWAY_EGRESS_PROXY_FILE", str(tmp_path / "missing"))
    with pytest.raises(UnavailableError, match="missing"):
        Deployment(load_settings()).egress_proxy()
    monkeypatch.setenv("GATEWAY_EGRESS_PROXY", "http://proxy:3128")
    with pytest.raises(InvalidInputError, match="both"):
        Deployment(load_settings()).egress_proxy()


def test_what_is_wrong_is_told_by_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two it came from."""
    file = tmp_path / "proxy"
    file.write_text("http://proxy\n")
    monkeypatch.setenv("GATEWAY_EGRESS_PROXY_FILE", str(file))
    with pytest.raises(InvalidInputError, match=r"^GATEWAY_EGRESS_PROXY_FILE: ") as refused:
        Deployment(load_settings()).egress_proxy()
    assert refused.value.hint
    monkeypatch.delenv("GATEWAY_EGRESS_PROXY_FILE")
    monkeypatch.setenv("GATEWAY_EGRESS_PROXY", "proxy:3128")
    with pytest.raises(InvalidInputError, match=r"^GATEWAY_EGRESS_PROXY: "):
        Deployment(load_settings()).egress_proxy()


def test_binary_is_no_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong file is told as what it is."""
    file = tmp_path / "proxy"
    file.write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("GATEWAY_EGRESS_PROXY_FILE", str(file))
    with pytest.raises(UnavailableError, match="not text"):
        Deployment(load_settings()).egress_proxy()
