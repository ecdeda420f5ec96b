"""What an endpoint repeats of the headers that it was sent is not kept."""

import pytest

from gateway.domain.outcome import Answered, ErrorCode, Failed
from gateway.egress.echoes import HIDDEN, without_answer, without_echoes

VALUES = ("Bearer token-123456", "api-key-7890", "json", "v=1")


@pytest.mark.parametrize(
    ("excerpt", "kept"),
    [
        ("Authorization: Bearer token-123456", "Authorization: [hidden]"),
        ('{"auth":"token-123456","key":"api-key-7890"}', '{"auth":"[hidden]","key":"[hidden]"}'),
        ("token-123456 and token-123456", "[hidden] and [hidden]"),
        ("cut in the midst of api-key-7", "cut in the midst of [hidden]"),
        ("cut in the midst of token-12345", "cut in the midst of [hidden]"),
        ("no json here, v=1, Bearer", "no json here, v=1, Bearer"),
        ("", ""),
    ],
)
def test_what_is_repeated_is_hidden(excerpt: str, kept: str) -> None:
    """Whole values, the words in them, and what is left of one at the end; not what is too short to be a credential."""
    answer = without_echoes(Answered(500, 3.0, excerpt, (("x-request-id", excerpt),)), VALUES)
    assert answer == Answered(500, 3.0, kept, (("x-request-id", kept),))
    failure = without_echoes(Failed(ErrorCode.INVALID_RESPONSE, excerpt), VALUES)
    assert failure == Failed(ErrorCode.INVALID_RESPONSE, kept)


def test_without_credentials_nothing_is_touched() -> None:
    """The answer is the same object."""
    answer = Answered(200, excerpt="json")
    assert without_echoes(answer, ("json",)) is answer


def test_of_an_answer_to_sensitive_fields_only_what_came_of_it_is_kept() -> None:
    """The endpoint may give them back in any form; its status and what failed on our side are not its words."""
    answer = Answered(500, 3.0, "born on 1906-12-09", (("x-request-id", "1906-12-09"),))
    assert without_answer(answer) == Answered(500, 3.0, HIDDEN)
    assert without_answer(Answered(200)) == Answered(200)
    garbage = Failed(ErrorCode.INVALID_RESPONSE, "bad status line '1906-12-09'")
    assert without_answer(garbage) == Failed(ErrorCode.INVALID_RESPONSE, HIDDEN)
    silence = Failed(ErrorCode.TIMEOUT, "no complete answer within 10 s")
    assert without_answer(silence) is silence
