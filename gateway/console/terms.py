"""The conditions of a search as SQL, put together one by one."""

from collections.abc import Collection, Iterable


class Terms:
    """Conditions that all have to hold.

    Args:
        text: the first one's, as for `add`; empty for none.
        values: of its parameters.

    Attributes:
        texts: of the conditions.
        values: of the parameters, in the order of their marks.
    """

    def __init__(self, text: str = "", *values: object) -> None:
        self.texts = [text] if text else []
        self.values: list[object] = list(values)

    def add(self, text: str, *values: object) -> None:
        """Add a condition.

        Args:
            text: SQL of the program's own, never what somebody gave.
            values: of its parameters.
        """
        self.texts.append(text)
        self.values += values

    def also(self, *others: "Terms") -> "Terms":
        """Give these conditions and others, as new ones."""
        every = Terms()
        for one in (self, *others):
            every.texts += one.texts
            every.values += one.values
        return every

    @property
    def are_none(self) -> bool:
        """Whether everything fits."""
        return not self.texts

    @property
    def where(self) -> str:
        """The condition, for a statement's WHERE."""
        return " AND ".join(self.texts) or "1 = 1"


def all_of(terms: Iterable[Terms]) -> Terms:
    """Give the conditions of all of them."""
    return Terms().also(*terms)


def among(column: str, codes: Collection[int]) -> str:
    """Give the condition that a column has one of some numbers; none of them fits where there are none."""
    return f"{column} IN ({','.join(map(str, codes))})" if codes else "1 = 0"
