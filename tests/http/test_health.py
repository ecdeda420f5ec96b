"""What a container's health check says of a process: asked on the real pages of a real process' server."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable

import pytest

from gateway.cli.health import look, main
from gateway.http.probe_server import Page, ProbeServer

NOBODY = "http://127.0.0.1:1/readyz"


@pytest.fixture
async def pages() -> AsyncIterator[str]:
    """Serve pages that are good, that are not, and one that is longer than what is read."""
    server = ProbeServer(
        {
            "/readyz": lambda: Page(200, b"ready\n"),
            "/waiting": lambda: Page(503, b"partitions were assigned: no\n"),
            "/long": lambda: Page(200, b"x" * 1_000_000),
        }
    )
    await server.start("127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.port}"
    await server.stop()


@pytest.mark.parametrize(
    ("asked", "well", "said"),
    [
        (["{pages}/readyz"], True, "ready"),
        (["{pages}/waiting"], False, "partitions were assigned: no"),
        (["{pages}/nowhere"], False, "there are only"),
        (["{pages}/long"], True, "xxx"),
        ([NOBODY], False, "refused"),
        ([NOBODY, "{pages}/readyz"], True, "ready"),
        (["{pages}/waiting", "{pages}/readyz"], False, "partitions were assigned: no"),
        (["http://127.0.0.1:port/"], False, "port"),
    ],
)
async def test_the_first_page_that_something_listens_for_decides(
    pages: str, asked: Iterable[str], *, well: bool, said: str
) -> None:
    """A process that listens and is not well is not passed over for another one."""
    urls = [url.replace("{pages}", pages) for url in asked]
    found, text = await asyncio.to_thread(look, urls)
    assert found is well
    assert said in text
    assert len(text) < 5_000


async def test_an_answer_that_is_no_http_is_not_well() -> None:
    """Whatever else listens there."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\x00hello\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert not (await asyncio.to_thread(look, [f"http://127.0.0.1:{port}/readyz"]))[0]


@pytest.mark.parametrize(
    ("arguments", "code"), [([], 2), (["127.0.0.1:9464/readyz"], 2), (["https://127.0.0.1/"], 2), ([NOBODY], 1)]
)
def test_the_exit_code_says_it_to_the_engine(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 for what is not well, and 2, with the usage, for anything but pages."""
    monkeypatch.setattr(sys, "argv", ["gateway-health", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert ("gateway-health http://" in capsys.readouterr().err) == (code == 2)
