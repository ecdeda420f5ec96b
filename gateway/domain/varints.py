"""Whole numbers in seven bits a byte, the lowest first, the eighth bit saying that more follow (unsigned LEB128)."""

from collections.abc import Iterator

_LOW_BITS = 0x7F
_MORE = 0x80


def encode_varint(number: int) -> bytes:
    """Write a number that is not negative."""
    encoded = bytearray()
    while number > _LOW_BITS:
        encoded.append(number & _LOW_BITS | _MORE)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def decode_varints(data: bytes) -> Iterator[int]:
    """Read numbers written one after the other.

    Raises:
        ValueError: the last one is cut off.
    """
    number = shift = 0
    for byte in data:
        number |= (byte & _LOW_BITS) << shift
        shift += 7
        if byte < _MORE:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("the last number is cut off")
