"""What the main reader still has to commit: the newest offset of what it owns, again after a failure."""

from gateway.kafka.pending_commits import RETRY_S, PendingCommits

A, B = ("deliveries", 0), ("deliveries", 1)


def owning(*partitions: tuple[str, int]) -> PendingCommits:
    commits = PendingCommits()
    commits.own(partitions)
    return commits


def test_the_newest_offset_is_taken_once() -> None:
    """Whatever was asked for before it."""
    commits = owning(A, B)
    commits.ask({A: (5, ""), B: (1, "")})
    commits.ask({A: (7, "1gICA")})
    assert commits.take(0) == {A: (7, "1gICA"), B: (1, "")}
    assert commits.take(0) == {}


def test_a_failed_commit_is_tried_again_after_a_while() -> None:
    """Nothing new has to be settled for that, and Kafka is not asked all the time."""
    commits = owning(A)
    commits.ask({A: (5, "")})
    commits.failed(commits.take(10), 10)
    assert commits.take(10 + RETRY_S / 2) == {}
    assert commits.take(10 + RETRY_S) == {A: (5, "")}


def test_what_is_settled_beyond_goes_along() -> None:
    """It is asked for anew where the offset stays, and comes again after a failure."""
    commits = owning(A)
    commits.ask({A: (5, "1first")})
    commits.ask({A: (5, "1second")})
    commits.failed(commits.take(0), 0)
    assert commits.take(RETRY_S) == {A: (5, "1second")}


def test_a_failed_commit_never_replaces_a_newer_one() -> None:
    """A commit that goes back would repeat what is done."""
    commits = owning(A)
    commits.ask({A: (5, "")})
    taken = commits.take(0)
    commits.ask({A: (9, "")})
    commits.failed(taken, 0)
    assert commits.take(RETRY_S) == {A: (9, "")}


def test_a_partition_has_one_commit_under_way() -> None:
    """Of two that were sent, the older could become durable last. The other partitions don't wait for it."""
    commits = owning(A, B)
    commits.ask({A: (5, "")})
    commits.take(0)
    commits.ask({A: (6, ""), B: (1, "")})
    commits.ask({A: (7, "")})
    assert commits.take(0) == {B: (1, "")}
    commits.durable([A])
    assert commits.take(0) == {A: (7, "")}


def test_a_partition_that_comes_back_waits_for_no_commit_of_before() -> None:
    """Given up or taken away: what was under way then concerns nobody."""
    commits = owning(A, B)
    commits.ask({A: (5, ""), B: (5, "")})
    commits.take(0)
    commits.give_up([A])
    commits.own([A, B])
    commits.ask({A: (6, ""), B: (6, "")})
    assert commits.take(0) == {A: (6, ""), B: (6, "")}


def test_nothing_is_committed_for_what_was_given_up() -> None:
    """Asked for before, asked for late, or failed late: its next owner commits."""
    commits = owning(A, B)
    commits.ask({A: (5, ""), B: (1, "")})
    commits.give_up([A])
    commits.ask({A: (6, "")})
    commits.failed({A: (4, "")}, 0)
    assert commits.take(RETRY_S) == {B: (1, "")}


def test_an_assignment_begins_anew() -> None:
    """Offsets of an earlier assignment of the same partition do not count."""
    commits = owning(A)
    commits.ask({A: (5, "")})
    commits.own([A])
    assert commits.take(0) == {}
