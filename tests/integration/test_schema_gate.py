"""A version that does not fit, as its author meets it: the gate refuses it, and names the receivers it would break."""

import base64
import json
import shutil
from pathlib import Path
from uuid import uuid4

from click.testing import CliRunner, Result

from gateway.cli.main import cli
from gateway.domain.topics import TopicLayout
from gateway.wire.schema_files import schemas_root


def test_an_incompatible_version_is_refused_and_says_whom_it_would_break(
    program: CliRunner, topics: TopicLayout, tmp_path: Path
) -> None:
    """Version 4 of order.created makes a number of the order's id: `check` names the field, `impact` the receivers."""
    assert topics.domains
    catalog, tenant = tmp_path / "events", f"tenant-{uuid4().hex[:8]}"
    shutil.copytree(schemas_root() / "events", catalog)

    def run(*arguments: str) -> Result:
        environment = {
            "GATEWAY_SECRET_KEYS": "k1:" + base64.b64encode(bytes(32)).decode(),
            "GATEWAY_CATALOG_DIR": str(catalog),
        }
        return program.invoke(cli, arguments, env=environment)

    create = ("subscriptions", "create", "--tenant", tenant, "--url", "https://example.com/hooks")
    for name, how in (("pinned", "order.created@1"), ("following", "order.created"), ("other", "order.paid")):
        follow = ("--follow-latest",) if name == "following" else ()
        assert run(*create, "--id", f"{name}-{tenant}", "--event-type", how, *follow).exit_code == 0

    schema = json.loads((catalog / "order.created" / "3.avsc").read_text())
    good = tmp_path / "good.avsc"
    good.write_text(json.dumps({**schema, "fields": [*schema["fields"], {"name": "x", "type": "int", "default": 0}]}))
    fits = run("schemas", "impact", str(good), "--type", "order.created", "--tenant", tenant)
    assert (fits.exit_code, fits.stdout) == (0, "no subscription would be broken\n")

    [order_id] = [field for field in schema["fields"] if field["name"] == "order_id"]
    order_id["type"] = "long"
    bad = catalog / "order.created" / "4.avsc"
    bad.write_text(json.dumps(schema))
    checked = run("schemas", "check", "--against", str(schemas_root() / "events"))
    assert checked.exit_code == 1
    assert "order.created/4.avsc: order_id: type: version 4 can't read version 3: string can't be read as long\n" in (
        checked.stdout
    )
    impact = run("schemas", "impact", str(bad), "--tenant", tenant, "--json")
    assert impact.exit_code == 1
    found = [json.loads(line) for line in impact.stdout.splitlines()]
    assert {one["subscription_id"] for one in found} == {f"pinned-{tenant}", f"following-{tenant}"}
    assert {(one["event_type"], one["field"]) for one in found} == {("order.created", "order_id")}
    [of_pinned] = [one for one in found if one["subscription_id"] == f"pinned-{tenant}"]
    assert of_pinned == {
        "subscription_id": f"pinned-{tenant}",
        "tenant": tenant,
        "event_type": "order.created",
        "field": "order_id",
        "rule": "unreadable",
        "detail": "version 4 can't be sent as version 1: long can't be read as string",
    }
    as_it_stands = run("schemas", "impact", "--tenant", tenant, "--json")
    assert of_pinned in [json.loads(line) for line in as_it_stands.stdout.splitlines()]
    against = run("schemas", "impact", "--against", str(schemas_root() / "events"), "--tenant", tenant)
    assert f"pinned-{tenant}: {tenant}: order.created: order_id: unreadable: version 4" in against.stdout
