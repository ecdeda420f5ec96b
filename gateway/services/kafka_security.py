"""From the settings to how Kafka's clients are secured. Denied by default: a setting that would do nothing is an error.

A setting that is given but not used is mostly one that was believed to protect something.
"""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from gateway.domain.errors import InvalidInputError
from gateway.kafka.security import KafkaSecurity, PasswordLogin, Tls, TokenLogin, trusting
from gateway.settings import ENV_PREFIX, Settings

_CLIENT_KEY = ("kafka_client_key_file", "kafka_client_key_password", "kafka_client_key_password_file")
_TLS = ("kafka_ca_file", "kafka_client_cert_file", *_CLIENT_KEY)
_PASSWORD = ("kafka_sasl_username", "kafka_sasl_password", "kafka_sasl_password_file")
_TOKEN = (
    "kafka_oauth_token_url",
    "kafka_oauth_client_id",
    "kafka_oauth_client_secret",
    "kafka_oauth_client_secret_file",
    "kafka_oauth_scope",
    "kafka_oauth_ca_file",
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_SECRET_BYTES = 65_536


def kafka_security(settings: Settings) -> KafkaSecurity:
    """Give what the settings say of Kafka's security; every file that they name has been read.

    Raises:
        InvalidInputError: settings contradict each other, one is missing, or a file can't be used.
    """
    protocol = settings.kafka_security_protocol
    tls, login = None, None
    if protocol in {"SSL", "SASL_SSL"}:
        tls = _tls(settings)
    else:
        _refuse(settings, _TLS, f"{_env('kafka_security_protocol')} is {protocol}: nothing is encrypted")
    if protocol in {"SASL_PLAINTEXT", "SASL_SSL"}:
        login = _login(settings, protocol)
    else:
        unused = ("kafka_sasl_mechanism", *_PASSWORD, *_TOKEN)
        _refuse(settings, unused, f"{_env('kafka_security_protocol')} is {protocol}: no user is named")
    return KafkaSecurity(tls, login)


def _tls(settings: Settings) -> Tls:
    if settings.kafka_client_cert_file is None:
        _refuse(settings, _CLIENT_KEY, f"{_env('kafka_client_cert_file')} is not set")
    password = _secret(settings, "kafka_client_key_password", required_by=None)
    tls = Tls(settings.kafka_ca_file, settings.kafka_client_cert_file, settings.kafka_client_key_file, password)
    tls.context()
    return tls


def _login(settings: Settings, protocol: str) -> PasswordLogin | TokenLogin:
    mechanism = settings.kafka_sasl_mechanism
    if mechanism is None:
        raise _missing("kafka_sasl_mechanism", f"{_env('kafka_security_protocol')} is {protocol}")
    because = f"{_env('kafka_sasl_mechanism')} is {mechanism}"
    if mechanism == "OAUTHBEARER":
        _refuse(settings, _PASSWORD, because)
        return _token_login(settings, because)
    _refuse(settings, _TOKEN, because)
    password = _secret(settings, "kafka_sasl_password", required_by=because)
    return PasswordLogin(mechanism, _required(settings, "kafka_sasl_username", because), password or "")


def _token_login(settings: Settings, because: str) -> TokenLogin:
    url = _required(settings, "kafka_oauth_token_url", because)
    _check_token_url(url)
    trusting(settings.kafka_oauth_ca_file)
    return TokenLogin(
        url,
        _required(settings, "kafka_oauth_client_id", because),
        _secret(settings, "kafka_oauth_client_secret", required_by=because) or "",
        settings.kafka_oauth_scope,
        settings.kafka_oauth_ca_file,
    )


def _check_token_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if host and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        return
    raise InvalidInputError(
        f"{_env('kafka_oauth_token_url')}: has to be an https URL",
        hint="the client's secret is sent to it; plain http is accepted for this machine only",
    )


def _secret(settings: Settings, name: str, *, required_by: str | None) -> str | None:
    """Give a secret from its setting or from the file that holds it."""
    given: SecretStr | None = getattr(settings, name)
    file: Path | None = getattr(settings, f"{name}_file")
    if given is not None and file is not None:
        raise InvalidInputError(
            f"{_env(name)} and {_env(name)}_FILE are both set", hint="give one; a file does not show in the environment"
        )
    found = given.get_secret_value() if given is not None else _read(name, file)
    if found is None and required_by is not None:
        raise _missing(f"{name}_file", required_by)
    if found == "":
        raise InvalidInputError(f"{_env(name if file is None else name + '_file')}: is empty")
    return found


def _read(name: str, file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_SECRET_BYTES)
        # Editors end a file with a line break; a password has none.
        return content.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise InvalidInputError(f"{_env(name)}_FILE: {file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInputError(f"{_env(name)}_FILE: {file} is not UTF-8 text") from None


def _required(settings: Settings, name: str, because: str) -> str:
    found: str | None = getattr(settings, name)
    if not found:
        raise _missing(name, because)
    return found


def _missing(name: str, because: str) -> InvalidInputError:
    return InvalidInputError(f"{_env(name)} is not set, but {because}")


def _refuse(settings: Settings, names: tuple[str, ...], because: str) -> None:
    for name in names:
        if getattr(settings, name) is not None:
            raise InvalidInputError(
                f"{_env(name)} is set, but {because}", hint="a setting that would have no effect is refused"
            )


def _env(name: str) -> str:
    return f"{ENV_PREFIX}{name.upper()}"
