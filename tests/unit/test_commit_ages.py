"""The age of commits: it grows only while records are behind one that does not move."""

from gateway.domain.commit_ages import CommitAges, Reach

P, Q = ("deliveries", 0), ("deliveries", 1)


def test_a_commit_that_stands_still_with_records_behind_it_ages() -> None:
    """New records do not make it younger."""
    ages = CommitAges[tuple[str, int]]().seeing({P: Reach(5, 9)}, 100.0)
    assert ages.age_s(P) == 0
    assert ages.seeing({P: Reach(5, 20)}, 130.0).age_s(P) == 30


def test_a_commit_that_moves_is_young_again() -> None:
    """However much is behind it."""
    ages = CommitAges[tuple[str, int]]().seeing({P: Reach(5, 9)}, 100.0).seeing({P: Reach(5, 9)}, 130.0)
    assert ages.seeing({P: Reach(6, 900)}, 140.0).age_s(P) == 0


def test_where_nothing_is_behind_nothing_ages() -> None:
    """A quiet partition is none that is stuck, and its first record begins anew."""
    ages = CommitAges[tuple[str, int]]().seeing({P: Reach(9, 9)}, 100.0).seeing({P: Reach(9, 9)}, 200.0)
    assert ages.age_s(P) == 0
    ages = ages.seeing({P: Reach(9, 10)}, 210.0)
    assert ages.age_s(P) == 0
    assert ages.seeing({P: Reach(9, 10)}, 215.0).age_s(P) == 5


def test_a_partition_that_went_is_forgotten() -> None:
    """When it comes back, it begins anew."""
    ages = CommitAges[tuple[str, int]]().seeing({P: Reach(5, 9), Q: Reach(0, 1)}, 100.0).seeing({Q: Reach(0, 1)}, 110.0)
    assert (ages.age_s(P), ages.age_s(Q)) == (0, 10)
    assert ages.seeing({P: Reach(5, 9)}, 120.0).age_s(P) == 0


def test_a_commit_beyond_the_end_is_no_lag() -> None:
    """The end was asked for a moment earlier."""
    assert Reach(committed=7, end=6).behind == 0
