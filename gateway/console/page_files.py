"""The console's pages over HTTP: files that `make pages` built from `console/`, held in memory as they are sent.

A page's address is the browser's affair: whatever is no file is answered with the document whose script knows the
address. Nothing that a request says becomes a path of the file system.
"""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from mimetypes import guess_type
from pathlib import Path

from aiohttp import hdrs, web

BUILT_PAGES = Path(__file__).parent / "pages"
_ASSETS = "assets"
_DOCUMENT = "index.html"
_PORTAL = "portal"
# A name under assets has its content's hash in it, and never changes what it means.
_FOR_GOOD = "public, max-age=31536000, immutable"
# The addresses that are no page: the API's, what the pages are made of, and what leads to another site and back.
_NO_PAGE = "(?!(?:api|assets|login)(?:/|$))"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors {frame_ancestors}; base-uri 'none'; form-action 'self'"
)
_NOT_BUILT = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>Webhook gateway</title>"
    b"<h1>The console's pages are not built</h1><p>In the checkout, <code>make pages</code> builds them; then restart "
    b"the console. A released package has them. <a href=/api>The API</a> is here.</p>"
)


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    packed: bytes | None
    type: str


class PageFiles:
    """The built pages.

    Args:
        folder: where they are; it may be empty or not there.
        portal_framers: the origins that may show the portal in a frame; the other pages nobody may.
    """

    def __init__(self, folder: Path = BUILT_PAGES, portal_framers: Sequence[str] = ()) -> None:
        self._portal_policy = page_policy(" ".join(portal_framers) or "'none'")
        self._files = {
            file.relative_to(folder).as_posix(): _read(file) for file in sorted(folder.rglob("*")) if file.is_file()
        }

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve them: at every address that is not the API's."""
        for name in self._files:
            if name != _DOCUMENT:
                router.add_get(f"/{name}", partial(self._serve, name))
        router.add_get(f"/{{path:{_NO_PAGE}.*}}", self._page)

    async def _serve(self, name: str, request: web.Request) -> web.Response:
        kept = _FOR_GOOD if name.startswith(f"{_ASSETS}/") else "no-cache"
        return _respond(request, self._files[name], {hdrs.CACHE_CONTROL: kept})

    async def _page(self, request: web.Request) -> web.Response:
        is_portal = request.path.split("/")[1] == _PORTAL
        policy = {
            "Content-Security-Policy": self._portal_policy if is_portal else page_policy(),
            hdrs.CACHE_CONTROL: "no-cache",
        }
        document = self._files.get(_DOCUMENT)
        if document is None:
            return web.Response(status=503, body=_NOT_BUILT, content_type="text/html", charset="utf-8", headers=policy)
        return _respond(request, document, policy)


def page_policy(frame_ancestors: str = "'none'") -> str:
    """Give the Content-Security-Policy of a page: scripts and styles only from the console's own files.

    Args:
        frame_ancestors: who may show it in a frame, in the words of the policy.
    """
    return _POLICY.format(frame_ancestors=frame_ancestors)


def _read(file: Path) -> _File:
    content = file.read_bytes()
    packed = gzip.compress(content, mtime=0)
    return _File(content, packed if len(packed) < len(content) else None, guess_type(file.name)[0] or "text/plain")


def _respond(request: web.Request, file: _File, headers: Mapping[str, str]) -> web.Response:
    text = file.type.startswith("text/") or file.type.endswith(("javascript", "xml"))
    response = web.Response(headers={**headers, hdrs.VARY: hdrs.ACCEPT_ENCODING})
    response.content_type, response.charset = file.type, "utf-8" if text else None
    if file.packed is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        response.headers[hdrs.CONTENT_ENCODING] = "gzip"
        response.body = file.packed
    else:
        response.body = file.content
    return response
