"""Cut from shared libraries what only debuggers read: `cut_symbols.py FOLDER`. It is a third of all that is installed.

The loader goes by an ELF file's program headers, so what stands behind the last segment is never loaded: symbols,
debugging data, and the table of sections. `strip` takes the same away, but no slim image has it; this needs nothing.
Another kind of file is left as it is.
"""

import struct
import sys
from pathlib import Path

_ELF_64_BITS_LITTLE_ENDIAN = b"\x7fELF\x02\x01"
_HEADER_BYTES = 64
_OFFSETS = struct.Struct("<32xQQ6xHHHHH")  # e_phoff, e_shoff, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx
_SEGMENT = struct.Struct("<8xQ16xQ")  # p_offset, p_filesz
_TABLE_OF_SECTIONS = (0x28, 8), (0x3C, 4)  # where in the header it is named: e_shoff; e_shnum and e_shstrndx


def cut(content: bytes) -> bytes:
    """Give a library without what is never loaded."""
    if not content.startswith(_ELF_64_BITS_LITTLE_ENDIAN):
        return content
    first, _, size, count, *_ = _OFFSETS.unpack_from(content)
    end = max(_HEADER_BYTES, first + size * count)
    for number in range(count):
        offset, length = _SEGMENT.unpack_from(content, first + size * number)
        end = max(end, offset + length)
    kept = bytearray(content[:end])
    for offset, length in _TABLE_OF_SECTIONS:
        kept[offset : offset + length] = bytes(length)
    return bytes(kept)


def main(folder: Path) -> None:
    """Cut every library of a folder."""
    for library in sorted(folder.rglob("*.so*")):
        library.write_bytes(cut(library.read_bytes()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
