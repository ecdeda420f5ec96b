"""Secrets turn up nowhere: not in topics, logs, outputs, the files of the home, or the list of processes.

Nor do sensitive fields of events, outside of the event's own topic and of the deliveries to those who may see them.

Two things are meant to hold one: the output of the command that takes or makes it, which shows it once, and the file
that it was given in. A secret given as an argument or in the environment is the caller's own doing.
"""

import asyncio
import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from gateway.kafka.publisher import EventPublisher
from gateway.wire.catalog import load_catalog
from gateway.wire.event_encoder import NewEvent
from gateway.wire.schema_files import schemas_root
from tests.e2e.canaries import Plant, files_of, leaks, plants, spellings_of, strays
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import publish_payments
from tests.e2e.running import PROGRAM, GatewayHome, Program, home_with_broker, until_seen
from tests.e2e.topic_contents import dead_letters, read_topic

NAME = "canary"
# It is no secret, and has to be found wherever its subscription is shown: else the search is none.
CONTROL = "control-of-the-search-for-canaries"
# A sensitive field, with a value for the tenant whose subscription was granted it, and one for another tenant.
GRANTED, HIDDEN = Plant((), ("canary-of-a-note-that-may-be-seen",)), Plant((), ("canary-of-a-note-that-is-hidden",))
NOTE_SCHEMA = {
    "type": "record",
    "name": "Noted",
    "fields": [
        {"name": "note", "type": ["null", "string"], "sensitive": True},
        {"name": "control", "type": "string"},
    ],
}
SHOWING = [
    ("subscriptions", "list"),
    ("subscriptions", "get", NAME),
    ("deliveries", "list"),
    ("dlq", "list"),
    ("signals",),
    ("secrets", "status"),
]
ONCE = [
    ("subscriptions", "export"),
    ("subscriptions", "pause", NAME),
    ("subscriptions", "resume", NAME, "--json"),
    ("subscriptions", "update", NAME, "--timeout-s", "9"),
    ("dlq", "replay", "--all", "--dry-run"),
    ("secrets", "rekey"),
    ("audit", "--json"),
]

ENDED_S = 90.0

pytestmark = pytest.mark.timeout(300, func_only=True)


@pytest.fixture
def home(new_broker_home: Callable[[], Path]) -> Iterator[GatewayHome]:
    """A home in which everything is logged."""
    with home_with_broker(new_broker_home()) as made:
        made.environment["GATEWAY_LOG_LEVEL"] = "debug"
        yield made


def run(home: GatewayHome, *arguments: str) -> bytes:
    """Run a command, whatever its end, and give all that it printed."""
    done = subprocess.run([PROGRAM, *arguments], env=home.environment, capture_output=True, timeout=60, check=False)
    assert b"Traceback" not in done.stderr
    return done.stdout + done.stderr


def plant(home: GatewayHome, folder: Path, url: str) -> list[Plant]:
    """Create a subscription with every secret there is, rotate it, and put a new key in front of the ring."""
    planted, where = plants(folder), ("--url", url, "--event-type", "*", "--tenant", NAME, "--retry-policy", "none")
    given = [option for each in planted if not each.by_rotation for option in _options(each, folder)]
    home.run("subscriptions", "create", "--id", NAME, *where, "--description", CONTROL, *given)
    for each in planted:
        if each.by_rotation:
            home.run("subscriptions", "rotate-secret", NAME, *_options(each, folder))
    old, new = (home.path / "secret-keys").read_text(), home.run("secrets", "new-key")
    (home.path / "secret-keys").write_text(new + old)
    keys = [line.partition(":")[2] for line in (new + old).split()]
    return [*planted, Plant((), tuple(keys), tuple(base64.b64decode(key) for key in keys))]


def plant_notes(home: GatewayHome, folder: Path, url: str) -> None:
    """Give the catalog a sensitive field, and two tenants a subscription each: one may see the field."""
    catalog = folder / "catalog"
    shutil.copytree(schemas_root() / "events", catalog)
    (catalog / "person.noted").mkdir()
    (catalog / "person.noted" / "1.avsc").write_text(json.dumps(NOTE_SCHEMA))
    home.environment["GATEWAY_CATALOG_DIR"] = str(catalog)
    home.run("topics", "apply")
    for name, options in (("granted", ["--allow-sensitive", "person.noted:note"]), ("hidden", [])):
        where = ("--url", url, "--event-type", "person.*", "--tenant", name, "--retry-policy", "none")
        home.run("subscriptions", "create", "--id", name, *where, *options)


def publish_notes(home: GatewayHome, folder: Path) -> list[str]:
    """Publish a note for each of the tenants; give the event ids."""
    with EventPublisher(home.kafka, load_catalog(folder / "catalog")) as publisher:
        receipts = publisher.publish_batch(
            [
                NewEvent("person.noted", {"note": note.texts[0], "control": CONTROL}, tenant=tenant)
                for tenant, note in (("granted", GRANTED), ("hidden", HIDDEN))
            ]
        )
    return [receipt.event_id for receipt in receipts]


def _options(each: Plant, folder: Path) -> list[str]:
    options = []
    for option, content in each.files:
        file = folder / uuid4().hex
        file.write_text(content)
        options += [option, str(file)]
    return options


def topics_of(home: GatewayHome) -> dict[str, bytes]:
    """Read every topic: keys, values and headers."""
    names = [name for name in AdminClient(home.kafka.common()).list_topics(timeout=10).topics if name[0] != "_"]
    return {
        f"topic {name}": b"\n".join(
            b"|".join((each.key() or b"", each.value() or b"", *_header_values(each)))
            for each in read_topic(home.kafka, name)
        )
        for name in names
    }


def _header_values(record: Message) -> list[bytes]:
    values = (header[1] for header in record.headers() or ())
    return [value for value in values if isinstance(value, bytes)]


def command_lines(programs: Sequence[Program]) -> dict[str, bytes]:
    """Read what a list of processes shows."""
    return {f"process {each.name}": Path(f"/proc/{each.pid}/cmdline").read_bytes() for each in programs}


async def test_nothing_confidential_turns_up_anywhere(home: GatewayHome, tmp_path: Path, script: Script) -> None:
    """Through creation, rotation, a failing endpoint, dead letters, a rekey, and every command that shows something."""
    _, url = await script(Answer(500, echoes=True))
    await asyncio.to_thread(plant_notes, home, tmp_path, url)
    planted = await asyncio.to_thread(plant, home, tmp_path, url)
    programs = [home.start("stream"), home.start("egress")]
    for program in programs:
        await asyncio.to_thread(program.await_ready)
    with EventPublisher(home.kafka) as publisher:
        (event_id,) = await publish_payments(publisher, NAME, 1)
    noted = await asyncio.to_thread(publish_notes, home, tmp_path)
    names = (NAME, "granted", "hidden")
    for name in names:
        await until_seen(partial(dead_letters, home.kafka, name), bool, ENDED_S)

    shown: dict[str, bytes] = {}
    listed = [
        *SHOWING,
        *((*each, "--json") for each in SHOWING),
        *ONCE,
        *(("deliveries", "get", each, "--json") for each in (event_id, *noted)),
        *(("explain", each, *options) for each in (event_id, *noted) for options in ((), ("--json",))),
    ]
    for arguments in listed:
        shown[" ".join(arguments)] = await asyncio.to_thread(run, home, *arguments)
    places = {**shown, **await asyncio.to_thread(topics_of, home), **command_lines(programs)}
    assert [program.stop() for program in programs] == [0, 0]
    places |= files_of(home.path, but={home.path / "secret-keys"})

    explained = [place for place in places if place.startswith(f"explain {noted[0]}")]
    # Its body is shown for the subscription that it was granted to.
    assert [GRANTED.texts[0].encode() in places.pop(place) for place in explained] == [True, True]
    assert leaks(places, planted) == []
    assert strays(places, HIDDEN, ["events.person"]) == []
    assert strays(places, GRANTED, ["events.person", "deliveries", "deliveries.dlq"]) == []
    assert {"topic events.person", "topic deliveries", "topic deliveries.dlq"} == {
        place for place, content in places.items() if GRANTED.texts[0].encode() in content and place.startswith("topic")
    }
    found = {place for place, content in places.items() if CONTROL.encode() in content}
    assert found >= {"topic subscriptions", "subscriptions export", f"subscriptions get {NAME} --json"}
    assert event_id.encode() in places["topic attempts"]
    assert b"Authorization: [hidden]" in places["topic attempts"], "the endpoint repeats what it was sent"
    assert b"delivery.attempted" in places["file egress-1.log"]
    assert b"gateway\0egress" in places["process egress"]


@pytest.mark.parametrize("wrap", [lambda sought: sought, lambda sought: b'{"x":"' + sought + b'"}'])
def test_the_search_finds_what_is_there(wrap: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A search that finds nothing proves something only if it finds each spelling."""
    for each in plants(tmp_path):
        for spelling, sought in spellings_of(each).items():
            assert len(sought) >= 8
            assert leaks({"somewhere": wrap(sought)}, [each]), spelling
