"""From the settings to how Kafka's clients are secured. A setting that would have no effect is refused."""

from urllib.parse import urlsplit

from gateway.domain.errors import InvalidInputError
from gateway.kafka.security import KafkaSecurity, PasswordLogin, Tls, TokenLogin, trusting
from gateway.services.given_settings import LOOPBACK, missing, refuse_unused, required, secret_of, variable
from gateway.settings import Settings

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
        refuse_unused(settings, _TLS, f"{variable('kafka_security_protocol')} is {protocol}: nothing is encrypted")
    if protocol in {"SASL_PLAINTEXT", "SASL_SSL"}:
        login = _login(settings, protocol)
    else:
        unused = ("kafka_sasl_mechanism", *_PASSWORD, *_TOKEN)
        refuse_unused(settings, unused, f"{variable('kafka_security_protocol')} is {protocol}: no user is named")
    return KafkaSecurity(tls, login)


def _tls(settings: Settings) -> Tls:
    if settings.kafka_client_cert_file is None:
        refuse_unused(settings, _CLIENT_KEY, f"{variable('kafka_client_cert_file')} is not set")
    password = secret_of(settings, "kafka_client_key_password", required_by=None)
    tls = Tls(settings.kafka_ca_file, settings.kafka_client_cert_file, settings.kafka_client_key_file, password)
    tls.context()
    return tls


def _login(settings: Settings, protocol: str) -> PasswordLogin | TokenLogin:
    mechanism = settings.kafka_sasl_mechanism
    if mechanism is None:
        raise missing("kafka_sasl_mechanism", f"{variable('kafka_security_protocol')} is {protocol}")
    because = f"{variable('kafka_sasl_mechanism')} is {mechanism}"
    if mechanism == "OAUTHBEARER":
        refuse_unused(settings, _PASSWORD, because)
        return _token_login(settings, because)
    refuse_unused(settings, _TOKEN, because)
    password = secret_of(settings, "kafka_sasl_password", required_by=because)
    return PasswordLogin(mechanism, required(settings, "kafka_sasl_username", because), password or "")


def _token_login(settings: Settings, because: str) -> TokenLogin:
    url = required(settings, "kafka_oauth_token_url", because)
    _check_token_url(url)
    trusting(settings.kafka_oauth_ca_file)
    return TokenLogin(
        url,
        required(settings, "kafka_oauth_client_id", because),
        secret_of(settings, "kafka_oauth_client_secret", required_by=because) or "",
        settings.kafka_oauth_scope,
        settings.kafka_oauth_ca_file,
    )


def _check_token_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if host and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)):
        return
    raise InvalidInputError(
        f"{variable('kafka_oauth_token_url')}: has to be an https URL",
        hint="the client's secret is sent to it; plain http is accepted for this machine only",
    )
