"""How the test receiver's fail modes read and draw."""

from random import Random

import pytest

from gateway.domain.errors import InvalidInputError
from gateway.receiver.fail_modes import HELD_S, PlannedAnswer, parse_fail_mode


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("none", PlannedAnswer(200)),
        ("timeout", PlannedAnswer(None, HELD_S)),
        ("500", PlannedAnswer(500)),
        ("410", PlannedAnswer(410)),
        ("slow:2s", PlannedAnswer(200, 2.0)),
        ("slow:0.25s", PlannedAnswer(200, 0.25)),
        ("flaky:1", PlannedAnswer(503)),
        ("flaky:0", PlannedAnswer(200)),
    ],
)
def test_modes_without_chance(text: str, answer: PlannedAnswer) -> None:
    """These answer every request alike."""
    mode, rng = parse_fail_mode(text), Random(1)  # noqa: S311 - decides nothing secret
    assert {mode.draw(rng) for _ in range(100)} == {answer}


@pytest.mark.parametrize(("text", "share"), [("flaky:0.3", 0.3), ("flaky:.5", 0.5)])
def test_flaky_fails_its_share(text: str, share: float) -> None:
    """About the share asked for fails, and the same ones with the same seed."""
    generators = (Random(7), Random(7))  # noqa: S311 - decides nothing secret
    drawn = [[parse_fail_mode(text).draw(rng).status for _ in range(2000)] for rng in generators]
    assert drawn[0] == drawn[1]
    assert drawn[0].count(503) / 2000 == pytest.approx(share, abs=0.05)
    assert set(drawn[0]) == {200, 503}


@pytest.mark.parametrize(
    "text",
    ["", "200", "302", "600", "5000", "flaky", "flaky:", "flaky:1.5", "flaky:-1", "flaky:nan", "slow:2", "slow:s",
     "slow:-1s", "slow:601s", "slow:1e3s", "NONE", "none ", "timeout:3s", "500\n"],
)  # fmt: skip
def test_what_is_no_mode_is_refused_with_examples(text: str) -> None:
    """Anything else is refused, with what would do."""
    with pytest.raises(InvalidInputError) as refused:
        parse_fail_mode(text)
    assert "flaky:0.3" in (refused.value.hint or "")
