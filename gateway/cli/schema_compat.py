"""`gateway schemas compat`: whether one schema can read what another one wrote, for two files or for many pairs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from gateway.cli.output import emit_json, emit_line, json_option
from gateway.domain.errors import InvalidInputError
from gateway.wire.compatibility import Verdict, compare
from gateway.wire.schema_files import MAX_SCHEMA_BYTES, read_schema_file
from gateway.wire.schema_rules import Finding, RuledSchema, SchemaFaultError, read_schema
from gateway.wire.strict_json import parse_json

# Two schemas, each as text within text, where a quote takes two bytes.
MAX_PAIR_BYTES = 4 * MAX_SCHEMA_BYTES
_INCOMPATIBLE_EXIT = 1


@click.command()
@click.argument("reader", required=False)
@click.argument("writer", required=False)
@click.option("--pairs", "pairs_file", metavar="FILE", help="Read pairs as JSON lines; '-' for standard input.")
@click.option("--strict", is_flag=True, help="Count warnings as reasons, as `gateway schemas check` does.")
@json_option
def command(reader: str | None, writer: str | None, pairs_file: str | None, strict: bool, as_json: bool) -> None:
    """Tell whether READER can read everything that WRITER writes.

    Both are files with an Avro schema. The rules are Avro's; what can be read and then means something else, as a
    timestamp that becomes a bare number, is a warning. Exit code 1 when it can't be read.

    With --pairs each line is an object with `reader` and `writer`, each a schema or a schema's text, and gets one line
    with `compatible`, `reasons` and `warnings`; an `id` goes with it. A line that can't be read gets an `error`, and
    the exit code is 2 in the end; else it is 0, whatever the answers.

    \b
    Examples:
      gateway schemas compat new.avsc old.avsc
      gateway schemas compat --strict --json new.avsc old.avsc
      echo '{"reader": "long", "writer": "int"}' | gateway schemas compat --pairs -
    """
    if pairs_file is not None:
        if reader is not None:
            raise InvalidInputError("give two files or --pairs, not both")
        _answer_pairs(pairs_file, strict=strict)
        return
    if reader is None or writer is None:
        raise InvalidInputError("give two files, READER and WRITER, or --pairs")
    try:
        verdict = _verdict(_read_file(reader), _read_file(writer), strict=strict)
    except ValueError as error:
        raise InvalidInputError(f"{reader} and {writer} can't be compared: {error}") from None
    if as_json:
        emit_json(_as_json(verdict))
    else:
        _print_verdict(verdict)
    if not verdict.compatible:
        sys.exit(_INCOMPATIBLE_EXIT)


def _read_file(name: str) -> RuledSchema:
    try:
        return read_schema(read_schema_file(Path(name)))
    except SchemaFaultError as error:
        raise InvalidInputError(f"{name} is no Avro schema: {error}") from None
    except OSError as error:
        raise InvalidInputError(f"{name} can't be read: {error.strerror}") from None


def _verdict(reader: RuledSchema, writer: RuledSchema, *, strict: bool) -> Verdict:
    """Compare, and add the faults of either schema to the warnings.

    Raises:
        ValueError: they are nested too deep, or too large.
    """
    found = compare(reader, writer)
    faults = [
        Finding(fault.path, fault.rule, f"{side}: {fault.detail}")
        for side, schema in (("reader", reader), ("writer", writer))
        for fault in schema.faults
    ]
    warnings = (*found.warnings, *faults)
    return Verdict((*found.reasons, *warnings), ()) if strict else Verdict(found.reasons, warnings)


def _answer_pairs(file: str, *, strict: bool) -> None:
    try:
        with click.open_file(file, "rb") as stream:
            errors = sum(_answer(number, line, strict=strict) for number, line in enumerate(_lines(stream), start=1))
    except OSError as error:
        raise InvalidInputError(f"{file} can't be read: {error.strerror}") from None
    if errors:
        raise InvalidInputError(f"{errors} lines could not be answered: see `error` in the output")


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Give the lines; of one that is too long as much as shows that it is."""
    while line := stream.readline(MAX_PAIR_BYTES + 1):
        rest = line
        while len(rest) > MAX_PAIR_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_PAIR_BYTES + 1)
        yield line


def _answer(number: int, line: bytes, *, strict: bool) -> bool:
    """Answer one line; tells whether that was impossible."""
    if not line.strip():
        return False
    head: dict[str, Any] = {}
    try:
        if len(line) > MAX_PAIR_BYTES:
            raise ValueError(f"it is longer than {MAX_PAIR_BYTES} bytes")  # noqa: TRY301 - handled like any fault of it
        pair = parse_json(line)
        if not isinstance(pair, dict):
            raise ValueError("it is no object")  # noqa: TRY301, TRY004 - same
        head = {"id": pair["id"]} if "id" in pair else {}
        answer = _as_json(_verdict(_side(pair, "reader"), _side(pair, "writer"), strict=strict))
    except ValueError as error:
        emit_json({**head, "line": number, "error": str(error)})
        return True
    emit_json({**head, **answer})
    return False


def _side(pair: dict[str, Any], side: str) -> RuledSchema:
    """Read the schema of one side: JSON, the text of JSON, or the name of a type.

    Raises:
        ValueError: it is none.
    """
    if side not in pair:
        raise ValueError(f"there is no {side}")
    source = pair[side]
    try:
        if isinstance(source, str) and source.lstrip()[:1] in {"{", "[", '"'}:
            source = parse_json(source.encode())
        return read_schema(source)
    except ValueError as error:
        raise ValueError(f"the {side} is no Avro schema: {error}") from None


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "compatible": verdict.compatible,
        "reasons": [_finding_json(finding) for finding in verdict.reasons],
        "warnings": [_finding_json(finding) for finding in verdict.warnings],
    }


def _finding_json(finding: Finding) -> dict[str, str]:
    return {"path": finding.path, "rule": finding.rule, "detail": finding.detail}


def _print_verdict(verdict: Verdict) -> None:
    emit_line("compatible" if verdict.compatible else "incompatible")
    for reason in verdict.reasons:
        emit_line(str(reason))
    for warning in verdict.warnings:
        emit_line(f"warning: {warning}")
