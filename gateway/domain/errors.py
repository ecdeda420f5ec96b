"""The root of the gateway's own exceptions.

A `GatewayError` is something a person can act on: the command line prints its text (and its hint) without a
stack trace and exits with `exit_code`. An HTTP failure of an endpoint is never an exception; it is an outcome.

    GatewayError            exit 1   the operation failed
    ├── InvalidInputError   exit 2   what the user gave is wrong; nothing was written
    ├── NotFoundError       exit 3   the thing named does not exist
    ├── ConflictError       exit 4   it exists already, or somebody else changed it meanwhile
    └── UnavailableError    exit 5   Kafka, Java, a port or a key that is needed is not there
"""


class GatewayError(Exception):
    """A failure with a message for a person and, where there is one, a hint at what to do."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidInputError(GatewayError):
    """The input is wrong and nothing was changed."""

    exit_code = 2


class NotFoundError(GatewayError):
    """The named thing does not exist."""

    exit_code = 3


class ConflictError(GatewayError):
    """The thing exists already, or was changed by somebody else since it was read."""

    exit_code = 4


class UnavailableError(GatewayError):
    """Something that the operation needs (a broker, a tool, a key) is not there."""

    exit_code = 5
