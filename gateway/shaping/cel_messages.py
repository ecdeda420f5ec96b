"""Says what is wrong with an expression: where, in the schema's words, and what was probably meant.

The library's messages name protobuf types and operators by their internal names, and give the place as line and column.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.domain.errors import InvalidInputError
from gateway.shaping.cel_scopes import ROOTS, Scope, calls_with_scopes, meaning_of
from gateway.shaping.cel_syntax import SyntaxTree
from gateway.shaping.cel_types import DATA, ViewTypes

_PLACE = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): ([^\n]*)")
_NO_FIELD = re.compile(r"undefined field '(.+)' not found in struct '(.+)'")
_UNKNOWN_NAME = re.compile(r"undeclared reference to '(.+)' \(in container")
_NO_OVERLOAD = re.compile(r"found no matching overload for '(.+)' applied to '(.*?)\.?\((.*)\)'")
_NO_SELECTION = re.compile(r"expression of type '(.+)' cannot be the operand of a select")
_FUNCTIONS = (
    *("all", "exists", "exists_one", "filter", "map", "has", "size", "contains", "startsWith", "endsWith", "matches"),
    *("timestamp", "duration", "int", "double", "string", "bool", "bytes", "type", "getFullYear", "getMonth"),
    *("getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds"),
)
_WORDS_FOR_OPERATORS = {"and": "&&", "or": "||", "not": "!"}
_AS_TEXT = {"date": "2026-01-31", "time-millis": "13:30:00.250", "time-micros": "13:30:00.250"}
_MAX_REASON_CHARS = 200
# What the library tells with these is types and numbers of items.
_OF_TYPES = frozenset({"No matching overloads found", "Index error", "Invalid container type"})
# The part of a long line that is shown, in characters on each side of the place.
_SHOWN = 50


class ExpressionError(InvalidInputError):
    """An expression is refused for something at one place of it.

    Attributes:
        at: the index of the character that it is about.
    """

    def __init__(self, message: str, hint: str | None, at: int) -> None:
        super().__init__(message, hint=hint)
        self.at = at


def nothing_hidden(path: str) -> str | None:  # noqa: ARG001 - the signature of what knows hidden fields
    """Say of any field that it is not hidden."""
    return None


def reason_of(message: str, text: str) -> str:
    """Make a line for people of why an evaluation failed: without the library's code, and without the event's values.

    Reasons go to logs and signals, where nothing of the data has to be.

    Args:
        message: the library's.
        text: the expression; what stands in it may stand in the reason.
    """
    code, colon, rest = message.partition(": ")
    reason = rest if colon and code.isupper() else message
    reason = reason.partition("\n")[0].partition(" [")[0].replace(" : ", ": ").strip()
    what, _, detail = reason.partition(": ")
    if what not in _OF_TYPES and detail.strip('"') not in text:
        reason = what
    return reason[:_MAX_REASON_CHARS] or "no reason is given"


class Refusals:
    """Makes errors for people.

    Args:
        types: what the expression was checked against.
        environment: the library's, for reading an expression without checking it.
        grant_for: gives the grant that a dotted path in the data lacks, or None where it would not be hidden.
    """

    def __init__(self, types: ViewTypes, environment: Any, grant_for: Callable[[str], str | None]) -> None:
        self._types = types
        self._environment = environment
        self._grant_for = grant_for

    def of(self, text: str, message: str) -> InvalidInputError:
        """Make the error of the library's message about an expression."""
        found = _PLACE.search(message)
        if found is None or int(found[1]) < 0:
            too_deep = "recursion" in message or "too deep" in message
            return InvalidInputError("it is nested too deeply" if too_deep else message.partition("\n")[0])
        at = _offset(text, int(found[1]), int(found[2]))
        for pattern, refuse in (
            (_NO_FIELD, self._no_field),
            (_UNKNOWN_NAME, self._unknown_name),
            (_NO_OVERLOAD, self._no_overload),
            (_NO_SELECTION, self._no_selection),
        ):
            match = pattern.search(found[3])
            if match is not None:
                return refuse(text, at, match)
        return _syntax_error(text, at, found[3])

    def words(self, expr: Any, tree: SyntaxTree) -> str:
        """Say what a node is, in the schema's words."""
        meaning = meaning_of(expr, Scope(self._types))
        if meaning is not None:
            return meaning.words
        type_ = tree.type_of(expr)
        kind = "" if type_ is None else type_.WhichOneof("kind")
        if kind in {"primitive", "wrapper"}:
            return ("", "a bool", "an int", "a uint", "a double", "a string", "bytes")[type_.primitive or type_.wrapper]
        return {"list_type": "a list", "map_type": "a map", "null": "null", "well_known": "a time"}.get(kind, "a value")

    def _no_field(self, text: str, at: int, match: re.Match[str]) -> InvalidInputError:
        name, message = match[1], match[2]
        record = self._types.records[message]
        at = _place_of(name, text, at)
        grant = None if record.name == "event" else self._grant_for(f"{record.path}.{name}".lstrip("."))
        if grant is not None:
            hint = f"grant it to the subscription first: --allow-sensitive {grant}"
            return refusal(text, at, f"'{name}' of {record.name} is a sensitive field", hint)
        hint = did_you_mean(name, record.fields) or f"{record.name} has the fields {', '.join(record.fields)}"
        return refusal(text, at, f"there is no field '{name}' in {record.name}", hint)

    def _unknown_name(self, text: str, at: int, match: re.Match[str]) -> InvalidInputError:
        name = match[1].partition(".")[0]
        if text[at : at + 1] == "(":
            hint = did_you_mean(match[1], _FUNCTIONS)
            start = max(at - len(match[1]), 0)
            return refusal(text, start, f"there is no function '{match[1]}'", hint)
        start = text.rfind(name, 0, at + len(name))
        fields = self._types.records[self._types.root].fields
        if name in fields:
            return refusal(text, start, f"there is no '{name}'", f"did you mean {DATA}.{name}?")
        hint = did_you_mean(name, ROOTS) or "an expression begins with data or event; a text is written in quotes"
        return refusal(text, start, f"there is no '{name}'", hint)

    def _no_selection(self, text: str, at: int, match: re.Match[str]) -> InvalidInputError:
        if match[1].startswith("list("):
            return refusal(text, at, "an array has no fields", "ask of its items: .exists(x, x.sku == 'A')")
        return refusal(text, at, f"a {_cel_word(match[1])} has no fields", None)

    def _no_overload(self, text: str, at: int, match: re.Match[str]) -> InvalidInputError:
        function = match[1]
        operands = [_cel_word(word) for word in [match[2], *_split(match[3])] if word]
        for position, (name, words) in self._operands(text).items():
            if position == at and name == function:
                operands = [word or operand for word, operand in zip(words, operands, strict=False)]
        listed = " and ".join(operands)
        shown = _shown(function)
        return refusal(text, at, f"'{shown}' does not go with {listed}", _hint_for(operands))

    def _operands(self, text: str) -> Mapping[int, tuple[str, list[str | None]]]:
        """Give the calls of an expression that does not pass the checker, by their places."""
        try:
            tree = SyntaxTree(self._environment.compile(text, disable_check=True).serialize())
        except (RuntimeError, ValueError):
            return {}
        found = {}
        for call, scope in calls_with_scopes(tree.root, Scope(self._types)):
            part = call.call_expr
            operands = [*([part.target] if part.HasField("target") else []), *part.args]
            meanings = [meaning_of(operand, scope) for operand in operands]
            words = [None if meaning is None else meaning.words for meaning in meanings]
            found[tree.position_of(call)] = (part.function, words)
        return found


def _shown(function: str) -> str:
    """Write a function as its users do: `>`, `in`, `contains()`."""
    if function.isalpha():
        return f"{function}()"
    return {"_[_]": "[ ]", "_?_:_": "? :"}.get(function, function.strip("_@"))


def _cel_word(word: str) -> str:
    """Say a type of the library's messages as users know it."""
    word = word.removeprefix("wrapper(").removesuffix(")") if word.startswith("wrapper(") else word
    word = word.rpartition(".")[2] if word.startswith("google.protobuf.") else word
    if word.startswith("view."):
        return "record " + word.partition("_")[2].removesuffix("_or_null")
    if word.startswith(("list(", "map(")):
        return word.partition("(")[0]
    return {"null_type": "null"}.get(word, word.lower())


def _split(types: str) -> list[str]:
    """Take a list of types apart at its commas that are in no parentheses."""
    parts, depth = [""], 0
    for character in types:
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _hint_for(operands: Iterable[str]) -> str | None:
    kinds = {operand.removesuffix(" or null") for operand in operands}
    if "string" in kinds and any(kind.startswith("timestamp") for kind in kinds):
        return 'write timestamp("2026-01-31T00:00:00Z") for a time'
    for kind in kinds & _AS_TEXT.keys():
        return f'a {kind} is compared as text: "{_AS_TEXT[kind]}"'
    if "string" in kinds and kinds & {"int", "long", "double", "float", "decimal"}:
        return "numbers are written without quotes; int(), double() and string() convert"
    return None


def _syntax_error(text: str, at: int, message: str) -> InvalidInputError:
    rest = text[at:]
    word = rest.split(maxsplit=1)[0] if rest.strip() else ""
    if word in _WORDS_FOR_OPERATORS:
        return refusal(text, at, f"'{word}' can't stand here", f"write {_WORDS_FOR_OPERATORS[word]}")
    if rest.startswith("=") and not rest.startswith("=="):
        return refusal(text, at, "'=' can't stand here", "compare with ==")
    if "Syntax error" not in message:
        return refusal(text, at, message, None)
    if not rest.strip() or "<EOF>'" in message:
        return refusal(text, at, "it ends too early", "a parenthesis, a quote or an operand is missing")
    return refusal(text, at, f"'{word[:20]}' can't stand here", None)


def refusal(text: str, at: int, what: str, hint: str | None) -> InvalidInputError:
    """Make an error with its place, the line and a mark below it.

    Args:
        text: the expression.
        at: the index of the character that it is about.
        what: what is wrong.
        hint: what was probably meant, or None.
    """
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : len(text) if end < 0 else end]
    first = max(at - begin - _SHOWN, 0)
    shown = line[first : at - begin + _SHOWN].replace("\t", " ")
    before, after = "…" if first else "", "…" if at - begin + _SHOWN < len(line) else ""
    mark = " " * (len(before) + at - begin - first) + "^"
    return ExpressionError(f"position {at + 1}: {what}\n  {before}{shown}{after}\n  {mark}", hint, at)


def _offset(text: str, line: int, column: int) -> int:
    begin = sum(len(each) + 1 for each in text.split("\n")[: line - 1])
    return min(begin + column - 1, len(text))


def _place_of(name: str, text: str, at: int) -> int:
    found = text.find(name, at)
    return at if found < 0 else found


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Ask for the known name that is most like a word; None where none is."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"did you mean {by_lower[close[0]]}?" if close else None
