"""The stream of attempts over HTTP: who hears what, and how much of it one caller may hear at once."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.console.access.caller import Caller
from gateway.console.api.parts import Parts
from gateway.console.api.problems import ProblemError
from gateway.console.api.routes import Call
from gateway.console.api.streaming import StreamEvent
from gateway.console.api.tailing import MAX_OF_ONE, TailAttemptView, TailingApi, TailQuery
from gateway.console.live_tail import LiveTail
from gateway.domain.access import Role
from gateway.domain.matching import SubscriptionIndex
from tests.subscriptions import subscription
from tests.unit.test_live_tail import Opened, made

Events = AsyncGenerator[StreamEvent | None, None]
ONE, OTHER = (Caller("token:ci", Role.VIEWER, "acme", each) for each in ("1", "2"))


class Tailing:
    """The route's handler, and what it reads."""

    def __init__(self) -> None:
        self.opened = Opened()
        self.index = SubscriptionIndex()
        parts = SimpleNamespace(live_tail=LiveTail(self.opened), table=SimpleNamespace(index=self.index))
        (self._route,) = TailingApi(cast("Parts", parts)).routes()

    async def events(self, caller: Caller) -> Events:
        """Give what a caller hears."""
        answer = await self._route.handle(Call(caller, {}, query=TailQuery()))
        assert answer.events is not None
        return answer.events


async def test_one_caller_does_not_take_the_place_of_others() -> None:
    """There is room for some who watch, and a token that watches more than a few times is told so."""
    tailing = Tailing()
    async with AsyncExitStack() as watching:
        for caller in [*[ONE] * MAX_OF_ONE, OTHER]:
            await anext(await watching.enter_async_context(aclosing(await tailing.events(caller))))
        async with aclosing(await tailing.events(ONE)) as one_more:
            with pytest.raises(ProblemError, match="watch already"):
                await anext(one_more)
    async with aclosing(await tailing.events(ONE)) as again:
        await anext(again)


@pytest.mark.parametrize(("owner", "host"), [("acme", "example.com"), ("rival", None)])
async def test_of_an_id_that_is_another_tenants_now_no_host_is_told(owner: str, host: str | None) -> None:
    """What is known of a subscription is told of its own attempts only."""
    tailing = Tailing()
    tailing.index.put(subscription("shop", tenant=owner))
    async with aclosing(await tailing.events(ONE)) as heard:
        await anext(heard)
        tailing.opened.tails[0].give([made()])
        event = await anext(heard)
    assert event is not None
    assert isinstance(event.data, TailAttemptView)
    assert event.data.host == host
