"""The conditions of a search as SQL, put together one by one."""

from collections.abc import Collection


class Terms:
    """Conditions that all have to hold.

    Attributes:
        values: of the parameters, in the order of their marks.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self.values: list[object] = []

    def add(self, text: str, *values: object) -> None:
        """Add a condition.

        Args:
            text: SQL of the program's own, never what somebody gave.
            values: of its parameters.
        """
        self._texts.append(text)
        self.values += values

    @property
    def where(self) -> str:
        """The condition, for a statement's WHERE."""
        return " AND ".join(self._texts) or "1 = 1"


def among(column: str, codes: Collection[int]) -> str:
    """Give the condition that a column has one of some numbers; none of them fits where there are none."""
    return f"{column} IN ({','.join(map(str, codes))})" if codes else "1 = 0"
