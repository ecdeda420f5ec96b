"""Step ⑤, after the sending: what an endpoint repeats of confidential parts of a request is taken out of its answer.

Many a test endpoint answers with the request it got. What an answer says is kept in the attempts and shown. A header's
value may be a credential, and has no place there; neither has a sensitive field, in whatever form it comes back.
"""

from collections.abc import Iterable
from dataclasses import replace

from gateway.domain.outcome import ErrorCode, Failed, SendResult

# Shorter ones are no credentials, and to hide `json` or `true` would spoil what the endpoint says.
MIN_HIDDEN_CHARS = 8
HIDDEN = "[hidden]"


def without_echoes(result: SendResult, values: Iterable[str]) -> SendResult:
    """Give what came of a request without what the endpoint repeats of header values, or of the words in them.

    Args:
        result: an excerpt may have been cut in the midst of one; the detail of a failure may quote what came.
        values: what the headers' values are.
    """
    words = sorted(
        {word for value in values for word in (value, *value.split()) if len(word) >= MIN_HIDDEN_CHARS},
        key=len,
        reverse=True,
    )
    if not words:
        return result
    if isinstance(result, Failed):
        return replace(result, detail=_hidden(result.detail, words))
    return replace(
        result,
        excerpt=_hidden(result.excerpt, words),
        headers=tuple((name, _hidden(value, words)) for name, value in result.headers),
    )


def without_answer(result: SendResult) -> SendResult:
    """Give what came of a request that held sensitive fields: its status, and nothing of what the endpoint wrote."""
    if not isinstance(result, Failed):
        return replace(result, excerpt=HIDDEN if result.excerpt else "", headers=())
    # Only the detail of an answer that is none quotes what came.
    return replace(result, detail=HIDDEN) if result.code is ErrorCode.INVALID_RESPONSE else result


def _hidden(text: str, words: list[str]) -> str:
    for word in words:
        text = text.replace(word, HIDDEN)
    for word in words:
        for length in range(min(len(word) - 1, len(text)), MIN_HIDDEN_CHARS - 1, -1):
            if text.endswith(word[:length]):
                return text[:-length] + HIDDEN
    return text
