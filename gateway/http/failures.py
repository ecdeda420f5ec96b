"""What went wrong with a send, as one of the outcomes that the rules know. Total: whatever was raised has a code."""

import ssl

import aiohttp
from aiohttp.http import HttpProcessingError

from gateway.domain.delivery import MAX_ERROR_CHARS
from gateway.domain.foreign_text import plain_line
from gateway.domain.outcome import ErrorCode, Failed
from gateway.http.guard import AddressRefusedError
from gateway.http.proxy import ProxyError
from gateway.http.tls import UnusableTlsError
from gateway.http.tls_failures import tls_failure_of

_DISCONNECTS = (aiohttp.ServerDisconnectedError, ConnectionResetError, BrokenPipeError)

# In this order: the first that fits names the failure.
_CODES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ErrorCode], ...] = (
    (AddressRefusedError, ErrorCode.ADDRESS_REFUSED),
    (ProxyError, ErrorCode.PROXY),
    (aiohttp.ConnectionTimeoutError, ErrorCode.CONNECT_TIMEOUT),
    (TimeoutError, ErrorCode.TIMEOUT),
    (aiohttp.ClientConnectorDNSError, ErrorCode.DNS),
    # The parser's errors carry a made-up status 400: it is not the endpoint's own.
    ((HttpProcessingError, aiohttp.ClientPayloadError), ErrorCode.INVALID_RESPONSE),
    (ConnectionRefusedError, ErrorCode.CONNECTION_REFUSED),
    (_DISCONNECTS, ErrorCode.CONNECTION_RESET),
    # No URL to send to, or a header that can't be sent; aiohttp's own errors of this kind are ValueErrors too.
    ((aiohttp.NonHttpUrlClientError, UnusableTlsError, ValueError), ErrorCode.CONFIGURATION),
    # What nobody has foreseen is retried rather than given up.
    (Exception, ErrorCode.NETWORK),
)


def failure_of(error: Exception) -> Failed:
    """Name what was raised while sending."""
    cause = _cause_of(error)
    if isinstance(cause, ssl.SSLError):
        return tls_failure_of(cause)
    code = next(code for kinds, code in _CODES if isinstance(cause, kinds))
    # It may quote the endpoint's own bytes.
    detail = " ".join(plain_line(_said_by(error)).split()) or type(error).__name__
    return Failed(code, detail[:MAX_ERROR_CHARS])


def is_disconnect(error: Exception) -> bool:
    """Tell a connection that ended before an answer from one that was never made."""
    return isinstance(_cause_of(error), _DISCONNECTS) and not isinstance(error, aiohttp.ClientConnectorError)


def _said_by(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        # Its own text would show the TLS context of the subscription.
        return f"no connection to {error.host}:{error.port}: {error.os_error.strerror or error.os_error}"
    return str(error)


def _cause_of(error: Exception) -> Exception:
    if isinstance(error, aiohttp.ClientError) and isinstance(error.__cause__, ssl.SSLError):
        # Also where a connection that was made ends in an alert: in TLS 1.3 an endpoint judges its client that late.
        return error.__cause__
    if type(error) is aiohttp.ClientConnectorError:
        return error.os_error
    if type(error) is aiohttp.ClientOSError:
        return OSError(*error.args)  # becomes the subclass of its errno, e.g. ConnectionResetError
    return error
