"""Delivery ids as the index keeps them: the 16 bytes of a UUID, which is what the gateway makes, else the text."""

import re

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def pack_id(delivery_id: str) -> bytes | str:
    """Give the shorter form."""
    return bytes.fromhex(delivery_id.replace("-", "")) if _UUID.fullmatch(delivery_id) else delivery_id


def unpack_id(packed: bytes | str) -> str:
    """Give the id."""
    if isinstance(packed, str):
        return packed
    text = packed.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
