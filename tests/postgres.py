"""A PostgreSQL server for tests: Debian's programs, in a folder of its own, on a port of this machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from gateway.kafka.local.ports import LOOPBACK, choose_port

SUPERUSER = "gateway"
PASSWORD = "a password/with: signs"
# It refuses to run as root.
_UNPRIVILEGED = "nobody"
_AWHILE_S = 60
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "listen_addresses": LOOPBACK,
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server that runs.

    Attributes:
        programs: the folder of its programs.
        folder: its own.
        port: on loopback.
    """

    programs: Path
    folder: Path
    port: int

    def url(self, database: str = "postgres", *, user: str = SUPERUSER, password: str = PASSWORD) -> str:
        """Give the URL of a database."""
        return f"postgresql://{user}:{quote(password, safe='')}@{LOOPBACK}:{self.port}/{database}?sslmode=disable"

    def new_database(self) -> str:
        """Make an empty database, and give its URL."""
        name = f"test_{uuid4().hex[:12]}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self.url(name)

    def new_user(self) -> str:
        """Make a user who may log in, and give the name; the password is the superuser's."""
        name = f"user_{uuid4().hex[:12]}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
        return name

    def stop(self) -> None:
        """End it at once, as a crash does."""
        _control(self, "stop", "-m", "immediate")

    def start(self) -> None:
        """Begin, or begin again."""
        settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        _control(self, "start", "-l", str(self.folder / "log"), "-o", f"-p {self.port} -k {self.folder} {settings}")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server; skips the test where there is no PostgreSQL, but fails it where CI is set."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("there is no PostgreSQL: apt-get install postgresql")
        pytest.skip("there is no PostgreSQL")
    # Not pytest's folder, into which only its own user may look; and a socket's path has to be short.
    folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
    server = PostgresServer(programs, folder, choose_port())
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _UNPRIVILEGED)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        _run(
            server, "initdb", "--pgdata", str(folder / "data"), "--username", SUPERUSER, "--pwfile", str(password),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    return max(found, key=lambda path: int(path.parent.name), default=Path(on_path).parent if on_path else None)


def _control(server: PostgresServer, *arguments: str) -> None:
    _run(server, "pg_ctl", "--pgdata", str(server.folder / "data"), "--wait", *arguments)


def _run(server: PostgresServer, program: str, *arguments: str) -> None:
    with (server.folder / f"{program}.output").open("wb") as output:
        done = subprocess.run(
            [server.programs / program, *arguments],
            cwd=server.folder,
            user=_UNPRIVILEGED if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=_AWHILE_S,
            check=False,
        )
    if done.returncode:
        pytest.fail(f"{program} failed: {(server.folder / f'{program}.output').read_text()}")
