"""Secrets and sensitive values that are planted, and the search for them: in every spelling, where they must not be.

Whoever gives a subscription another secret adds it to `plants`.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from gateway.domain.secret import Ed25519Secret, HmacSecret
from tests.certificates import Authority

_OFFSETS = {".index", ".timeindex"}


@dataclass(frozen=True, slots=True)
class Plant:
    """A secret that a subscription is given.

    Attributes:
        files: the options that take it, each with what the file holds.
        texts: what must not turn up, as text.
        raw: the same as the bytes that are meant, where that is not the text.
        by_rotation: it is given to `rotate-secret`, not to `create`.
    """

    files: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    raw: tuple[bytes, ...] = ()
    by_rotation: bool = False


def plants(folder: Path) -> list[Plant]:
    """Make one secret of each kind.

    Args:
        folder: for what is needed to make them.
    """
    return [
        _signing_secret(HmacSecret(b"canary-of-a-signing-secret-00001")),
        _signing_secret(HmacSecret(b"canary-of-a-rotated-secret-00002"), by_rotation=True),
        _signing_secret(Ed25519Secret(b"canary-of-an-ed25519-seed-000003"), by_rotation=True),
        Plant(
            (("--header-file", "Authorization: Bearer canary-of-a-token-4\nX-Api-Key: canary-of-an-api-key-5\n"),),
            ("canary-of-a-token-4", "canary-of-an-api-key-5"),
        ),
        _client_key(folder),
    ]


def _signing_secret(secret: HmacSecret | Ed25519Secret, *, by_rotation: bool = False) -> Plant:
    encoded = secret.text.partition("_")[2]
    raw = secret.key if isinstance(secret, HmacSecret) else secret.seed
    return Plant((("--secret-file", f"{secret.text}\n"),), (secret.text, encoded), (raw,), by_rotation)


def _client_key(folder: Path) -> Plant:
    client = Authority(folder).client()
    key = load_pem_private_key(client.key.encode(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    number = key.private_numbers().private_value
    return Plant(
        (("--client-cert", client.certificate), ("--client-key", client.key)),
        ("PRIVATE KEY", *client.key.splitlines()[1:2]),
        (der, number.to_bytes(32, "big")),
    )


def spellings_of(plant: Plant) -> dict[str, bytes]:
    """Give what to search for: as text, hexadecimal, and base64 wherever in a longer stretch it may begin."""
    found = {}
    for content in (*(text.encode() for text in plant.texts), *plant.raw):
        found[f"{content!r}"] = content
        found[f"hex of {content!r}"] = content.hex().encode()
        found[f"upper hex of {content!r}"] = content.hex().upper().encode()
        for shift in range(3):
            # The groups of four that no neighbour has a part in.
            encoded = base64.b64encode(b"\0" * shift + content)[4 if shift else 0 : -4]
            found[f"base64 of {content!r}, {shift}"] = encoded
            found[f"urlsafe base64 of {content!r}, {shift}"] = encoded.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def leaks(places: Mapping[str, bytes], planted: Sequence[Plant]) -> list[str]:
    """Give where a secret turned up, and how it was spelled."""
    return [
        f"{place}: {spelling}"
        for each in planted
        for spelling, sought in spellings_of(each).items()
        for place, content in places.items()
        if sought in content
    ]


def strays(places: Mapping[str, bytes], plant: Plant, at_home: Sequence[str]) -> list[str]:
    """Give where a value turned up besides the topics that it belongs to, as read and as the broker keeps them."""
    homes = tuple(f"topic {topic}: " for topic in at_home)
    folders = tuple(f"/{topic}-" for topic in at_home)
    found = leaks(places, [plant])
    return [leak for leak in found if not leak.startswith(homes) and not any(folder in leak for folder in folders)]


def files_of(folder: Path, *, but: set[Path]) -> dict[str, bytes]:
    """Read every file in a folder; links to other folders, and Kafka's large files of offsets, aside."""
    files = (
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path not in but and path.suffix not in _OFFSETS
    )
    return {f"file {path.relative_to(folder)}": path.read_bytes() for path in files}
