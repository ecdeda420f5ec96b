"""Where a key lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kafka.partitioning import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "signed_hash"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_hashes_as_kafkas_own_test_vectors(key: bytes, signed_hash: int) -> None:
    """The values of Kafka's UtilsTest, which are signed."""
    assert murmur2(key) == signed_hash & 0xFFFFFFFF


@given(st.binary(max_size=70), st.integers(1, 1000))
def test_every_key_lies_on_a_partition_that_exists(key: bytes, partitions: int) -> None:
    """No hash leads out of the topic."""
    assert 0 <= partition_of(key, partitions) < partitions
