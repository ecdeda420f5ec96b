"""The registry clients against a real HTTP server that speaks the registry's REST API."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from gateway.domain.errors import InvalidInputError, NotFoundError
from gateway.domain.subjects import SubjectNaming
from gateway.kafka.registered_ids import RegisteredIds
from gateway.kafka.registry_access import RegistryAccess, basic, bearer
from gateway.kafka.registry_client import AVRO, RegisteredSchema, RegistryClient, SchemaRefusedError
from gateway.kafka.registry_session import MAX_ANSWER_BYTES
from gateway.kafka.schema_references import MAX_REFERENCES
from gateway.kafka.schema_registry import HttpSchemaRegistry
from gateway.kafka.security import Tls
from gateway.wire.catalog import load_catalog
from gateway.wire.errors import RegistryUnavailableError, UndecodableError
from gateway.wire.event_codec import EventDecoder, EventRecord
from gateway.wire.event_encoder import EventEncoder, NewEvent
from gateway.wire.mocking import mock_data
from gateway.wire.schema_files import schemas_root
from tests.certificates import Authority
from tests.registry_server import RegistryState, registry_server

CATALOG = load_catalog(schemas_root() / "events")
PAID = CATALOG.entry("order.paid")
SCHEMA = '{"type": "record", "name": "Thing", "fields": []}'
WIDER = '{"type": "record", "name": "Thing", "fields": [{"name": "size", "type": "int", "default": 0}]}'
STRICTER = '{"type": "record", "name": "Thing", "fields": [{"name": "colour", "type": "string"}]}'
BUSY = (503, {"error_code": 50301, "message": "no leader"})
# What an answer begins with, goes on with, and how long it pauses in between.
FLOODS = {
    "much": (("Content-Length", "1000000000"), b" " * 65_536, 0.0),
    "without an end": (("Connection", "close"), b" " * 65_536, 0.0),
    "compressed": (("Content-Encoding", "gzip"), gzip.compress(bytes(1_000_000)), 0.0),
    "slow": (("Content-Length", "1000000"), b" ", 0.02),
}


@pytest.fixture
def state() -> RegistryState:
    """What the registry of a test keeps."""
    return RegistryState()


@pytest.fixture
def url(state: RegistryState) -> Iterator[str]:
    """Run the registry for one test."""
    with registry_server(state) as running:
        yield running


@pytest.fixture
def registry(url: str) -> Iterator[HttpSchemaRegistry]:
    """Ask it as the stream does."""
    with HttpSchemaRegistry(RegistryAccess(url, timeout_s=2)) as client:
        yield client


@pytest.fixture
def client(url: str) -> Iterator[RegistryClient]:
    """Ask it as commands do."""
    with RegistryClient(RegistryAccess(url, timeout_s=2)) as opened:
        yield opened


def test_a_schema_is_fetched_once(registry: HttpSchemaRegistry, state: RegistryState) -> None:
    """A schema never changes under its id."""
    schema_id = state.add("things", SCHEMA)
    assert [registry.schema_of(schema_id) for _ in range(3)] == [SCHEMA] * 3
    assert state.asked == [("GET", f"/schemas/ids/{schema_id}")]


def test_an_unknown_id_is_remembered_for_a_while(registry: HttpSchemaRegistry, state: RegistryState) -> None:
    """A flood of records with a bad id must not become a flood of requests."""
    for _ in range(3):
        with pytest.raises(UndecodableError) as caught:
            registry.schema_of(99)
        assert caught.value.reason == "unknown_schema"
    assert len(state.asked) == 1


def test_a_schema_that_is_not_avro_is_unknown(registry: HttpSchemaRegistry, state: RegistryState) -> None:
    """Protobuf and JSON Schema live in the same registry."""
    schema_id = state.add("things", "message Thing {}", kind="PROTOBUF")
    with pytest.raises(UndecodableError, match="not an Avro schema"):
        registry.schema_of(schema_id)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"error_code": 50001, "message": "the store is away"}),
        (401, {"error_code": 401, "message": "Unauthorized"}),
        (404, "not a registry"),
        (404, {"error_code": 404, "message": "HTTP 404 Not Found"}),
        (200, "no JSON object"),
    ],
)
def test_any_other_answer_is_no_verdict_on_the_record(
    registry: HttpSchemaRegistry, state: RegistryState, answer: tuple[int, object]
) -> None:
    """A server's trouble, missing rights or a wrong URL: the event waits and is asked about again."""
    state.answers["/schemas/ids/1"] = [answer]
    with pytest.raises(RegistryUnavailableError):
        registry.schema_of(1)


def test_a_moment_of_trouble_is_not_told(client: RegistryClient, state: RegistryState) -> None:
    """What passes by itself is tried again within the same question."""
    schema_id = state.add("things", SCHEMA)
    found = (200, {"schema": SCHEMA})
    state.answers[f"/schemas/ids/{schema_id}"] = [BUSY, BUSY, found]
    assert client.schema_by_id(schema_id) == RegisteredSchema(SCHEMA, AVRO)


@pytest.mark.parametrize("kind", FLOODS)
def test_an_answer_without_an_end_is_cut_off(url: str, state: RegistryState, kind: str) -> None:
    """By its size or its time, also where it would only become large when decompressed."""
    state.floods["/schemas/ids/1"] = FLOODS[kind]
    tracemalloc.start()
    try:
        with (
            HttpSchemaRegistry(RegistryAccess(url, timeout_s=0.5)) as client,
            pytest.raises(RegistryUnavailableError, match=r"more than \d+ bytes|no complete answer"),
        ):
            client.schema_of(1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MAX_ANSWER_BYTES


def test_a_registry_that_is_not_there_is_unavailable() -> None:
    """Nobody listens: said at once, with its address."""
    access = RegistryAccess("http://127.0.0.1:9", timeout_s=0.5)
    with HttpSchemaRegistry(access) as client, pytest.raises(RegistryUnavailableError) as caught:
        client.schema_of(1)
    assert caught.value.message.startswith("the schema registry at http://127.0.0.1:9 can't be asked")


@pytest.mark.parametrize("authorization", [basic("alice", "hush: hush"), bearer("tok.en")])
def test_a_login_is_sent_with_every_question(state: RegistryState, url: str, authorization: str) -> None:
    """A user with a password (RFC 7617), or a token (RFC 6750); what is refused says which settings to look at."""
    schema_id = state.add("things", SCHEMA)
    state.authorization = authorization
    with RegistryClient(RegistryAccess(url, authorization)) as client:
        assert client.schema_by_id(schema_id) is not None
        assert client.find("things", SCHEMA) is not None
    with RegistryClient(RegistryAccess(url)) as client, pytest.raises(RegistryUnavailableError) as caught:
        client.schema_by_id(schema_id)
    assert "answers 401: Unauthorized" in caught.value.message
    assert "GATEWAY_SCHEMA_REGISTRY_USERNAME" in str(caught.value.hint)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_comes_between_on_this_machine(monkeypatch: pytest.MonkeyPatch, url: str, host: str) -> None:
    """What is sent in the clear goes nowhere else, whatever the environment says."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with RegistryClient(RegistryAccess(url.replace("127.0.0.1", host))) as client:
        assert client.subjects() == []


def test_authorities_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL's own variables hold for clients in Python, too."""
    monkeypatch.setenv("SSL_CERT_FILE", "/none.pem")
    with pytest.raises(InvalidInputError, match="SSL_CERT_FILE"):
        RegistryClient(RegistryAccess("https://127.0.0.1:9"))


def test_tls_needs_an_authority_that_is_trusted(state: RegistryState, tmp_path: Path) -> None:
    """Without it nothing is asked, and the setting is named."""
    authority = Authority(tmp_path)
    state.add("things", SCHEMA)
    with registry_server(state, tls=authority.server()) as url:
        with RegistryClient(RegistryAccess(url, tls=Tls(authority.file))) as client:
            assert client.subjects() == ["things"]
        with RegistryClient(RegistryAccess(url)) as client, pytest.raises(RegistryUnavailableError) as caught:
            client.subjects()
    assert "is not trusted" in caught.value.message
    assert "GATEWAY_SCHEMA_REGISTRY_CA_FILE" in str(caught.value.hint)
    assert len(state.asked) == 1


def test_a_certificate_that_was_issued_for_another_name_is_refused(state: RegistryState, tmp_path: Path) -> None:
    """Names are always compared."""
    authority = Authority(tmp_path)
    with (
        registry_server(state, tls=authority.server(host="registry.example")) as url,
        RegistryClient(RegistryAccess(url, tls=Tls(authority.file))) as client,
        pytest.raises(RegistryUnavailableError, match="IP address mismatch"),
    ):
        client.subjects()


def test_a_client_certificate_is_shown(state: RegistryState, tmp_path: Path) -> None:
    """Where the registry wants one; without it the message says what to look at."""
    authority = Authority(tmp_path)
    mine = authority.client()
    file = tmp_path / "client.pem"
    file.write_text(mine.certificate + mine.key)
    with registry_server(state, tls=authority.server_for(authority)) as url:
        with RegistryClient(RegistryAccess(url, tls=Tls(authority.file, file))) as client:
            assert client.subjects() == []
        access = RegistryAccess(url, tls=Tls(authority.file))
        with RegistryClient(access) as client, pytest.raises(RegistryUnavailableError) as caught:
            client.subjects()
    assert "GATEWAY_SCHEMA_REGISTRY_CLIENT_CERT_FILE" in str(caught.value.hint)


def test_what_a_registry_does_not_have_is_no_error(client: RegistryClient) -> None:
    """None, or nothing."""
    assert client.schema_by_id(7) is None
    assert client.subjects() == []
    assert client.versions("things") == []
    assert client.version("things", 1) is None
    assert client.find("things", SCHEMA) is None
    assert client.compatibility("things") is None
    assert client.why_incompatible("things", SCHEMA) is None


def test_registering_again_changes_nothing(client: RegistryClient) -> None:
    """A subject with characters that a path has to escape, too."""
    first = client.register("a/b c", SCHEMA)
    assert client.register("a/b c", WIDER).version == 2
    assert client.register("a/b c", SCHEMA) == first == client.find("a/b c", SCHEMA)
    assert client.versions("a/b c") == [1, 2]
    found = client.version("a/b c", 2)
    assert found is not None
    assert found.text == WIDER


def test_an_incompatible_schema_is_refused_with_the_reason(client: RegistryClient) -> None:
    """Asked beforehand, and when it is registered."""
    client.set_compatibility("things", "FULL_TRANSITIVE")
    assert client.compatibility("things") == "FULL_TRANSITIVE"
    client.register("things", SCHEMA)
    assert "reader_field_missing_default_value" in str(client.why_incompatible("things", STRICTER))
    with pytest.raises(SchemaRefusedError, match="incompatible with an earlier schema"):
        client.register("things", STRICTER)
    with pytest.raises(SchemaRefusedError, match="Invalid schema"):
        client.register("things", '{"type": "nonsense"}')


def test_a_schema_that_refers_to_others_comes_whole(registry: HttpSchemaRegistry, state: RegistryState) -> None:
    """Producers of other languages share types between subjects; a reference to nothing makes it unknown."""
    colour = {"type": "enum", "name": "Colour", "namespace": "art", "symbols": ["RED"]}
    thing = {"type": "record", "name": "Thing", "fields": [{"name": "colour", "type": "art.Colour"}]}
    state.add("colours", colour)
    schema_id = state.add("things", thing, references=[{"name": "art.Colour", "subject": "colours", "version": 1}])
    whole = {**thing, "fields": [{"name": "colour", "type": colour}]}
    assert json.loads(registry.schema_of(schema_id)) == whole
    gone = [{"name": "art.Colour", "subject": "colours", "version": 7}]
    state.answers["/schemas/ids/7"] = [(200, {"schema": json.dumps(thing), "references": gone})]
    with pytest.raises(UndecodableError, match="version 7 of colours, which is not there"):
        registry.schema_of(7)


def test_references_are_bounded(registry: HttpSchemaRegistry, state: RegistryState) -> None:
    """A chain without an end, one request after the other, is given up."""
    chain = [{"name": "x", "subject": "chain", "version": version} for version in range(MAX_REFERENCES + 2)]
    for version, reference in enumerate(chain[1:]):
        state.answers[f"/subjects/chain/versions/{version}"] = [(200, {"schema": SCHEMA, "references": [reference]})]
    state.answers["/schemas/ids/7"] = [(200, {"schema": SCHEMA, "references": chain[:1]})]
    with pytest.raises(UndecodableError, match=f"more than {MAX_REFERENCES} schemas"):
        registry.schema_of(7)
    assert len(state.asked) == MAX_REFERENCES + 2


def test_events_are_published_with_registered_ids(url: str, client: RegistryClient, state: RegistryState) -> None:
    """What the encoder writes the decoder reads; each version is looked up once, and none is registered by the way."""
    event = NewEvent("order.paid", mock_data(PAID.nodes, Random(1)))  # noqa: S311 - made-up data, no secrets
    encoder = EventEncoder(CATALOG, schema_ids=RegisteredIds(client, SubjectNaming.TOPIC_RECORD))
    subject, now = "events.order-shop.order.OrderPaid", datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(NotFoundError, match=f"is not registered under {subject}"):
        encoder.encode(event, new_id="e", now=now)
    assert state.subjects == {}
    schema_id = state.add(subject, PAID.source)
    values = [encoder.encode(event, new_id="e", now=now).value for _ in range(2)]
    assert values[0].startswith(b"\x00" + schema_id.to_bytes(4))
    assert state.asked == [("POST", f"/subjects/{subject}")] * 2
    with HttpSchemaRegistry(RegistryAccess(url)) as registry:
        record = EventRecord("events.order", 0, 0, 0, None, values[1], [])
        decoded = EventDecoder(CATALOG, registry).decode(record)
    assert (decoded.event.event_type, decoded.event.schema_version) == ("order.paid", PAID.version)
