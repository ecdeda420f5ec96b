"""The overview: what signals say last, and a screen that fits the terminal it is drawn on."""

from dataclasses import replace

import pytest
from rich.console import Console

from gateway.cli.top_views import SortKey, overview_json, overview_screen
from gateway.domain.attempt_window import Failing, WindowSummary
from gateway.domain.overview import Depth, Lagging, Overview, SignalBoard, Standing
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.tiers import DEFAULT_TIERS
from gateway.domain.topics import BEGINNINGS, REPLAY_DELIVERIES, retry_topic
from tests.delivery_records import T0

MINUTE = WindowSummary(
    span_s=60.0,
    outcomes={"delivered": 599_400, "retry_scheduled": 600},
    attempts=600_000,
    delivered=599_400,
    latency_ms=(12, 2_345, 12_345),
    worst=tuple(Failing(f"sub_{number:02}", 100 - number, "connection_refused") for number in range(40)),
    failing=40,
    untold=0,
)
STANDING = Standing(
    at_ms=T0 - 1000,
    stream=(Depth("events.order", 12_345),),
    egress=tuple(Depth(name, 1_234_567) for name in (*BEGINNINGS, REPLAY_DELIVERIES)),
    tiers=tuple(Depth(retry_topic(tier), 1_000_000, T0 - 3_600_000) for tier in DEFAULT_TIERS),
    dead_letters=77,
    lagging=(Lagging("sub_01", 6, 1_200_000, "circuit open"), Lagging("sub_02", 1, None, None)),
)
OVERVIEW = Overview(T0, MINUTE, replace(MINUTE, span_s=5.0, outcomes={"delivered": 50_000}), STANDING, {"sub_01": T0})


def host_of(subscription_id: str) -> str | None:
    """Every subscription exists, one apart."""
    return None if subscription_id == "sub_gone" else f"{subscription_id[::-1]}.example.com"


def screen(
    overview: Overview = OVERVIEW, *, columns: int = 80, lines: int = 24, sort: SortKey = SortKey.FAILED
) -> list[str]:
    """Draw it, and give its lines."""
    console = Console(width=columns, height=lines, markup=False, highlight=False)
    with console.capture() as drawn:
        console.print(overview_screen(overview, host_of, source="kafka:9092", sort=sort, lines=lines, notice="q end"))
    return drawn.get().splitlines()


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40), (200, 60)])
def test_a_screen_fits_its_terminal(columns: int, lines: int) -> None:
    """No line is too long, none is too many, and the notice is there."""
    drawn = screen(columns=columns, lines=lines)
    assert len(drawn) <= lines
    assert max(map(len, drawn)) <= columns
    assert drawn[-1].strip() == "q end"


def test_a_small_screen_has_every_number() -> None:
    """At 80 by 24 none of them is cut."""
    drawn = "\n".join(screen())
    for text in (
        "9,990.0",
        "10,000.0",
        "99.90%",
        "2,345 ms",
        "12,345 ms",
        "1,000,000",
        "1 h",
        "1,234,567",
        "12,345",
        "77",
    ):
        assert text in drawn
    assert "…" not in drawn
    assert "sub_01: circuit open" in drawn


def test_what_is_not_known_yet_is_said() -> None:
    """Before the first look at Kafka, and before the first attempt."""
    nothing = replace(MINUTE, outcomes={}, attempts=0, delivered=0, latency_ms=None, worst=(), failing=0)
    drawn = "\n".join(screen(Overview(T0, nothing, nothing, None, {})))
    assert "not known yet" in drawn
    assert "%" not in drawn


@pytest.mark.parametrize(
    ("sort", "first"), [(SortKey.FAILED, "sub_cc"), (SortKey.HOST, "sub_ba"), (SortKey.SUBSCRIPTION, "sub_ab")]
)
def test_endpoints_are_sorted(sort: SortKey, first: str) -> None:
    """By the key that was asked for; the hosts are those of the names read backwards."""
    worst = tuple(Failing(name, failed, "timeout") for name, failed in (("sub_ab", 1), ("sub_ba", 2), ("sub_cc", 3)))
    drawn = screen(replace(OVERVIEW, minute=replace(MINUTE, worst=worst), open_circuits={}), sort=sort)
    (heading,) = [number for number, line in enumerate(drawn) if line.startswith("SUBSCRIPTION")]
    assert drawn[heading + 1].startswith(first)


def test_the_orders_go_round() -> None:
    """The key leads through all of them."""
    assert SortKey.FAILED.next().next().next() is SortKey.FAILED


def test_failures_that_are_not_told_apart_are_hinted_at() -> None:
    """There may be more endpoints that fail."""
    drawn = "\n".join(screen(replace(OVERVIEW, minute=replace(MINUTE, failing=1_000, untold=7))))
    assert "1,000+" in drawn


def test_an_open_circuit_stays_in_sight() -> None:
    """Also when nothing was sent to it for a minute; that of a deleted subscription does not."""
    held = replace(OVERVIEW, minute=replace(MINUTE, worst=()), open_circuits={"sub_99": T0, "sub_gone": T0})
    drawn = "\n".join(screen(held))
    assert "sub_99" in drawn
    assert "sub_gone" not in drawn
    assert overview_json(held, host_of)["open_circuits"] == 1


def test_what_comes_from_elsewhere_is_plain_text() -> None:
    """No record draws on the terminal."""
    worst = (Failing("sub_\x1b[31m", 1, "HTTP [bold]503"),)
    drawn = "\n".join(screen(replace(OVERVIEW, minute=replace(MINUTE, worst=worst))))
    assert "\x1b" not in drawn
    assert "HTTP [bold]503" in drawn


def signal(kind: SignalKind, name: str = "sub_1", **fields: object) -> Signal:
    """A signal of a subscription."""
    return replace(Signal(name, "default", T0, kind), **fields)  # type: ignore[arg-type]


def test_what_is_told_of_another_tenants_subscription_is_known_as_that() -> None:
    """It was deleted, and its id is used again: until something is told of the new one."""
    board = SignalBoard()
    assert board.is_told_of("sub_1", "bank")
    board.take([signal(SignalKind.CIRCUIT_OPENED), signal(SignalKind.LAGGING, waiting=70)])
    assert [board.is_told_of("sub_1", tenant) for tenant in ("default", "bank")] == [True, False]
    board.take([replace(signal(SignalKind.LAGGING, waiting=1), tenant="bank")])
    assert not board.is_told_of("sub_1", "bank")
    board.take([replace(signal(SignalKind.CIRCUIT_CLOSED), tenant="bank")])
    assert board.is_told_of("sub_1", "bank")


def test_the_board_has_the_last_word_of_each_subscription() -> None:
    """Opened and closed, lagging and caught up; what lags is told by its cursors."""
    board = SignalBoard()
    board.take([signal(SignalKind.CIRCUIT_OPENED, until_ms=T0 + 5), signal(SignalKind.CIRCUIT_OPENED, "sub_2")])
    board.take([signal(SignalKind.LAGGING, waiting=70, reason="why"), signal(SignalKind.LAGGING, "sub_2", waiting=7)])
    assert board.open_circuits == {"sub_1": T0 + 5, "sub_2": None}
    board.take([signal(SignalKind.CIRCUIT_CLOSED), signal(SignalKind.DISABLED, "sub_2")])
    board.take([signal(SignalKind.CAUGHT_UP, "sub_2"), signal(SignalKind.DEAD_LETTERED)])
    assert board.open_circuits == {}
    assert board.lagging({"sub_1": 2, "sub_2": 1}) == (
        Lagging("sub_1", 2, 70, "why"),
        Lagging("sub_2", 1, None, None),
    )
