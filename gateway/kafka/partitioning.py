"""On which partition a key lies: the partitioner of Java's clients and of librdkafka's `murmur2_random`, in Python.

A look at one key's records then reads one partition instead of all of them. It must agree with the producers to the
bit: see `PARTITIONER` in `gateway.kafka.config`.
"""

from collections.abc import Mapping

from confluent_kafka import Message

Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""

Offsets = Mapping[Partition, int]
"""An offset in each of some partitions."""

_SEED = 0x9747B28C
_M = 0x5BD1E995
_R = 24
_WORD_BYTES = 4
_UINT32 = 0xFFFFFFFF
_POSITIVE = 0x7FFFFFFF


def place_of(message: Message) -> Partition:
    """Give the partition that a record, or the end of a partition, was read from."""
    return message.topic() or "", message.partition() or 0


def murmur2(key: bytes) -> int:
    """Hash a key as Kafka does (MurmurHash2, 32 bits, Kafka's fixed seed); unsigned."""
    words = len(key) // _WORD_BYTES
    state = _SEED ^ len(key)
    for at in range(0, words * _WORD_BYTES, _WORD_BYTES):
        word = int.from_bytes(key[at : at + _WORD_BYTES], "little") * _M & _UINT32
        word ^= word >> _R
        state = (state * _M & _UINT32) ^ (word * _M & _UINT32)
    rest = key[words * _WORD_BYTES :]
    if rest:
        state = (state ^ int.from_bytes(rest, "little")) * _M & _UINT32
    state ^= state >> 13
    state = state * _M & _UINT32
    return state ^ state >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """Give the partition of a key in a topic of `partitions` partitions."""
    return (murmur2(key) & _POSITIVE) % partitions
