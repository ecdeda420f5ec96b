"""Which events a receiver takes for repeats."""

from gateway.receiver.event_ids import EventIds


def test_an_id_is_known_from_its_answer_on() -> None:
    """In hand or done, it is a repeat."""
    ids = EventIds(remember=10)
    assert "a" not in ids
    ids.begin("a")
    assert "a" in ids
    ids.finish("a")
    assert "a" in ids


def test_a_failed_id_is_forgotten() -> None:
    """After a failure the same id is processed again when it comes again."""
    ids = EventIds(remember=10)
    ids.begin("a")
    ids.forget("a")
    assert "a" not in ids


def test_the_oldest_done_id_gives_way_but_none_in_hand() -> None:
    """Memory is bounded, and what is being processed is never taken twice."""
    ids = EventIds(remember=2)
    ids.begin("slow")
    for event_id in ("a", "b", "c"):
        ids.begin(event_id)
        ids.finish(event_id)
    assert [event_id for event_id in ("slow", "a", "b", "c") if event_id in ids] == ["slow", "b", "c"]
