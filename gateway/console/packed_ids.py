"""Delivery ids as the index keeps them: the 16 bytes of a UUID, which is what the gateway makes, else a longer text."""

import re

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UUID_BYTES = 16


def pack_id(delivery_id: str) -> bytes:
    """Give the shorter form."""
    if _UUID.fullmatch(delivery_id):
        return bytes.fromhex(delivery_id.replace("-", ""))
    return delivery_id.encode("utf-8", "surrogatepass").ljust(_UUID_BYTES + 1, b"\0")


def unpack_id(packed: bytes) -> str:
    """Give the id."""
    if len(packed) != _UUID_BYTES:
        return packed.rstrip(b"\0").decode("utf-8", "surrogatepass")
    text = packed.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
