"""What can be wrong with bytes, named by what the reading loop has to do next."""

from gateway.domain.errors import GatewayError, UnavailableError


class UndecodableError(GatewayError):
    """These bytes will never decode: reject the record and go on.

    Attributes:
        reason: one of a few fixed words (`not_avro`, `unknown_schema`, `unknown_type`, …), for records and metrics.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RegistryUnavailableError(UnavailableError):
    """The schema registry can't be asked just now: wait and ask again; reject nothing."""


class CatalogError(GatewayError):
    """The catalog's files are wrong: nothing can be decoded or published until they are put right."""
