"""`gateway subscriptions` through the installed program: what it prints, what it refuses, with which exit code."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.domain.secret import Ed25519Secret
from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig

PROGRAM = Path(sys.executable).with_name("gateway")
KEYS = "k1:" + base64.b64encode(bytes(32)).decode()
USAGE, NOT_FOUND, CONFLICT, UNAVAILABLE = 2, 3, 4, 5
ORDERS = ("--url", "https://example.com/hooks", "--event-type", "order.*")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(kafka: KafkaConfig, topics: TopicLayout) -> Run:
    """Run `gateway subscriptions …` against the session's cluster; `stdin` and other variables may be given."""
    assert topics.domains

    def run(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "GATEWAY_SECRET_KEYS": KEYS,
            **variables,
        }
        done = subprocess.run(
            [str(PROGRAM), "subscriptions", *arguments],
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    return run


def succeed(done: subprocess.CompletedProcess[str]) -> Any:
    """Give the one JSON object that a command printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_versions_and_shape_of_a_subscription(run: Run, tmp_path: Path) -> None:
    """It is pinned when it is created, and says so; pins are set, moved and dropped; a manifest keeps them."""
    name, manifest = f"sub_{uuid4().hex[:12]}", tmp_path / "one.yaml"
    created = succeed(run("create", "--id", name, *ORDERS, "--event-type", "order.created@1", "--json"))
    assert created["pins"] == {"order.cancelled": 1, "order.created": 1, "order.paid": 2}
    assert (created["follow_latest"], created["content_mode"]) == (False, "webhook")

    shaping = ("--pin", "order.created=2", "--content-mode", "data", "--transform-file", "-")
    updated = succeed(run("update", name, *shaping, "--json", stdin='{"order": "data.order_id"}'))
    assert (updated["pins"]["order.created"], updated["transform"]) == (2, {"order": "data.order_id"})
    assert "order.created=2" in run("get", name).stdout

    manifest.write_text(
        f"subscriptions: [{{id: {name}, url: 'https://example.com/hooks', event_types: ['order.*']}}]", encoding="utf-8"
    )
    planned = [json.loads(line) for line in run("apply", "-f", str(manifest), "--json").stdout.splitlines()]
    assert {one["field"] for one in planned[0]["differences"]} == {"event_types", "content_mode", "transform"}
    assert succeed(run("get", name, "--json"))["pins"] == updated["pins"]

    assert succeed(run("update", name, "--pin-latest", "--json"))["pins"]["order.created"] == 3
    assert succeed(run("update", name, "--follow-latest", "--json"))["pins"] == {}


def test_the_life_of_a_subscription(run: Run) -> None:
    """Created, looked at, changed, paused, resumed and deleted; each step is the next revision."""
    name = f"life-{uuid4().hex[:8]}"

    created = succeed(run("create", "--id", name, *ORDERS, "--json"))
    assert created["secret"].startswith("whsec_")
    shown = succeed(run("get", name, "--json"))
    assert {**created, **shown} == {**shown, "secret": created["secret"]}
    assert (shown["backlog"]["waiting"], shown["signals"], "secret" in shown) == (0, [], False)
    updated = succeed(run("update", name, "--retry-policy", "quick", "--fail-fast", "--expect-revision", "1", "--json"))
    assert (updated["retry_policy"], updated["fail_fast"], updated["revision"]) == ("quick", True, 2)
    assert succeed(run("pause", name, "--json"))["state"] == "paused"
    assert succeed(run("resume", name, "--json"))["revision"] == 4
    assert run("delete", name, "--yes").stdout == f"deleted {name}\n"
    gone = run("get", name)
    assert gone.returncode == NOT_FOUND
    assert name in gone.stderr


def test_a_secret_is_shown_once_and_signs_on_after_a_rotation(run: Run) -> None:
    """A secret from standard input is taken over; after a rotation both are listed, and neither is shown."""
    name, imported = f"secret-{uuid4().hex[:8]}", "whsec_" + base64.b64encode(bytes(range(32))).decode()

    created = run("create", "--id", name, *ORDERS, "--secret-file", "-", stdin=f"{imported}\n")
    rotated = succeed(run("rotate-secret", name, "--overlap", "2h", "--json"))
    shown = run("get", name)

    assert imported in created.stdout
    assert "not shown again" in created.stderr
    assert rotated["secret"] != imported
    ends = [secret["expires_at_ms"] for secret in rotated["secrets"]]
    assert ends == [None, rotated["updated_at_ms"] + 2 * 3_600_000]
    assert "whsec_" not in shown.stdout


def test_a_receiver_changes_over_to_a_public_key(run: Run) -> None:
    """A key pair is added beside the secret, its public key shown, the secret retired; nobody sees a private key."""
    name = f"pair-{uuid4().hex[:8]}"
    succeed(run("create", "--id", name, *ORDERS, "--json"))
    rotated = run("rotate-secret", name, "--secret-type", "ed25519", "--json")
    added = succeed(rotated)
    assert added["public_key"].startswith("whpk_")
    assert "secret" not in added

    shown = run("get", name)
    assert f"ed25519 {added['public_key']} made " in shown.stdout
    assert run("rotate-secret", name).returncode == USAGE
    retired = succeed(run("retire-secret", name, "--secret-type", "hmac", "--overlap", "1h", "--json"))
    assert [(one["type"], one["public_key"], one["expires_at_ms"]) for one in retired["secrets"]] == [
        ("ed25519", added["public_key"], None),
        ("hmac", None, retired["updated_at_ms"] + 3_600_000),
    ]
    assert run("retire-secret", name, "--secret-type", "ed25519").returncode == CONFLICT
    assert "whsk_" not in rotated.stdout + rotated.stderr + shown.stdout

    without_keys = run("get", name, "--json", GATEWAY_SECRET_KEYS="")
    assert [one["type"] for one in succeed(without_keys)["secrets"]] == [None, None]
    assert "are not shown" in without_keys.stderr


def test_an_imported_key_pair_is_not_shown(run: Run) -> None:
    """From standard input; what is printed is its public key."""
    name, pair = f"own-pair-{uuid4().hex[:8]}", Ed25519Secret(bytes(range(32)))
    created = run("create", "--id", name, *ORDERS, "--secret-file", "-", stdin=f"{pair.text}\n")
    assert f"public_key          {pair.public_key.text}\n" in created.stdout
    assert "Give the public key to the receiver" in created.stderr
    assert pair.text not in created.stdout + created.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("create", "--event-type", "*"), USAGE, "needs a url"),
        (("create", "--url", "http://example.com/", "--event-type", "*"), USAGE, "https://"),
        (("create", "--url", "https://127.0.0.1/", "--event-type", "*"), USAGE, "not public"),
        (("create", *ORDERS, "--event-type", "order.creatd"), USAGE, "did you mean order.created"),
        (("create", *ORDERS, "--secret", "whsec_c2hvcnQ="), USAGE, "24 to 64 bytes"),
        (("create", *ORDERS, "--secret", "x", "--secret-file", "-"), USAGE, "exclude each other"),
        (("create", *ORDERS, "--secret", "whsk_c2hvcnQ="), USAGE, "64 bytes"),
        (("create", *ORDERS, "--secret-type", "rsa"), USAGE, "'rsa' is not one of"),
        (
            ("create", *ORDERS, "--secret-type", "ed25519", "--signature-profile", "x-webhook"),
            USAGE,
            "needs an hmac secret",
        ),
        (("retire-secret", "sub_unknown"), USAGE, "--secret-type"),
        (("create", *ORDERS, "--retry-policy", "7m"), USAGE, "no retry tier"),
        (("create", *ORDERS, "--signature-profile", "md5"), USAGE, "md5"),
        (("create", *ORDERS, "--id", "no spaces"), USAGE, "not a subscription id"),
        (("create", *ORDERS, "--rate-limit", "fast"), USAGE, "write it like 100/s"),
        (("create", *ORDERS, "--rate-burst", "5"), USAGE, "needs a rate limit"),
        (("create", *ORDERS, "--order", "fifo"), USAGE, "'fifo' is not one of"),
        (("create", *ORDERS, "--pin", "order.created"), USAGE, "use TYPE=VERSION"),
        (("create", *ORDERS, "--pin", "order.created=9"), USAGE, "it has 1, 2, 3"),
        (("create", *ORDERS, "--transform-file", "-", "--no-transform"), USAGE, "exclude each other"),
        (("create", *ORDERS, "--pin-latest", "--follow-latest"), USAGE, "exclude each other"),
        (("update", "sub_unknown", "--timeout-s", "3"), NOT_FOUND, "sub_unknown"),
        (("update", "sub_unknown"), USAGE, "nothing is given"),
        (("rotate-secret", "sub_unknown", "--overlap", "soon"), USAGE, "soon"),
        (("delete", "sub_unknown"), USAGE, "--yes"),
        (("apply", "-f", "no-such-file.yaml"), USAGE, "no-such-file.yaml"),
    ],
)
def test_bad_input_is_refused_with_its_reason(run: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    """One message, the documented exit code, nothing on standard output."""
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr


def test_limits_and_order_are_set_shown_and_lifted(run: Run) -> None:
    """Each option alone changes its part; people and programs read the same."""
    name = f"limits-{uuid4().hex[:8]}"
    options = ("--rate-limit", "5/m", "--order", "key", "--max-in-flight", "4")

    created = succeed(run("create", "--id", name, *ORDERS, *options, "--json"))
    assert [created[key] for key in ("rate_limit", "rate_burst", "order", "max_in_flight")] == ["5/m", 1, "key", 4]
    assert succeed(run("update", name, "--rate-burst", "9", "--json"))["rate_limit"] == "5/m"
    shown = run("get", name).stdout
    assert "rate_limit          5/m\nrate_burst          9\norder               key\n" in shown
    assert "5/m" in run("list").stdout
    lifted = succeed(run("update", name, "--rate-limit", "none", "--order", "none", "--json"))
    assert [lifted[key] for key in ("rate_limit", "rate_burst", "order")] == ["none", None, "none"]


def test_an_id_is_taken_once_and_a_stale_revision_refused(run: Run) -> None:
    """Both are conflicts, and the subscription stays as it is."""
    name = f"taken-{uuid4().hex[:8]}"
    created = succeed(run("create", "--id", name, *ORDERS, "--json"))

    assert run("create", "--id", name, *ORDERS).returncode == CONFLICT
    assert run("update", name, "--timeout-s", "3", "--expect-revision", "7").returncode == CONFLICT
    assert succeed(run("get", name, "--json"))["revision"] == created["revision"]


def test_without_keys_nothing_is_created(run: Run) -> None:
    """No key ring: the error says how to make one. A pause needs none."""
    name = f"keyless-{uuid4().hex[:8]}"
    no_keys = {"GATEWAY_SECRET_KEYS": ""}

    refused = run("create", "--id", name, *ORDERS, **no_keys)

    assert refused.returncode in {USAGE, UNAVAILABLE}
    assert "key" in refused.stderr
    assert run("pause", name, **no_keys).returncode == NOT_FOUND


def test_a_filter_with_a_typo_is_refused_with_a_suggestion(run: Run, tmp_path: Path) -> None:
    """When it is created, changed, or in a manifest; nothing is written, and the right one is."""
    name, order = f"sub_{uuid4().hex[:12]}", ("--url", "https://example.com/", "--event-type", "order.created")
    refused = run("create", "--id", name, *order, "--filter", "data.totl > 100")
    assert refused.returncode == USAGE
    assert refused.stderr.splitlines() == [
        "error: order.created 3: position 6: there is no field 'totl' in OrderCreated",
        "  data.totl > 100",
        "       ^",
        "hint: did you mean total?",
    ]
    assert run("pause", name).returncode == NOT_FOUND

    created = succeed(run("create", "--id", name, *order, "--filter", "data.total > 100", "--json"))
    assert created["filter"] == "data.total > 100"
    refused = run("update", name, "--filter", "data.tags == []", "--pin", "order.created=1")
    assert refused.returncode == USAGE
    assert "order.created 1: position 6: there is no field 'tags'" in refused.stderr

    file = tmp_path / "one.yaml"
    entry = "{url: 'https://example.com/', event_types: [order.created], id: X, filter: 'data.totl > 1'}"
    file.write_text(f"subscriptions: [{entry.replace('X', name)}]")
    refused = run("apply", "-f", str(file))
    assert refused.returncode == USAGE
    assert "there is no field 'totl' in OrderCreated" in refused.stderr
    assert succeed(run("get", name, "--json"))["filter"] == "data.total > 100"


def test_a_manifest_travels_in_a_circle(run: Run, tmp_path: Path) -> None:
    """Dry run, apply, export, apply again: nothing is left to change; prune deletes only with a yes."""
    tenant = f"t-{uuid4().hex[:8]}"
    file, exported = tmp_path / "subscriptions.yaml", tmp_path / "exported.yaml"
    entry = f"{{tenant: {tenant}, url: 'https://example.com/', event_types: ['order.*'], id: {tenant}"
    file.write_text(f"subscriptions: [{entry}-a, rate_limit: 90/h, order: key}}, {entry}-b}}]")

    dry = run("apply", "-f", str(file), "--dry-run")
    assert f"+ {tenant}-a ({tenant})" in dry.stdout
    assert run("list", "--tenant", tenant, "--json").stdout == ""
    applied = run("apply", "-f", str(file))
    assert applied.stdout.count("whsec_") == 2
    assert run("export", "--tenant", tenant, "--file", str(exported)).returncode == 0
    assert "create 0, update 0, delete 0, unchanged 2" in run("apply", "-f", str(exported)).stdout

    assert "rate_limit: 90/h" in exported.read_text()

    file.write_text(f"subscriptions: [{entry}-a, timeout_s: 3, rate_limit: 90/h, order: key}}]")
    assert run("apply", "-f", str(file), "--prune").returncode == USAGE
    pruned = run("apply", "-f", str(file), "--prune", "--yes")
    assert "~ timeout_s: 10.0 → 3.0" in pruned.stdout
    left = [json.loads(line) for line in run("list", "--tenant", tenant, "--json").stdout.splitlines()]
    assert [(one["id"], one["timeout_s"], one["revision"]) for one in left] == [(f"{tenant}-a", 3.0, 2)]


def test_a_bad_manifest_writes_nothing(run: Run) -> None:
    """One bad entry refuses the file, with its place and field."""
    tenant = f"t-{uuid4().hex[:8]}"
    good = f"{{tenant: {tenant}, url: 'https://example.com/', event_types: ['*'], id: {tenant}-a}}"
    bad = f"{{tenant: {tenant}, url: 'http://example.com/', event_types: ['*'], id: {tenant}-b}}"

    refused = run("apply", "-f", "-", stdin=f"subscriptions: [{good}, {bad}]")

    assert refused.returncode == USAGE
    assert f"subscriptions[1] ({tenant}-b): url: " in refused.stderr
    assert run("list", "--tenant", tenant, "--json").stdout == ""
