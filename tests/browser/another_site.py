"""Another site on this machine: its one page shows in a frame whatever page it was told to."""

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gateway.kafka.local.ports import LOOPBACK


class AnotherSite:
    """The site, while it is served.

    Attributes:
        origin: where it is; to browsers `localhost` is another site than the console's `127.0.0.1`.
        framed: the address of the page that its own page shows.
    """

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.framed = ""

    @property
    def document(self) -> bytes:
        """Its page, as docs/portal.md has it written."""
        frame = f'<iframe src="{html.escape(self.framed)}" title="Webhooks" referrerpolicy="no-referrer"'
        size = 'width="1200" height="800"'
        return f"<!doctype html><html lang=en><title>A shop</title><h1>A shop</h1>{frame} {size}></iframe>".encode()


@contextmanager
def another_site() -> Iterator[AnotherSite]:
    """Serve one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(site.document)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Keep the test's output clean."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        site = AnotherSite(server.server_port)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield site
        finally:
            server.shutdown()
            serving.join()
