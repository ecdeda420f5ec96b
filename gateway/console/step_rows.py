"""Steps as rows of the index, read back."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.console.index_store import IndexConnection
from gateway.console.names import words_of
from gateway.console.steps import Place, Step, StepContent, StepKey, StepKind, StepTrigger

SELECT_STEPS = (
    "SELECT delivery, at_ms, kind, number, trigger, outcome, due_ms, reason, duration_ms, status, error, round_ms, "
    "stage, topic, partition, position FROM steps"
)


def read_steps(connection: IndexConnection, row: int) -> list[Step]:
    """Give the steps of one delivery, oldest first."""
    found = connection.execute(f"{SELECT_STEPS} WHERE delivery = ? ORDER BY at_ms, kind, number, trigger", (row,))
    rows = found.fetchall()
    words = words_of(connection, codes_in(rows))
    return [step_from_row(one, words) for one in rows]


def step_from_row(row: tuple[Any, ...], words: Mapping[int, str]) -> Step:
    """Give the step that a row of `steps` stands for.

    Args:
        row: its columns.
        words: the words that it names.
    """
    _, at_ms, kind, number, trigger, outcome, due_ms, reason, duration_ms, status, error, round_ms, stage, *at = row
    return Step(
        StepKey(at_ms, StepKind(kind), number, StepTrigger(trigger)),
        StepContent(
            words.get(outcome, ""),
            due_ms,
            words.get(reason, ""),
            duration_ms,
            status,
            words.get(error, ""),
            round_ms,
            stage,
        ),
        None if at[0] is None else Place(words[at[0]], at[1], at[2]),
    )


def codes_in(rows: Iterable[tuple[Any, ...]]) -> Iterator[int]:
    """Give the numbers of the words that rows of `steps` name: outcome, reason, error and topic."""
    return (code for row in rows for code in (row[5], row[7], row[10], row[13]) if code)
