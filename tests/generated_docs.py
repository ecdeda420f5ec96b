"""The parts of the documents that the code knows best: settings, topics, a subscription's numbers, metrics and more.

`make docs` runs this module and writes them into their pages, between marks; `tests/unit/test_docs.py` fails while a
page says something else.
"""

import html
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import orjson
from annotated_types import Ge, Gt, Le, Lt, MaxLen
from pydantic.fields import FieldInfo

from gateway.admin.definition import MAX_EVENT_TYPES, MIN_TIMEOUT_S
from gateway.domain.capacity import BROKER_COST, EGRESS_COST, EGRESS_MEMORY, STREAM_COST, STREAM_MEMORY
from gateway.domain.circuit import DEFAULT_CIRCUIT_POLICY
from gateway.domain.custom_headers import MAX_HEADERS, MAX_HEADERS_CHARS
from gateway.domain.duplicates import MAX_REMEMBERED
from gateway.domain.offsets import MAX_SETTLED_CHARS
from gateway.domain.options import MAX_DEFERRAL_MS
from gateway.domain.outcome import MAX_RETRY_AFTER_S
from gateway.domain.rate_limit import MAX_BURST, MAX_PER_S, MIN_PER_S
from gateway.domain.retry import MAX_TIERS, NAMED_POLICIES, RetryPolicy
from gateway.domain.subscription import (
    DEFAULT_MAX_IN_FLIGHT,
    DEFAULT_TIMEOUT_S,
    MAX_FILTER_CHARS,
    MAX_MAX_IN_FLIGHT,
    MAX_TIMEOUT_S,
    MAX_TRANSFORM_CHARS,
)
from gateway.domain.tiers import Tier
from gateway.domain.topics import TopicLayout
from gateway.egress.catch_up import FIRST_LOOK_MS, LOOK_AGAIN_MS
from gateway.egress.kept_records import MAX_KEPT_BYTES
from gateway.egress.lane import MAX_KEYS, MAX_OF_KEY, MAX_REPLAYS_WAITING, MIN_PREFETCH
from gateway.egress.ledger import DEFAULT_BUDGET_BYTES, LANE_SHARE
from gateway.egress.replay_share import MAX_REPLAYS_IN_FLIGHT, MAX_REPLAYS_PER_S
from gateway.http.tls import MAX_CONTEXTS
from gateway.kafka.acls import permissions
from gateway.log_in_settings import LogInSettings
from gateway.services.bench.headlines import headlines
from gateway.settings import ENV_PREFIX, Settings
from gateway.shaping.cel_cost import MAX_COST, MAX_ROUNDS
from gateway.telemetry.metrics import METRICS
from gateway.wire.certificates import MAX_CERTIFICATES, MAX_KEY_CHARS, MAX_PEM_CHARS
from tests.chart.values_schema import SCHEMA, documented_values, fresh_schema

ROOT = Path(__file__).resolve().parent.parent
REFRESH = "make docs"
MEASURED = ROOT / "docs" / "performance" / "results.json"

_END = "<!-- end -->"


def settings_table() -> str:
    """Every setting: variable, default, bounds, meaning."""
    rows = [
        (
            f"`{ENV_PREFIX}{name.upper()}`",
            _default(field),
            _bounds(field),
            html.escape(field.description or "", quote=False),
        )
        for name, field in _own_first(Settings.model_fields)
    ]
    return _table(("variable", "default", "bounds", "meaning"), rows)


def _own_first(fields: Mapping[str, FieldInfo]) -> list[tuple[str, FieldInfo]]:
    """Give what every deployment has before what belongs to a part of it."""
    return sorted(fields.items(), key=lambda field: field[0] in LogInSettings.model_fields)


def topics_table() -> str:
    """Every topic of a deployment with the default settings, one row for the topics of all domains."""
    rows = [
        (
            f"`{spec.name}`",
            spec.key,
            spec.value,
            spec.partitions,
            spec.cleanup,
            "newest of each key" if spec.retention_ms is None else _span(spec.retention_ms),
        )
        for spec in TopicLayout(("<domain>",)).specs()
    ]
    return _table(("topic", "key", "value", "partitions", "cleanup", "kept"), rows)


def access_table() -> str:
    """What each process and command has to be allowed, with the topics of all domains and tiers as one."""
    layout = TopicLayout(("<domain>",), tiers=(Tier(1, "<tier>"),))
    rows = [
        (
            f"`{role.value}`",
            ", ".join(operation.value for operation in permission.operations),
            permission.resource.value.replace("-", " "),
            ", ".join(f"`{name}`" for name in permission.names),
        )
        for role, each in permissions(layout).items()
        for permission in each
    ]
    return _table(("who", "may", "on", "named"), rows)


def policies_table() -> str:
    """The named retry policies."""
    rows = [
        (f"`{name}`", " ".join(tier.name for tier in policy.tiers), policy.max_attempts, _span(policy.span_ms))
        for name, policy in NAMED_POLICIES.items()
    ]
    return _table(("policy", "tiers", "attempts", "takes at least, h:mm:ss"), rows)


def subscription_table() -> str:
    """The numbers of a subscription: option, default, bounds, meaning."""
    burst = "what the rate gives in a second"
    certificates = f"at most {MAX_CERTIFICATES} certificates, {MAX_PEM_CHARS:,} characters"
    rows = [
        (
            "`--timeout-s`",
            round(DEFAULT_TIMEOUT_S),
            _between(MIN_TIMEOUT_S, MAX_TIMEOUT_S),
            "seconds an attempt may take",
        ),
        ("`--max-in-flight`", DEFAULT_MAX_IN_FLIGHT, _between(1, MAX_MAX_IN_FLIGHT), "attempts under way at once"),
        (
            "`--rate-limit`",
            "none",
            f"{_between(MIN_PER_S, MAX_PER_S)} a second",
            "attempts in a unit of time",
        ),
        ("`--rate-burst`", burst, _between(1, MAX_BURST), "attempts that may come at once after a quiet time"),
        ("`--event-type`", "", f"at most {MAX_EVENT_TYPES}", "patterns of event types"),
        ("`--filter`", "none", f"at most {MAX_FILTER_CHARS:,} characters", "[which events](filters.md) it gets"),
        ("`--transform-file`", "none", f"at most {MAX_TRANSFORM_CHARS:,} characters", "the form of the data"),
        ("`--retry-policy`", "`standard`", f"at most {MAX_TIERS} tiers", "the delays before each retry"),
        (
            "`--header`",
            "",
            f"at most {MAX_HEADERS}, {MAX_HEADERS_CHARS:,} characters together",
            "sent with every attempt",
        ),
        ("`--ca-bundle`", "the system's", certificates, "the authorities that are trusted"),
        ("`--client-cert`", "", certificates, "shown to the endpoint"),
        ("`--client-key`", "", f"at most {MAX_KEY_CHARS:,} characters", "its private key"),
    ]
    return _table(("option", "default", "bounds", "meaning"), rows)


def circuit_table() -> str:
    """When a circuit opens, and how it is probed."""
    policy = DEFAULT_CIRCUIT_POLICY
    share = f"{policy.failure_share:.0%} of the attempts in {_span(policy.window_ms)}"
    rows = [
        ("failures in a row that open it", policy.failures_in_a_row),
        ("failures that open it, too", f"{share}, where there are at least {policy.least_attempts}"),
        ("from opening to the first probe", _span(policy.first_pause_ms)),
        ("each probe that fails doubles the pause, up to", _span(policy.longest_pause_ms)),
        ("forgotten when nothing was sent for", _span(policy.memory_ms)),
    ]
    return _table(("a circuit", "h:mm:ss where it is a time"), rows)


def bounds_table() -> str:
    """What is fixed in the code: how much is kept, and how long."""
    rests_ms = TopicLayout(()).rests_ms().values()
    rows = [
        ("taken by an egress process and not settled", f"{DEFAULT_BUDGET_BYTES >> 20} MiB; then nothing is fetched"),
        ("of that, taken by one lane", f"1/{LANE_SHARE} of what is free"),
        (
            "deliveries that wait in a lane",
            f"{MIN_PREFETCH}, or `max_in_flight` where that is more; as many urgent ones",
        ),
        ("replays that wait in a lane", f"{MAX_REPLAYS_WAITING}, and only while nothing else does"),
        ("replays under way in an egress process", f"{MAX_REPLAYS_IN_FLIGHT}, and of one lane half of its requests"),
        ("replays that an egress process begins in a second", f"{MAX_REPLAYS_PER_S:,}"),
        ("event keys that wait, of a subscription in one partition", f"{MAX_KEYS:,}; then no others are begun"),
        ("deliveries of one such key in the lane", MAX_OF_KEY),
        ("records that catch-up passes keep until there is room", f"{MAX_KEPT_BYTES // 1_048_576} MiB"),
        ("TLS contexts kept, of subscriptions with certificates of their own", MAX_CONTEXTS),
        ("delivery ids remembered to find duplicates", f"{MAX_REMEMBERED:,}"),
        ("what a filter or transform may look at in an event", f"{MAX_COST:,} bytes and steps, {MAX_ROUNDS:,} rounds"),
        ("what a commit or a cursor says is settled beyond it", f"{MAX_SETTLED_CHARS:,} characters"),
        ("a strand that is not served is looked at after", _span(FIRST_LOOK_MS)),
        ("and again after", f"{_span(LOOK_AGAIN_MS)}, or when its oldest delivery may be too old"),
        ("a retry topic that was read to its end rests for", f"a tenth of its delay, {_between_ms(rests_ms)}"),
        ("`Retry-After` that is heeded", f"up to {_span(MAX_RETRY_AFTER_S * 1000)}"),
        ("how far ahead an event may be asked for", _span(MAX_DEFERRAL_MS)),
        ("a delivery behind an open circuit may wait", f"as long as its retries take, at least {_least_wait()}"),
    ]
    return _table(("what", "bound"), rows)


def metrics_table() -> str:
    """Every metric: name, kind, labels, who shows it, meaning."""
    rows = [
        (
            f"`{metric.name}`",
            metric.kind.value,
            ", ".join(f"`{label}`" for label in metric.labels),
            ", ".join(process.value for process in metric.shown_by),
            metric.meaning,
        )
        for metric in METRICS
    ]
    return _table(("metric", "kind", "labels", "of", "meaning"), rows)


def costs_table() -> str:
    """What the capacity model computes with: CPU and memory of each part."""
    parts = (
        ("stream", STREAM_COST, STREAM_MEMORY),
        ("egress", EGRESS_COST, EGRESS_MEMORY),
        ("Kafka", BROKER_COST, None),
    )
    rows = [
        (
            name,
            f"{cost.event_us:g} µs",
            f"{cost.delivery_us:g} µs",
            "" if memory is None else f"{memory.process_mib:g} MiB",
            "" if memory is None else f"{memory.thousand_subscriptions_mib:g} MiB",
        )
        for name, cost, memory in parts
    ]
    return _table(("", "CPU of an event", "CPU of a delivery", "memory of a process", "1,000 subscriptions more"), rows)


def performance() -> str:
    """What `make bench` measured last: the machine, the headlines and the charts."""
    if not MEASURED.exists():
        return "Nothing has been measured yet: `make bench`."
    results = orjson.loads(MEASURED.read_bytes())
    machine, versions = results["machine"], results["versions"]
    rows = [(f"`{found.scenario}`", found.what, found.value) for found in headlines(results)]
    charts = sorted(MEASURED.parent.glob("*.svg"))
    return "\n\n".join(
        [
            f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB, Linux {machine['kernel']}; "
            + ", ".join(f"{name} {version}" for name, version in versions.items())
            + ".",
            _table(("scenario", "what", "value"), rows),
            *(f"![{chart.stem}]({MEASURED.parent.name}/{chart.name})" for chart in charts),
        ]
    )


def chart_values() -> str:
    """Every value of the Helm chart: path, default, meaning."""
    rows = [(f"`{path}`", f"`{default}`", meaning) for path, default, meaning in documented_values()]
    return _table(("value", "default", "meaning"), rows)


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "settings": ("docs/configuration.md", settings_table),
    "subscription": ("docs/configuration.md", subscription_table),
    "bounds": ("docs/configuration.md", bounds_table),
    "circuit": ("docs/endpoints.md", circuit_table),
    "topics": ("docs/architecture.md", topics_table),
    "access": ("docs/security.md", access_table),
    "metrics": ("docs/metrics.md", metrics_table),
    "policies": ("README.md", policies_table),
    "costs": ("docs/operations.md", costs_table),
    "performance": ("docs/performance.md", performance),
    "values": ("helm/webhook-gateway/README.md", chart_values),
}


def with_part(page: str, name: str, content: str) -> str:
    """Give a page with one generated part replaced; ValueError where the page has no marks for it."""
    mark = f"<!-- generated: {name} -->\n"
    before, found, rest = page.partition(mark)
    _, end, after = rest.partition(_END)
    if not (found and end):
        raise ValueError(f"the page has no marks for {name}")
    return f"{before}{mark}\n{content}\n\n{_END}{after}"


def main() -> None:
    """Write every generated part into its page."""
    for name, (path, content) in PARTS.items():
        page = ROOT / path
        page.write_text(with_part(page.read_text(), name, content()))
        sys.stdout.write(f"{path}: {name}\n")
    SCHEMA.write_bytes(fresh_schema())
    sys.stdout.write(f"{SCHEMA.relative_to(ROOT)}\n")


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is None:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _bounds(field: FieldInfo) -> str:
    choices = [f"`{choice}`" for choice in _choices(field.annotation)]
    limits = [_limit(rule) for rule in field.metadata]
    return ", ".join([*choices, *limits])


def _choices(annotation: object) -> list[str]:
    """List the texts of a Literal, optional or not."""
    found = get_args(annotation)
    return [choice for choice in found if isinstance(choice, str)] or [
        choice for each in found for choice in get_args(each) if isinstance(choice, str)
    ]


def _between(least: float, most: float) -> str:
    return f"{least:g} to {most:,.0f}"


def _limit(rule: object) -> str:
    match rule:
        case Ge(ge=least):
            return f"at least {least}"
        case Gt(gt=below):
            return f"more than {below}"
        case Le(le=most):
            return f"at most {most}"
        case Lt(lt=above):
            return f"less than {above}"
        case MaxLen(max_length=most):
            return f"at most {most} characters"
        case _:
            raise ValueError(f"there are no words for {rule!r}")


def _between_ms(times_ms: Iterable[int]) -> str:
    known_s = sorted(time_ms / 1000 for time_ms in times_ms)
    return f"{known_s[0]:g} to {known_s[-1]:g} s"


def _least_wait() -> str:
    return _span(RetryPolicy(()).open_circuit_wait_ms)


def _span(span_ms: float) -> str:
    return str(timedelta(milliseconds=span_ms)).removesuffix(", 0:00:00")


if __name__ == "__main__":
    main()
