"""The console's pages are served with their policy, and nothing but them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from gateway.console.page_files import PageFiles

DOCUMENT = "<!doctype html><title>pages</title>"
SCRIPT = "export const text = 'long enough to be packed';" * 20

Client = TestClient[web.Request, web.Application]


async def client_of(folder: Path, *portal_framers: str) -> Client:
    app = web.Application()
    PageFiles(folder, portal_framers).add_to(app.router)
    client = TestClient(TestServer(app))
    await client.start_server()
    return client


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """Serve a document and a script; a secret is beside them."""
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(DOCUMENT)
    (folder / "assets" / "index-1a2b.js").write_text(SCRIPT)
    (folder / "third-party.txt").write_text("notices")
    (tmp_path / "secret.txt").write_text("secret")
    client = await client_of(folder)
    yield client
    await client.close()


@pytest.mark.parametrize("path", ["/", "/deliveries/99c4?x=1", "/index.html", "/apiary", "/a/../b", "/%00"])
async def test_every_address_is_the_document(client: Client, path: str) -> None:
    """Its script knows what is there; it is asked for again each time, and may load its own files only."""
    response = await client.get(path)
    assert (response.status, await response.text()) == (200, DOCUMENT)
    assert response.headers["Cache-Control"] == "no-cache"
    policy = response.headers["Content-Security-Policy"]
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= {
        part.strip() for part in policy.split(";")
    }
    assert "unsafe" not in policy


async def test_a_file_with_a_hash_in_its_name_is_kept_for_good(client: Client) -> None:
    """It comes packed to who can unpack, as it is to the others."""
    for accepted, encoding in (("gzip, br", "gzip"), ("identity", None)):
        response = await client.get("/assets/index-1a2b.js", headers={"Accept-Encoding": accepted})
        assert await response.text() == SCRIPT
        assert response.headers.get("Content-Encoding") == encoding
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert "immutable" in response.headers["Cache-Control"]
    assert (await client.get("/third-party.txt")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/api", "/api/v1/nothing", "/login/oidc", "/assets/other.js", "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt",
    ],
)  # fmt: skip
async def test_what_is_no_page_is_not_there(client: Client, path: str) -> None:
    """The API's addresses stay its own, an old script is no document, and no path leads out of the folder."""
    as_it_is = URL(f"http://{client.host}:{client.port}{path}", encoded=True)
    response = await client.session.get(as_it_is)
    assert "secret" not in await response.text()
    assert response.status == 404


async def test_pages_are_only_read(client: Client) -> None:
    """Nothing can be sent to one."""
    assert (await client.post("/deliveries")).status == 405


async def test_without_built_pages_the_console_says_how_to_build_them(tmp_path: Path) -> None:
    """In a checkout they may not be there."""
    client = await client_of(tmp_path / "pages")
    response = await client.get("/")
    assert response.status == 503
    assert "make pages" in await response.text()
    await client.close()


@pytest.mark.parametrize(
    ("path", "framers", "expected"),
    [
        ("/portal", ("https://app.example.com", "https://b.example"), "https://app.example.com https://b.example"),
        ("/portal/subscriptions/a", ("https://app.example.com",), "https://app.example.com"),
        ("/portal", (), "'none'"),
        ("/", ("https://app.example.com",), "'none'"),
        ("/portals", ("https://app.example.com",), "'none'"),
        ("/subscriptions/portal", ("https://app.example.com",), "'none'"),
        ("/deliveries?x=/portal", ("https://app.example.com",), "'none'"),
    ],
)
async def test_the_portal_alone_is_shown_in_frames(
    path: str, framers: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    """And by those sites alone that were named."""
    (tmp_path / "index.html").write_text(DOCUMENT)
    client = await client_of(tmp_path, *framers)
    response = await client.get(path)
    await client.close()
    policy = [part.strip() for part in response.headers["Content-Security-Policy"].split(";")]
    assert [part for part in policy if part.startswith("frame-ancestors")] == [f"frame-ancestors {expected}"]
