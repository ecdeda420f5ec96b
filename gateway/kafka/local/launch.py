"""From a folder and two ports to a broker process: configuration, data folder, command line."""

import base64
import uuid
from collections.abc import Callable
from string import Template

from gateway.domain.errors import UnavailableError
from gateway.kafka.local.folder import BrokerFolder
from gateway.kafka.local.jars import FILES, find_java, install_jars, kafka_version
from gateway.kafka.local.process import run_bounded, spawn_detached

_FORMAT_TIMEOUT_S = 60.0
_JVM_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # Half of the memory for what is short-lived: while that is collected, every request waits.
    "-Xmn256m",
    f"-Dlog4j2.configurationFile={FILES / 'log4j2.properties'}",
)
# The quick compiler only: it halves the work of a start (5.2 to 2.8 s of CPU), and a development load of some
# 100,000 records costs the broker no more with it.
_QUICK_START = "-XX:TieredStopAtLevel=1"


def launch(
    folder: BrokerFolder, port: int, controller_port: int, progress: Callable[[str], None], *, for_load: bool
) -> int:
    """Start a broker that outlives this process; give its pid. It does not answer yet.

    Args:
        folder: where its files lie.
        port: where it listens.
        controller_port: where it reaches itself.
        progress: told each step that takes time.
        for_load: compile for speed under load rather than for a quick start.

    Raises:
        UnavailableError: Java, Maven or the jars are not to be had, or the data folder can't be prepared.
    """
    java = find_java()
    jars = install_jars(folder.libs, progress)
    command = [java, *_JVM_OPTIONS, "-cp", str(jars / "*")]
    folder.properties_file.write_text(_properties(port, controller_port))
    if not (folder.data / "meta.properties").exists():
        progress("preparing an empty data folder")
        _format([java, _QUICK_START, *command[1:]], folder)
    progress(f"starting Kafka {kafka_version()} on port {port}")
    folder.log_file.unlink(missing_ok=True)
    if not for_load:
        command.insert(1, _QUICK_START)
    return spawn_detached(
        [*command, "kafka.Kafka", str(folder.properties_file)], log_file=folder.log_file, folder=folder.root
    )


def _properties(port: int, controller_port: int) -> str:
    template = Template((FILES / "server.properties").read_text())
    return template.substitute(port=port, controller_port=controller_port)


def _format(java_command: list[str], folder: BrokerFolder) -> None:
    arguments = ["format", "-t", _new_cluster_id(), "-c", str(folder.properties_file)]
    done = run_bounded([*java_command, "kafka.tools.StorageTool", *arguments], _FORMAT_TIMEOUT_S, folder.root)
    if done.returncode != 0:
        raise UnavailableError(f"the local broker's data folder can't be prepared:\n{done.stdout.strip()}")


def _new_cluster_id() -> str:
    # What `StorageTool random-uuid` prints, without a JVM for it. Kafka refuses nothing but a leading dash, which
    # would look like an option.
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
