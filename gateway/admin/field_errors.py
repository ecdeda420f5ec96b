"""The error of a definition that breaks a rule: it names the field, for those who write many at once."""

from gateway.domain.errors import InvalidInputError


class FieldError(InvalidInputError):
    """A field of a definition breaks a rule.

    Attributes:
        field: its name.
    """

    def __init__(self, field: str, error: InvalidInputError) -> None:
        super().__init__(error.message, hint=error.hint)
        self.field = field
