"""Records of a command on a real broker: written and confirmed, or broken off as the operator wants it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

import pytest

from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord

INTERRUPTS = 30


def _write_on(writer: ConfirmedWriter, records: Sequence[OutRecord], timer: threading.Timer) -> NoReturn:
    timer.start()
    while True:
        writer.write(records)


@pytest.fixture
def _ctrl_c() -> Iterator[None]:
    """Have Ctrl-C do what it does in a program."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c")
def test_an_interrupt_is_one_whenever_it_comes(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """Also while reports come in: it ends the command as such, and not with a stack trace of the client's."""
    records = [OutRecord(new_topic(), b"k", b"v")] * 3
    for number in range(INTERRUPTS):
        # The first write of a client takes the longest.
        writer = ConfirmedWriter(kafka)
        timer = threading.Timer(number * 0.002, os.kill, (os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            _write_on(writer, records, timer)
        timer.join()
