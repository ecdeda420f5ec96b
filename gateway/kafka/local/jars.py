"""Java, Maven and the broker's jars: found, checked and fetched once.

The jars lie in a folder named by a digest of `pom.xml`, which appears under that name only when it is complete. So a
broken download is never taken for a whole one, and a change of version fetches anew.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from gateway.domain.errors import UnavailableError
from gateway.kafka.local.process import run_bounded

MIN_JAVA_VERSION = 17
INSTALL_HINT = (
    "on Debian or Ubuntu: apt-get install openjdk-17-jre-headless maven; "
    "or set GATEWAY_BOOTSTRAP_SERVERS to a Kafka that runs already"
)
FILES = Path(__file__).resolve().parent

_POM = FILES / "pom.xml"
_MAVEN_TIMEOUT_S = 600.0
_JAVA_TIMEOUT_S = 30.0
_ERROR_LINES = 5


def kafka_version() -> str:
    """Give the pinned version of Kafka."""
    found = re.search(r"<kafka\.version>(.+)</kafka\.version>", _POM.read_text())
    assert found is not None, "pom.xml pins kafka.version"  # noqa: S101 - the file is part of this package
    return found[1]


def missing_tools() -> tuple[str, ...]:
    """Name the programs among `java` and `mvn` that are not installed."""
    return tuple(tool for tool in ("java", "mvn") if shutil.which(tool) is None)


def find_java() -> str:
    """Give the path of a Java that can run the broker.

    Raises:
        UnavailableError: there is none, or it is too old.
    """
    java = _find("java")
    shown = run_bounded([java, "-version"], _JAVA_TIMEOUT_S).stdout
    found = re.search(r'version "(\d+)', shown)
    if found is None or int(found[1]) < MIN_JAVA_VERSION:
        version = found[1] if found else "unknown"
        raise UnavailableError(
            f"Java {MIN_JAVA_VERSION} or newer is needed, {java} has version {version}", hint=INSTALL_HINT
        )
    return java


def install_jars(libs_dir: Path, progress: Callable[[str], None]) -> Path:
    """Give the folder with the broker's jars, fetched with Maven where they are not there yet.

    Args:
        libs_dir: where such folders are kept.
        progress: told when a download begins.

    Raises:
        UnavailableError: Maven is missing, or could not fetch them.
    """
    jars = libs_dir / hashlib.sha256(_POM.read_bytes()).hexdigest()[:16]
    if jars.is_dir():
        return jars
    maven = _find("mvn")
    progress(f"fetching Kafka {kafka_version()} with Maven (54 MB, once)")
    libs_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=libs_dir, prefix="incoming-") as name:
        incoming = Path(name)
        _copy_dependencies(maven, incoming)
        try:
            (incoming / "jars").rename(jars)
        except OSError:
            if not jars.is_dir():
                raise
            # Somebody else has fetched the same jars meanwhile.
    return jars


def _copy_dependencies(maven: str, folder: Path) -> None:
    # A copy, because Maven may write beside the file, and the package's own folder may be read-only.
    pom = str(shutil.copy(_POM, folder))
    command = [maven, "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'jars'}"]
    done = run_bounded(command, _MAVEN_TIMEOUT_S)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if "ERROR" in line][:_ERROR_LINES]
        raise UnavailableError(
            "Maven could not fetch Kafka:\n  " + "\n  ".join(lines),
            hint="Maven has to reach a repository that has org.apache.kafka; see its settings.xml for mirrors",
        )


def _find(tool: str) -> str:
    path = shutil.which(tool)
    if path is None:
        raise UnavailableError(f"{tool} is not installed; the local broker needs it", hint=INSTALL_HINT)
    return path
