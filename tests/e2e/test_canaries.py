"""Secrets turn up nowhere: not in topics, logs, outputs, the files of the home, or the list of processes.

Two things are meant to hold one: the output of the command that takes or makes it, which shows it once, and the file
that it was given in. A secret given as an argument or in the environment is the caller's own doing.
"""

import asyncio
import base64
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from gateway.kafka.publisher import EventPublisher
from tests.e2e.canaries import Plant, files_of, leaks, plants, spellings_of
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import publish_payments
from tests.e2e.running import PROGRAM, GatewayHome, Program, home_with_broker, until
from tests.e2e.topic_contents import dead_letters, read_topic

NAME = "canary"
# It is no secret, and has to be found wherever its subscription is shown: else the search is none.
CONTROL = "control-of-the-search-for-canaries"
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
]

pytestmark = pytest.mark.timeout(240, func_only=True)


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


async def test_no_secret_turns_up_anywhere(home: GatewayHome, tmp_path: Path, script: Script) -> None:
    """Through creation, rotation, a failing endpoint, dead letters, a rekey, and every command that shows something."""
    endpoint, url = await script(Answer(500, echoes=True))
    planted = await asyncio.to_thread(plant, home, tmp_path, url)
    programs = [home.start("stream"), home.start("egress")]
    for program in programs:
        await asyncio.to_thread(program.await_ready)
    with EventPublisher(home.kafka) as publisher:
        (event_id,) = await publish_payments(publisher, NAME, 1)
    await until(lambda: len(dead_letters(home.kafka, NAME)) == 1, 60, lambda: endpoint.arrivals)

    shown: dict[str, bytes] = {}
    listed = [*SHOWING, *((*each, "--json") for each in SHOWING), *ONCE, ("deliveries", "get", event_id, "--json")]
    for arguments in listed:
        shown[" ".join(arguments)] = await asyncio.to_thread(run, home, *arguments)
    places = {**shown, **await asyncio.to_thread(topics_of, home), **command_lines(programs)}
    assert [program.stop() for program in programs] == [0, 0]
    places |= files_of(home.path, but={home.path / "secret-keys"})

    assert leaks(places, planted) == []
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
