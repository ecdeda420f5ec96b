"""What went wrong with TLS: which of the outcomes, and a line for people.

Told by the codes and names of OpenSSL, which stay the same, and not by its sentences.
"""

import ssl

from gateway.domain.outcome import ErrorCode, Failed

# Of openssl/x509_vfy.h. Whatever else breaks a chain makes it one that is not trusted.
_OF_VERIFICATION = {
    9: ErrorCode.TLS_EXPIRED,  # X509_V_ERR_CERT_NOT_YET_VALID
    10: ErrorCode.TLS_EXPIRED,  # X509_V_ERR_CERT_HAS_EXPIRED
    62: ErrorCode.TLS_HOST,  # X509_V_ERR_HOSTNAME_MISMATCH
    64: ErrorCode.TLS_HOST,  # X509_V_ERR_IP_ADDRESS_MISMATCH
}
# RFC 8446 section 6.2, as OpenSSL names them behind `TLSV1_ALERT_` and the like.
_ABOUT_CLIENT_CERTIFICATE = {
    "BAD_CERTIFICATE",
    "UNSUPPORTED_CERTIFICATE",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_UNKNOWN",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "CERTIFICATE_REQUIRED",
}
_NOTHING_IN_COMMON = {"HANDSHAKE_FAILURE", "PROTOCOL_VERSION", "INSUFFICIENT_SECURITY"}
# What OpenSSL says of it on this side: the endpoint chose what was not offered.
_NOT_OFFERED = {"UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "WRONG_CIPHER_RETURNED", "DH_KEY_TOO_SMALL"}


def tls_failure_of(error: ssl.SSLError) -> Failed:
    """Name a failure of TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failed(_OF_VERIFICATION.get(error.verify_code, ErrorCode.TLS_UNTRUSTED), error.verify_message)
    reason = error.reason or type(error).__name__
    _, is_alert, alert = reason.partition("_ALERT_")
    if is_alert:
        return Failed(_of_alert(alert), f"the endpoint refuses: {_in_words(alert)}")
    return Failed(ErrorCode.TLS_HANDSHAKE if reason in _NOT_OFFERED else ErrorCode.TLS, _in_words(reason))


def _of_alert(alert: str) -> ErrorCode:
    if alert in _ABOUT_CLIENT_CERTIFICATE:
        return ErrorCode.TLS_CLIENT_CERTIFICATE
    return ErrorCode.TLS_HANDSHAKE if alert in _NOTHING_IN_COMMON else ErrorCode.TLS


def _in_words(name: str) -> str:
    return name.replace("_", " ").lower()
