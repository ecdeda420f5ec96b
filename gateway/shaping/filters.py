"""Filters: whether a subscription whose event types match gets an event, and what decided that."""

from dataclasses import dataclass
from enum import Enum

from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import OnFilterError
from gateway.shaping.expressions import EvaluationError, Expression, ExpressionCompiler, Subject


class Rule(Enum):
    """What decides whether a subscription whose event types match gets an event."""

    NO_FILTER = "no_filter"
    FILTER = "filter"
    ON_FILTER_ERROR = "on_filter_error"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a subscription gets an event, and why.

    Attributes:
        is_wanted: whether it does.
        rule: what decided.
        detail: what went wrong with the filter, for people; None where nothing did.
    """

    is_wanted: bool
    rule: Rule
    detail: str | None = None


UNFILTERED = Decision(is_wanted=True, rule=Rule.NO_FILTER)
_TRUE = Decision(is_wanted=True, rule=Rule.FILTER)
_FALSE = Decision(is_wanted=False, rule=Rule.FILTER)


class Filter:
    """A filter on one view.

    One that can't be compiled fails on every event: it was checked when it was written, but the catalog may have
    changed since.

    Args:
        compiler: the view's.
        text: the expression.

    Attributes:
        expression: the compiled expression, or None where it can't be compiled.
    """

    def __init__(self, compiler: ExpressionCompiler, text: str) -> None:
        self.expression: Expression | None = None
        self._refusal = ""
        try:
            self.expression = compiler.condition(text)
        except InvalidInputError as error:
            self._refusal = error.message.partition("\n")[0]

    def decide(self, subject: Subject, on_error: OnFilterError) -> Decision:
        """Decide about one event.

        Args:
            subject: the event in the filter's view.
            on_error: what becomes of it where the filter fails.
        """
        if self.expression is None:
            return _failed(on_error, self._refusal)
        try:
            return _TRUE if self.expression.is_true(subject) else _FALSE
        except EvaluationError as error:
            return _failed(on_error, error.reason)


def _failed(on_error: OnFilterError, reason: str) -> Decision:
    return Decision(on_error is OnFilterError.SEND, Rule.ON_FILTER_ERROR, reason)
