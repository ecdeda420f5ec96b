"""How the overview looks: a screen of 80 by 24 characters or more, an object of JSON."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from enum import Enum

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gateway.cli.backlog_views import describe_age
from gateway.domain.attempt_choice import OUTCOMES
from gateway.domain.attempt_window import Failing
from gateway.domain.foreign_text import plain_line
from gateway.domain.overview import Depth, Overview, total
from gateway.domain.topics import RETRY_PREFIX
from gateway.wire.moments import describe_moment

_LEAST_ENDPOINTS = 2
# Title, heading of the endpoints, and notice.
_SINGLE_LINES = 3
_FAILING_COLUMNS = ("SUBSCRIPTION", "HOST", "FAILED", "LAST", "CIRCUIT")


HostOf = Callable[[str], str | None]


class SortKey(Enum):
    """In which order the worst endpoints stand."""

    FAILED = "failed"
    HOST = "host"
    SUBSCRIPTION = "subscription"

    def next(self) -> "SortKey":
        """Give the order after this one, and after the last one the first."""
        keys = list(SortKey)
        return keys[(keys.index(self) + 1) % len(keys)]


def overview_json(overview: Overview, host_of: HostOf) -> dict[str, object]:
    """Give the object that `--json` prints; times are milliseconds since the epoch."""
    minute = overview.minute
    return {
        "at_ms": overview.at_ms,
        "span_s": minute.span_s,
        "deliveries_per_s": {outcome: minute.per_s(outcome) for outcome in OUTCOMES},
        "recent_per_s": {outcome: overview.recent.per_s(outcome) for outcome in OUTCOMES},
        "attempts": minute.attempts,
        "success_rate": minute.success_rate,
        "latency_ms": None
        if minute.latency_ms is None
        else dict(zip(("p50", "p95", "p99"), minute.latency_ms, strict=True)),
        "worst": [
            {
                **asdict(one),
                "host": (host_of(one.subscription_id) or "?"),
                "circuit_open": one.subscription_id in overview.open_circuits,
            }
            for one in _endpoints(overview, host_of)
        ],
        "failing": minute.failing,
        "untold_failures": minute.untold,
        "open_circuits": len(_open_circuits(overview, host_of)),
        "standing": None if overview.standing is None else asdict(overview.standing),
    }


def overview_screen(
    overview: Overview, host_of: HostOf, *, source: str, sort: SortKey, lines: int, notice: str
) -> RenderableType:
    """Give the screen for people.

    Args:
        overview: what is shown.
        host_of: gives the host of a subscription; None where there is no such one any more.
        source: where the numbers come from: Kafka's address.
        sort: the order of the worst endpoints.
        lines: how many lines there are; at least 24.
        notice: the last line.
    """
    title = Text(f"gateway top  {describe_moment(overview.at_ms)}  {plain_line(source)}", style="bold", no_wrap=True)
    upper = _rates(overview), _last_minute(overview, host_of)
    tiers = _tiers(overview)
    middle = tiers, _waiting(overview, tiers.row_count)
    taken = _SINGLE_LINES + sum(max(table.row_count for table in pair) + 1 for pair in (upper, middle))
    worst = _worst(overview, host_of, sort, max(lines - taken, _LEAST_ENDPOINTS))
    return Group(title, _side_by_side(*upper), _side_by_side(*middle), worst, Text(notice, style="dim", no_wrap=True))


def _side_by_side(left: RenderableType, right: RenderableType) -> Table:
    grid = Table.grid(expand=True, padding=(0, 2, 0, 0))
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(left, right)
    return grid


def _table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, wide: int = 0) -> Table:
    """Make a table without lines; all but the first columns up to `wide` are numbers."""
    table = Table(box=None, pad_edge=False, header_style="dim", expand=wide > 0)
    for number, name in enumerate(columns):
        justify = "left" if number <= wide else "right"
        table.add_column(name, justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    return table


def _rates(overview: Overview) -> Table:
    rows = [
        (outcome, _rate(overview.recent.per_s(outcome)), _rate(overview.minute.per_s(outcome))) for outcome in OUTCOMES
    ]
    return _table(("DELIVERIES/S", "NOW", "1 MIN"), rows)


def _last_minute(overview: Overview, host_of: HostOf) -> Table:
    minute, standing = overview.minute, overview.standing
    p50, p95, p99 = _milliseconds(minute.latency_ms)
    rows = [
        ("success", "" if minute.success_rate is None else f"{minute.success_rate:.2%}"),
        ("latency p50", p50),
        ("latency p95", p95),
        ("latency p99", p99),
        ("failing endpoints", _count(minute.failing) + ("+" if minute.untold else "")),
        ("open circuits", _count(len(_open_circuits(overview, host_of)))),
        ("dead letters kept", "" if standing is None else _count(standing.dead_letters)),
    ]
    return _table(("LAST MINUTE", ""), rows)


def _tiers(overview: Overview) -> Table:
    rows = [
        (depth.topic.removeprefix(RETRY_PREFIX), _count(depth.records), _age(depth, overview.at_ms))
        for depth in ([] if overview.standing is None else overview.standing.tiers)
    ]
    return _table(("RETRY TIER", "DEPTH", "OLDEST"), rows)


def _waiting(overview: Overview, lines: int) -> Table:
    standing = overview.standing
    if standing is None:
        return _table(("WAITING", ""), [("not known yet", "")])
    rows = [("events", _count(total(standing.stream)))]
    rows += [(depth.topic, _count(depth.records)) for depth in standing.egress]
    rows.append(("lagging subscriptions", _count(len(standing.lagging))))
    for one in standing.lagging[: max(lines - len(rows), 1)]:
        why = f": {one.reason}" if one.reason else ""
        rows.append((plain_line(f"  {one.subscription_id}{why}"), "" if one.waiting is None else _count(one.waiting)))
    return _table(("WAITING", "RECORDS"), rows)


def _worst(overview: Overview, host_of: HostOf, sort: SortKey, rows: int) -> Table:
    def key(one: Failing) -> tuple[int | str, str]:
        if sort is SortKey.FAILED:
            return -one.failed, one.subscription_id
        return ((host_of(one.subscription_id) or "?") if sort is SortKey.HOST else ""), one.subscription_id

    shown = sorted(_endpoints(overview, host_of), key=key)[:rows]
    cells = [
        (
            plain_line(one.subscription_id),
            plain_line(host_of(one.subscription_id) or "?"),
            _count(one.failed),
            plain_line(one.last),
            _circuit(overview, one.subscription_id),
        )
        for one in shown
    ]
    return _table(_FAILING_COLUMNS, cells, wide=1)


def _circuit(overview: Overview, subscription_id: str) -> Text:
    if subscription_id not in overview.open_circuits:
        return Text("")
    return Text("open", style="red")


def _open_circuits(overview: Overview, host_of: HostOf) -> set[str]:
    """Give the subscriptions whose circuit is open, those apart that there are no more."""
    return {name for name in overview.open_circuits if host_of(name) is not None}


def _endpoints(overview: Overview, host_of: HostOf) -> list[Failing]:
    """Give those that failed most within the last minute, and those that nothing is sent to since they failed."""
    failing = list(overview.minute.worst)
    held = _open_circuits(overview, host_of) - {one.subscription_id for one in failing}
    return failing + [Failing(name, 0, "") for name in sorted(held)]


def _milliseconds(latency_ms: tuple[int, ...] | None) -> tuple[str, ...]:
    return ("", "", "") if latency_ms is None else tuple(f"{one:,} ms" for one in latency_ms)


def _rate(per_s: float) -> str:
    return f"{per_s:,.1f}"


def _count(count: int) -> str:
    return f"{count:,}"


def _age(depth: Depth, now_ms: int) -> str:
    if not depth.records or depth.oldest_at_ms is None:
        return ""
    return describe_age(now_ms - depth.oldest_at_ms)
