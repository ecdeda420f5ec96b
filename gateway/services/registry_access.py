"""From the settings to how the schema registry is reached. A setting that would have no effect is refused."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from urllib.parse import SplitResult, unquote, urlsplit

from gateway.domain.errors import InvalidInputError
from gateway.kafka.registry_access import RegistryAccess, basic, bearer
from gateway.kafka.schema_registry import HttpSchemaRegistry
from gateway.kafka.security import Tls
from gateway.services.given_settings import LOOPBACK, missing, refuse_unused, secret_of, variable
from gateway.settings import Settings
from gateway.wire.catalog import Catalog
from gateway.wire.event_codec import EventDecoder

_PASSWORD = ("schema_registry_password", "schema_registry_password_file")
_TOKEN = ("schema_registry_token", "schema_registry_token_file")
_CLIENT_KEY = (
    "schema_registry_client_key_file",
    "schema_registry_client_key_password",
    "schema_registry_client_key_password_file",
)
_TLS = ("schema_registry_ca_file", "schema_registry_client_cert_file", *_CLIENT_KEY)
_URL = "schema_registry_url"
_USERNAME = "schema_registry_username"


def registry_access(settings: Settings) -> RegistryAccess | None:
    """Give how the registry is reached, None where there is none; every file that the settings name has been read.

    Raises:
        InvalidInputError: settings contradict each other, one is missing, or a file can't be used.
    """
    if settings.schema_registry_url is None:
        refuse_unused(settings, (_USERNAME, *_PASSWORD, *_TOKEN, *_TLS), f"{variable(_URL)} is not set")
        return None
    urls = [_parse_url(text.strip()) for text in settings.schema_registry_url.split(",")]
    authorization = _authorization(settings, urls[0])
    in_the_clear = [url for url in urls if url.scheme == "http"]
    if authorization is not None and any(url.hostname not in LOOPBACK for url in in_the_clear):
        raise InvalidInputError(
            f"{variable(_URL)}: has to be an https URL",
            hint="a password or token is sent to it; plain http is accepted for this machine only",
        )
    if len(in_the_clear) == len(urls):
        refuse_unused(settings, _TLS, f"{variable(_URL)} is an http URL: nothing is encrypted")
    return RegistryAccess(
        ",".join(map(_without_login, urls)), authorization, _tls(settings), settings.schema_registry_timeout_s
    )


def _parse_url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        usable = bool(url.scheme in {"http", "https"} and url.hostname and url.port != 0)
    except ValueError:
        url, usable = urlsplit(""), False
    if not usable or url.query or url.fragment or not text.isprintable():
        raise InvalidInputError(
            f"{variable(_URL)}: is no http or https URL", hint="such as https://registry.internal:8081"
        )
    return url


@contextmanager
def event_decoder(settings: Settings, catalog: Catalog) -> Iterator[EventDecoder]:
    """Give what decodes events, and asks the schema registry for what the catalog does not have, where there is one.

    Raises:
        InvalidInputError: see `registry_access`.
    """
    access = registry_access(settings)
    with nullcontext() if access is None else HttpSchemaRegistry(access) as registry:
        yield EventDecoder(catalog, registry)


def _authorization(settings: Settings, url: SplitResult) -> str | None:
    password = secret_of(settings, "schema_registry_password", required_by=None)
    token = secret_of(settings, "schema_registry_token", required_by=None)
    username = settings.schema_registry_username
    if url.username is not None:
        refuse_unused(settings, (_USERNAME, *_PASSWORD, *_TOKEN), f"{variable(_URL)} names a user")
        return _basic(unquote(url.username), unquote(url.password or ""))
    if token is not None:
        refuse_unused(settings, (_USERNAME, *_PASSWORD), f"{variable(_TOKEN[0])} is set too")
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise InvalidInputError(f"{variable(_TOKEN[0])}: is no bearer token")
        return bearer(token)
    if username is None:
        refuse_unused(settings, _PASSWORD, f"{variable(_USERNAME)} is not set")
        return None
    if password is None:
        raise missing(_PASSWORD[1], f"{variable(_USERNAME)} is set")
    return _basic(username, password)


def _basic(username: str, password: str) -> str:
    if not username or ":" in username:
        raise InvalidInputError(f"{variable(_USERNAME)}: has to be a name without a colon (RFC 7617)")
    return basic(username, password)


def _tls(settings: Settings) -> Tls:
    if settings.schema_registry_client_cert_file is None:
        refuse_unused(settings, _CLIENT_KEY, f"{variable('schema_registry_client_cert_file')} is not set")
    tls = Tls(
        settings.schema_registry_ca_file,
        settings.schema_registry_client_cert_file,
        settings.schema_registry_client_key_file,
        secret_of(settings, "schema_registry_client_key_password", required_by=None),
    )
    tls.context()
    return tls


def _without_login(url: SplitResult) -> str:
    host = url.netloc.rpartition("@")[2]
    return url._replace(netloc=host).geturl().rstrip("/")
