"""`Idempotency-Key`: a write is done once, whoever repeats it and whenever it fails."""

import asyncio
from dataclasses import replace
from http import HTTPStatus

import pytest

from gateway.console.access.caller import Caller
from gateway.console.api.idempotency import KEPT_S, MAX_KEYS, KeptAnswer, KeptAnswers
from gateway.console.api.problems import ProblemError
from gateway.domain.access import Role

ME = Caller("me", Role.OPERATOR, "shop")


class Write:
    """Something that is done, and counted."""

    def __init__(self) -> None:
        self.done = 0
        self.fails = False
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> KeptAnswer:
        await self.may_end.wait()
        if self.fails:
            raise OSError("it failed")
        self.done += 1
        return KeptAnswer(HTTPStatus.CREATED, b"%d" % self.done, ())


async def test_the_same_request_with_the_same_key_is_answered_again() -> None:
    """The client that did not get the answer gets it now; nothing is done twice."""
    kept, write = KeptAnswers(), Write()
    first, before = await kept.once(ME, "k", b"request", write)
    again, known = await kept.once(ME, "k", b"request", write)
    assert (first, before, known, write.done) == (again, False, True, 1)


async def test_a_key_belongs_to_one_request() -> None:
    """Another request with it is a mistake, and not done."""
    kept, write = KeptAnswers(), Write()
    await kept.once(ME, "k", b"request", write)
    with pytest.raises(ProblemError) as refused:
        await kept.once(ME, "k", b"another", write)
    assert (refused.value.problem.status, write.done) == (HTTPStatus.UNPROCESSABLE_ENTITY, 1)


async def test_nobody_is_given_what_another_was_answered() -> None:
    """Keys are guessed easily, answers may hold secrets."""
    kept, write = KeptAnswers(), Write()
    first, _ = await kept.once(ME, "k", b"request", write)
    for other in (replace(ME, name="you"), replace(ME, tenant="bank"), replace(ME, credential_id="another")):
        answer, before = await kept.once(other, "k", b"request", write)
        assert (before, answer == first) == (False, False)


async def test_a_request_that_is_under_way_is_not_begun_again() -> None:
    """Its client may ask again later."""
    kept, write = KeptAnswers(), Write()
    write.may_end.clear()
    first = asyncio.ensure_future(kept.once(ME, "k", b"request", write))
    await asyncio.sleep(0)
    with pytest.raises(ProblemError) as refused:
        await kept.once(ME, "k", b"request", write)
    write.may_end.set()
    assert (await first)[1] is False
    assert (refused.value.problem.status, write.done) == (HTTPStatus.CONFLICT, 1)


async def test_what_nobody_waits_for_any_more_is_done_once_and_answered_later() -> None:
    """A request that took too long goes on in Kafka: its client comes again, and must not do it twice."""
    kept, write = KeptAnswers(), Write()
    write.may_end.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await kept.once(ME, "k", b"request", write)
    with pytest.raises(ProblemError, match="not answered yet"):
        await kept.once(ME, "k", b"request", write)
    write.may_end.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await kept.once(ME, "k", b"request", write), write.done) == (
        (KeptAnswer(HTTPStatus.CREATED, b"1", ()), True),
        1,
    )


async def test_many_others_keys_do_not_have_a_request_begun_again_that_is_under_way() -> None:
    """Only what was answered makes room."""
    kept, slow, quick = KeptAnswers(), Write(), Write()
    slow.may_end.clear()
    first = asyncio.ensure_future(kept.once(ME, "k", b"request", slow))
    await asyncio.sleep(0)
    for number in range(MAX_KEYS + 1):
        await kept.once(ME, f"k{number}", b"request", quick)
    with pytest.raises(ProblemError, match="not answered yet"):
        await kept.once(ME, "k", b"request", slow)
    slow.may_end.set()
    await first


async def test_what_failed_may_be_tried_again() -> None:
    """Only answers are kept, no errors."""
    kept, write = KeptAnswers(), Write()
    write.fails = True
    with pytest.raises(OSError, match="it failed"):
        await kept.once(ME, "k", b"request", write)
    write.fails = False
    assert (await kept.once(ME, "k", b"request", write))[1] is False


async def test_keys_are_forgotten_by_time_and_by_number() -> None:
    """Memory is bounded."""
    now_s = 0.0
    kept, write = KeptAnswers(lambda: now_s), Write()
    await kept.once(ME, "old", b"request", write)
    now_s = KEPT_S
    assert (await kept.once(ME, "old", b"request", write))[1] is False
    for number in range(MAX_KEYS):
        await kept.once(ME, f"k{number}", b"request", write)
    assert (await kept.once(ME, "old", b"request", write))[1] is False


@pytest.mark.parametrize("key", ["", "x" * 129, "ü", "a\x00b"])
async def test_what_is_no_key_is_refused(key: str) -> None:
    """A key is short plain text."""
    with pytest.raises(ProblemError):
        await KeptAnswers().once(ME, key, b"request", Write())
