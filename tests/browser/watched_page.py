"""A page whose complaints are noted: errors in its console, policies that it breaks, requests that fail."""

from playwright.sync_api import ConsoleMessage, Page, Response

_BAD_STATUS = 400


class Complaints:
    """What a page complained of.

    Args:
        page: the page, before it has loaded anything.
    """

    def __init__(self, page: Page) -> None:
        self._found: list[str] = []
        self._expected: list[str] = []
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self._found.append(f"error: {error}"))
        page.on("response", self._note_response)

    def expect(self, text: str) -> None:
        """Let complaints pass in which this occurs: the test provokes them."""
        self._expected.append(text)

    @property
    def found(self) -> list[str]:
        """All that nobody expected."""
        return [text for text in self._found if not any(expected in text for expected in self._expected)]

    def _note_message(self, message: ConsoleMessage) -> None:
        # A policy that is broken is told as an error, too.
        if message.type in {"error", "warning"}:
            self._found.append(f"{message.type}: {message.text}")

    def _note_response(self, response: Response) -> None:
        if response.status >= _BAD_STATUS:
            self._found.append(f"{response.status}: {response.request.method} {response.url}")
