"""Secrets that are planted, and the search for them: in every spelling, wherever they must not turn up.

Whoever gives a subscription another secret adds a row to `PLANTED`.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_OFFSETS = {".index", ".timeindex"}


@dataclass(frozen=True, slots=True)
class Planted:
    """A secret that a subscription is given.

    Attributes:
        option: of `gateway subscriptions create`, which takes a file.
        content: of that file.
        texts: what must not turn up, as text.
        raw: the same as the bytes that are meant, where that is not the text.
    """

    option: str
    content: str
    texts: tuple[str, ...]
    raw: bytes = b""


def _signing_secret(raw: bytes) -> Planted:
    encoded = base64.b64encode(raw).decode()
    return Planted("--secret-file", f"whsec_{encoded}\n", (f"whsec_{encoded}", encoded), raw)


SIGNING = _signing_secret(b"canary-of-a-signing-secret-00001")
ROTATED = _signing_secret(b"canary-of-a-rotated-secret-00002")
# One subscription gets them all.
PLANTED = [SIGNING]


def spellings_of(planted: Planted) -> dict[str, bytes]:
    """Give what to search for: as text, hexadecimal, and base64 wherever in a longer stretch it may begin."""
    found = {}
    for content in (*(text.encode() for text in planted.texts), *filter(None, [planted.raw])):
        found[f"{content!r}"] = content
        found[f"hex of {content!r}"] = content.hex().encode()
        found[f"upper hex of {content!r}"] = content.hex().upper().encode()
        for shift in range(3):
            # The groups of four that no neighbour has a part in.
            encoded = base64.b64encode(b"\0" * shift + content)[4 if shift else 0 : -4]
            found[f"base64 of {content!r}, {shift}"] = encoded
            found[f"urlsafe base64 of {content!r}, {shift}"] = encoded.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def leaks(places: Mapping[str, bytes], planted: list[Planted]) -> list[str]:
    """Give where a secret turned up, and how it was spelled."""
    return [
        f"{place}: {spelling}"
        for each in planted
        for spelling, sought in spellings_of(each).items()
        for place, content in places.items()
        if sought in content
    ]


def files_of(folder: Path, *, but: set[Path]) -> dict[str, bytes]:
    """Read every file in a folder; links to other folders, and Kafka's large files of offsets, aside."""
    files = (
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path not in but and path.suffix not in _OFFSETS
    )
    return {f"file {path.relative_to(folder)}": path.read_bytes() for path in files}
