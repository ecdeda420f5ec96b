"""Why a signature does not fit: tries the usual mistakes on a captured request, and tells under which it would.

For people who look for a mistake, with the secrets at hand. Nothing here makes a request genuine: `verify` decides, and
no answer to a sender may tell what was found.
"""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.secret import ED25519_PREFIX, HMAC_PREFIX, PUBLIC_KEY_PREFIX, V1, V1A, HmacSecret
from gateway.receiver.errors import InvalidHeaderError
from gateway.receiver.trusted_keys import TrustedKeys, parse_trusted_keys

MAX_JSON_BYTES = 1024 * 1024
"""The JSON of larger bodies is not written in other ways."""
MAX_SPELLED_CHARS = 8 * MAX_JSON_BYTES

_OFF = "the signature fits: only the time is off"
_LEAST_MILLISECONDS = 10**11
_DECIMAL = re.compile(r"[0-9]{1,18}\Z")
_HEX_DIGEST = re.compile(r"(?:[0-9a-fA-F]{64}){1,2}\Z")  # an HMAC-SHA256, or an ed25519 signature
_BOM = b"\xef\xbb\xbf"
_COMPACT = (",", ":")
_SPELLINGS: dict[str, dict[str, Any]] = {
    "compactly": {"separators": _COMPACT, "ensure_ascii": False},
    "compactly, in ASCII": {"separators": _COMPACT},
    "compactly, its keys sorted": {"separators": _COMPACT, "ensure_ascii": False, "sort_keys": True},
    "with a space after commas and colons": {"ensure_ascii": False},
    "with a space after commas and colons, in ASCII": {},
    "indented by 2": {"indent": 2, "ensure_ascii": False},
    "indented by 4": {"indent": 4, "ensure_ascii": False},
}


@dataclass(frozen=True, slots=True)
class CapturedRequest:
    """One request of the standard profile, as somebody wrote it down: nothing of it need be right.

    Attributes:
        webhook_id: the `webhook-id` header.
        timestamp: the `webhook-timestamp` header.
        signatures: the `webhook-signature` header.
        body: the body.
    """

    webhook_id: str
    timestamp: str
    signatures: str
    body: bytes

    @property
    def content(self) -> bytes:
        """What should have been signed."""
        return f"{self.webhook_id}.{self.timestamp}.".encode("utf-8", "replace") + self.body


def find_mistakes(request: CapturedRequest, secrets: Sequence[str]) -> list[str]:
    """Tell, in sentences, which mistakes explain a request that is not verified; an empty list if none does.

    Args:
        request: what came.
        secrets: what the receiver verifies with: see `gateway.receiver.verify`.

    Raises:
        InvalidSecretError: a secret is none.
    """
    keys = parse_trusted_keys(secrets)
    if _fits(keys, request):
        return [_OFF]
    found = list(_shape(request, keys))
    if _in_milliseconds(request):
        # It is told above; what else is wrong shows once that is put right.
        request = replace(request, timestamp=str(int(request.timestamp) // 1000))
        if _fits(keys, request):
            return [*found, f"it fits the timestamp {request.timestamp}, in seconds"]
    found += (f"it fits {says}" for says, changed in _other_requests(request) if _fits(keys, changed))
    found += (f"it fits {says}" for says, content in _other_contents(request) if _fits(keys, request, content))
    found += (f"it fits, made with {says}" for says, others in _other_keys(secrets) if _fits(others, request))
    return found


def _fits(keys: TrustedKeys, request: CapturedRequest, content: bytes | None = None) -> bool:
    try:
        return keys.fit_entries(request.signatures, request.content if content is None else content)
    except InvalidHeaderError:
        return False


def _shape(request: CapturedRequest, keys: TrustedKeys) -> Iterator[str]:
    """Look at what can be seen without trying."""
    if _in_milliseconds(request):
        yield "the timestamp looks like milliseconds: webhook-timestamp is in seconds"
    versions = {entry.partition(",")[0] for entry in request.signatures.split()}
    if V1A in versions and V1 not in versions and not keys.public_keys:
        yield f"all signatures are {V1A} (ed25519), which a public key ({PUBLIC_KEY_PREFIX}…) verifies; none was given"
    if V1 in versions and V1A not in versions and not keys.hmac_secrets:
        yield f"all signatures are {V1} (HMAC), which a secret ({HMAC_PREFIX}…) verifies; none was given"


def _in_milliseconds(request: CapturedRequest) -> bool:
    return _DECIMAL.match(request.timestamp) is not None and int(request.timestamp) >= _LEAST_MILLISECONDS


def _other_requests(request: CapturedRequest) -> Iterator[tuple[str, CapturedRequest]]:
    seen = {request.body}
    for says, body in _other_bodies(request.body):
        if body not in seen:
            yield says, replace(request, body=body)
        seen.add(body)
    if _DECIMAL.match(request.timestamp):
        yield (
            f"the timestamp {request.timestamp}000, in milliseconds",
            replace(request, timestamp=f"{request.timestamp}000"),
        )
    in_body = _id_in(request.body)
    if in_body not in {None, request.webhook_id}:
        yield f"the id in the body, {in_body!r}, not that in the header", replace(request, webhook_id=str(in_body))
    for says, signatures in _other_signatures(request.signatures):
        yield says, replace(request, signatures=signatures)


def _other_contents(request: CapturedRequest) -> Iterator[tuple[str, bytes]]:
    swapped = replace(request, webhook_id=request.timestamp, timestamp=request.webhook_id)
    yield "with the timestamp before the id: `{id}.{timestamp}.{body}` is signed", swapped.content
    yield "the body alone: `{id}.{timestamp}.{body}` is signed", request.body
    yield (
        "the timestamp and the body without the id: `{id}.{timestamp}.{body}` is signed",
        f"{request.timestamp}.".encode("utf-8", "replace") + request.body,
    )


def _other_bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "the body without the newline at its end", body.rstrip(b"\r\n")
    yield "the body with a newline at its end", body + b"\n"
    yield "the body with CR and LF at its end", body + b"\r\n"
    unix = body.replace(b"\r\n", b"\n")
    yield "the body with LF for CR LF", unix
    yield "the body with CR LF for LF", unix.replace(b"\n", b"\r\n")
    yield "the body without its byte order mark", body.removeprefix(_BOM)
    for how, spelled in _other_spellings(body):
        yield f"the body's JSON written {how}: sign and verify the bytes as they are sent", spelled


def _other_spellings(body: bytes) -> Iterator[tuple[str, bytes]]:
    if len(body) > MAX_JSON_BYTES:
        return
    try:
        value = json.loads(body)
        spelled = {how: _spell(value, options) for how, options in _SPELLINGS.items()}
    except (ValueError, RecursionError):
        return  # it is no JSON, or too deep: then nobody wrote it in another way
    yield from spelled.items()


def _spell(value: object, options: dict[str, Any]) -> bytes:
    """Write JSON; what indentation makes very large is cut off: it fits nothing anyway."""
    if "indent" not in options:
        return json.dumps(value, **options).encode()
    parts: list[str] = []
    chars = 0
    for part in json.JSONEncoder(**options).iterencode(value):
        parts.append(part)
        chars += len(part)
        if chars > MAX_SPELLED_CHARS:
            break
    return "".join(parts).encode()


def _id_in(body: bytes) -> str | None:
    try:
        value = json.loads(body[:MAX_JSON_BYTES])
    except (ValueError, RecursionError):
        return None
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _other_signatures(signatures: str) -> Iterator[tuple[str, str]]:
    entries = re.split(r"[\s;]+|,\s*(?=v1a?,)", signatures)
    if entries != signatures.split(" "):
        yield "once the entries are separated by single spaces", " ".join(entries)
    values = [entry.rpartition(",")[2] for entry in entries]
    if not any("," in entry for entry in entries):
        yield f"once a version stands before the signature: {V1},… or {V1A},…", _versioned(values)
    for says, changed in (
        ("once the signature is base64, not hex", [_from_hex(value) for value in values]),
        ("once the signature is padded base64 with + and /", [_usual(value) for value in values]),
    ):
        if changed != values:
            yield says, _versioned(changed)


def _versioned(values: Sequence[str]) -> str:
    return " ".join(f"{version},{value}" for value in values for version in (V1, V1A))


def _from_hex(value: str) -> str:
    return base64.b64encode(bytes.fromhex(value)).decode() if _HEX_DIGEST.match(value) else value


def _usual(value: str) -> str:
    usual = value.translate(str.maketrans("-_", "+/")).rstrip("=")
    return usual + "=" * (-len(usual) % 4)


def _other_keys(secrets: Sequence[str]) -> Iterator[tuple[str, TrustedKeys]]:
    texts = [text for text in secrets if not text.startswith((PUBLIC_KEY_PREFIX, ED25519_PREFIX))]
    encoded = [text.removeprefix(HMAC_PREFIX) for text in texts]
    yield f"the text of the secret, {HMAC_PREFIX} and all: the key is what follows, base64-decoded", _keyed(texts)
    yield f"the base64 after {HMAC_PREFIX} as it stands: the key is that base64-decoded", _keyed(encoded)


def _keyed(texts: Sequence[str]) -> TrustedKeys:
    return TrustedKeys(tuple(HmacSecret(text.encode()) for text in texts), ())
