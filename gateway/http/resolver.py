"""Host names to addresses, so that a slow name never delays another one, nor anything else in the process.

Asks the operating system (`getaddrinfo`: /etc/hosts, search domains, name service switch), which blocks and can't be
told to stop. So every look-up has a thread of its own, at most one a name, and the threads are counted: names that
were slow last time get half of them at most, and where none is left a look-up fails at once instead of waiting. The
event loop's own executor, which everything else shares, is not used. Addresses are not judged here but when they
are connected to (`gateway/http/guard.py`).
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.http.name_cache import Addresses, Answer, NameCache, NotFound

LOOK_UP_TIMEOUT_S = 5.0
MAX_LOOK_UPS = 128
MAX_SLOW_LOOK_UPS = MAX_LOOK_UPS // 2
_MAX_REMEMBERED_SLOW = 10_000
_BUSY = NotFound("too many names are being looked up", temporary=True)
# The answer is final: the name, or an address for it, does not exist.
_FINAL_ERRORS = frozenset({socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY})


def look_up_in_system(name: str) -> Addresses:
    """Ask the operating system; blocks.

    Raises:
        OSError, UnicodeError: there is no address, or no answer.
    """
    infos = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple((family, str(address[0])) for family, _, _, _, address in infos)


class NameResolver(AbstractResolver):
    """Resolves for aiohttp's connectors.

    Args:
        look_up: finds the addresses of a name; may block, and is called on threads of its own.
        timeout_s: how long a delivery waits for a look-up, seconds. The look-up itself goes on: a late answer is used
            by the next delivery.
    """

    def __init__(
        self, look_up: Callable[[str], Addresses] = look_up_in_system, *, timeout_s: float = LOOK_UP_TIMEOUT_S
    ) -> None:
        self._look_up = look_up
        self._timeout_s = timeout_s
        self._too_slow = NotFound(f"no answer of the name server within {timeout_s:g} s", temporary=True)
        self._loop = asyncio.get_running_loop()
        self._cache = NameCache()
        # Done, where it has timed out and its thread is still at it.
        self._under_way: dict[str, asyncio.Future[Answer]] = {}
        self._slow: set[str] = set()

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the connector picks from all
    ) -> list[ResolveResult]:
        """Give the addresses of a name, as `aiohttp.abc.AbstractResolver` has it.

        Raises:
            OSError: there are none, or not in time.
        """
        answer = self._cache.get(host, self._loop.time())
        if answer is None:
            answer = await self._ask(host)
        if isinstance(answer, NotFound):
            raise OSError(None, answer.reason)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=found, proto=0, flags=socket.AI_NUMERICHOST)
            for found, address in answer
        ]

    async def _ask(self, name: str) -> Answer:
        under_way = self._under_way.get(name)
        if under_way is None:
            under_way = self._start(name)
        if under_way is None:
            return self._learn(name, _BUSY)
        if under_way.done():
            return self._learn(name, self._too_slow)
        # Whoever gives up waiting must not take the answer from the others.
        return await asyncio.shield(under_way)

    def _start(self, name: str) -> asyncio.Future[Answer] | None:
        if len(self._under_way) >= MAX_LOOK_UPS:
            return None
        if name in self._slow and sum(map(self._slow.__contains__, self._under_way)) >= MAX_SLOW_LOOK_UPS:
            return None
        future: asyncio.Future[Answer] = self._loop.create_future()
        thread = threading.Thread(target=self._run, args=(name,), name=f"look-up {name}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            return None
        self._under_way[name] = future
        self._loop.call_later(self._timeout_s, self._give_up, name, future)
        return future

    def _run(self, name: str) -> None:
        answer: Answer
        try:
            answer = self._look_up(name)
        except socket.gaierror as error:
            answer = NotFound(str(error.strerror), temporary=error.errno not in _FINAL_ERRORS)
        except Exception as error:  # noqa: BLE001 - whoever waits has to learn of it
            answer = NotFound(f"it can't be looked up: {error}", temporary=False)
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            self._loop.call_soon_threadsafe(self._over, name, answer)

    def _give_up(self, name: str, future: asyncio.Future[Answer]) -> None:
        if future.done():
            return
        if len(self._slow) >= _MAX_REMEMBERED_SLOW:
            self._slow.clear()
        self._slow.add(name)
        future.set_result(self._learn(name, self._too_slow))

    def _over(self, name: str, answer: Answer) -> None:
        future = self._under_way.pop(name)
        used = self._learn(name, answer)
        if not future.done():
            self._slow.discard(name)
            future.set_result(used)

    def _learn(self, name: str, answer: Answer) -> Answer:
        return self._cache.learn(name, answer, self._loop.time())

    async def close(self) -> None:
        """Nothing to close: look-ups that are under way end by themselves."""
