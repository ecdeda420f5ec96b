"""When no commit calls a record settled any more that was left to the cursor of its key."""

from gateway.domain.offsets import describe_settled
from gateway.domain.said import Said

SAYS_SEVEN = (5, describe_settled(5, [5, 6], 7))
SILENT = (5, "")
SEVEN = ("s", 7)


def test_what_was_never_said_is_not_waited_for() -> None:
    """Nothing is under way, and what is durable is silent; but a commit has to be made first, to find out."""
    said = Said(SILENT)
    said.unsay(*SEVEN)
    assert list(said.made(SILENT)) == [SEVEN]
    assert list(said.made(SILENT)) == []


def test_it_waits_for_a_durable_commit_that_was_made_since() -> None:
    """A commit of before that becomes durable meanwhile says it still."""
    said = Said(SILENT)
    said.made(SAYS_SEVEN)
    said.unsay(*SEVEN)
    assert list(said.made(SILENT)) == []
    assert list(said.durable(SAYS_SEVEN)) == []
    assert list(said.durable(SILENT)) == [SEVEN]


def test_a_silent_commit_of_before_is_no_end_of_it() -> None:
    """It is acknowledged late: the next that is sent may be one that says it."""
    said = Said((4, ""))
    said.made(SILENT)
    said.made(SAYS_SEVEN)
    said.unsay(*SEVEN)
    assert list(said.durable(SILENT)) == []
    assert list(said.made((6, ""))) == []
    assert list(said.durable((6, ""))) == [SEVEN]


def test_the_same_words_again_may_be_said_of_another_time() -> None:
    """What is durable is silent, and the newest says the same; between them is one that is under way."""
    said = Said(SILENT)
    said.made(SAYS_SEVEN)
    said.unsay(*SEVEN)
    assert list(said.made(SILENT)) == []


def test_a_commit_behind_it_says_nothing_of_it() -> None:
    """Whoever begins there does not read it again: the cursor of its key has it."""
    said = Said(SAYS_SEVEN)
    said.unsay(*SEVEN)
    said.made((8, ""))
    assert list(said.durable((8, ""))) == [SEVEN]
