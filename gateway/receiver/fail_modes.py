"""How the test receiver answers on purpose: a mode is read from text, and draws one answer per request."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from random import Random

from gateway.domain.errors import InvalidInputError

MAX_DELAY_S = 600.0
HELD_S = 120.0
RETRY_AFTER_S = 1
EXAMPLES = "none, timeout, slow:2s, flaky:0.3, or a status from 400 to 599 such as 500, 401, 400, 410, 429"

_STATUS = re.compile(r"[45][0-9]{2}\Z")
_SHARE = re.compile(r"flaky:(0|1|0?\.[0-9]{1,6}|[01]\.0{1,6})\Z")
_DELAY = re.compile(r"slow:([0-9]{1,3}(?:\.[0-9]{1,3})?)s\Z")


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """What one request is answered.

    Attributes:
        status: the status, or None for none at all: the request is held until the client gives up.
        delay_s: how long the answer waits, in seconds.
    """

    status: int | None
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FailMode:
    """A share of the requests gets `answer`, the others 200 at once.

    Attributes:
        text: the mode as it was written.
        answer: the answer asked for.
        share: how many get it, from 0 to 1.
    """

    text: str
    answer: PlannedAnswer
    share: float = 1.0

    def draw(self, rng: Random) -> PlannedAnswer:
        """Give the next request's answer; draws a number only where chance is part of the mode."""
        if self.share >= 1.0 or rng.random() < self.share:
            return self.answer
        return SUCCESS


SUCCESS = PlannedAnswer(HTTPStatus.OK)


def parse_fail_mode(text: str) -> FailMode:
    """Read `none`, `timeout`, a status from 400 to 599, `flaky:<share>` or `slow:<seconds>s`.

    Raises:
        InvalidInputError: it is none of these.
    """
    if text == "none":
        return FailMode(text, SUCCESS)
    if text == "timeout":
        return FailMode(text, PlannedAnswer(None, HELD_S))
    if _STATUS.match(text):
        return FailMode(text, PlannedAnswer(int(text)))
    if share := _SHARE.match(text):
        return FailMode(text, PlannedAnswer(HTTPStatus.SERVICE_UNAVAILABLE), float(share[1]))
    delay = _DELAY.match(text)
    if delay and float(delay[1]) <= MAX_DELAY_S:
        return FailMode(text, PlannedAnswer(HTTPStatus.OK, float(delay[1])))
    raise InvalidInputError(f"'{text[:40]}' is not a fail mode", hint=f"use {EXAMPLES}")
