"""On what it was measured: the machine, and the versions of what takes part."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from gateway import __version__
from gateway.kafka.local.jars import kafka_version

_PACKAGES = ("aiohttp", "confluent-kafka", "faust-streaming", "aiokafka", "fastavro", "orjson", "uvloop")
_KIB_PER_GIB = 1024 * 1024


def describe_machine() -> dict[str, str | int | float]:
    """Give cores, processor, memory and kernel."""
    memory_kib = int(_value(Path("/proc/meminfo"), "MemTotal").split()[0])
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _value(Path("/proc/cpuinfo"), "model name"),
        "memory_gib": round(memory_kib / _KIB_PER_GIB, 1),
        "kernel": platform.release(),
    }


def describe_versions() -> dict[str, str]:
    """Give the versions of the gateway, Python, Kafka and the packages that carry the load."""
    return {
        "gateway": __version__,
        "python": platform.python_version(),
        "kafka": kafka_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def _value(file: Path, name: str) -> str:
    """Give the value of a `name: value` line, or nothing where there is no such line: some kernels leave it out."""
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")
