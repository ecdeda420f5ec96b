"""Coverage-guided fuzzing of whatever reads bytes out of Kafka: `make fuzz`, no part of `make test`.

What has to hold is what `tests.any_bytes` says; libFuzzer looks for bytes for which it does not. The first byte
chooses what the rest is taken for. A finding is kept in `build/`; `python -m tests.fuzz.decoders FILE` runs it again.
"""

import logging
import sys
from pathlib import Path

import atheris
import structlog

with atheris.instrument_imports(include=["gateway.wire", "gateway.domain", "gateway.stream.pipeline"]):
    from tests.any_bytes import CODECS, EVENTS, VALUES, check_event, check_record

_KINDS = sorted(CODECS)
_EVENT = len(_KINDS)


def check(data: bytes) -> None:
    """Check one input."""
    if not data:
        return
    kind = data[0] % (_EVENT + 1)
    if kind == _EVENT:
        check_event(data[1:])
    else:
        check_record(_KINDS[kind], data[1:])


def write_seeds(folder: Path) -> None:
    """Begin with valid records: of bytes alone, the fuzzer would have to guess a schema's fingerprint."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(_KINDS):
        (folder / kind).write_bytes(bytes([number]) + VALUES[kind])
    for event_type, value in EVENTS.items():
        (folder / event_type).write_bytes(bytes([_EVENT]) + value)


if __name__ == "__main__":
    # Every event that is rejected is logged.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if not Path(sys.argv[1]).is_file():
        write_seeds(Path(sys.argv[1]))
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
