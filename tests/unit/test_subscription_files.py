"""Headers and certificates as options: read from files within bounds, and refused without repeating what is in them."""

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from gateway.cli.subscription_files import MAX_HEADER_FILE_BYTES, file_options, parts_from
from gateway.cli.subscriptions import command
from gateway.domain.custom_headers import GivenHeader
from gateway.domain.errors import InvalidInputError
from gateway.wire.certificates import MAX_PEM_CHARS
from gateway.wire.sealing import generate_key_line
from tests.certificates import Authority

CANARY = "canary-41d8"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Give a folder with a certificate and a key, and with files of other kinds."""
    authority = Authority(tmp_path, "authority")
    own, other = authority.client(), authority.client()
    contents = {
        "cert.pem": own.certificate.encode(),
        "key.pem": own.key.encode(),
        "other.pem": other.key.encode(),
        "headers.txt": f"Authorization: Bearer {CANARY}\r\n\n  \nX-Team:payments".encode(),
        "no-colon.txt": f"X-A: 1\n{CANARY}\n".encode(),
        "bytes.txt": b"X-A: \xff\n",
        "feed.txt": f"X-A: {CANARY}\x0cX-B: 2\n".encode(),
        "return.txt": f"X-A: {CANARY}\rHost: 2\n".encode(),
        "long.txt": b"X" * (MAX_HEADER_FILE_BYTES + 1),
        "long.pem": b"X" * (MAX_PEM_CHARS + 1),
        "empty": b"\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def create(folder: Path, *options: str, stdin: str = "") -> tuple[str, str]:
    """Try to create a subscription where no broker is; give the error and everything that was printed."""
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": "127.0.0.1:1", "GATEWAY_SECRET_KEYS": generate_key_line()}
    arguments = [str(folder / option) if (folder / option).is_file() else option for option in options]
    given = ("create", "--url", "https://example.com/", "--event-type", "*", *arguments)
    result = CliRunner().invoke(command, given, input=stdin, env=environment)
    error = result.exception
    assert isinstance(error, InvalidInputError | SystemExit), error
    message = f"{error.message} {error.hint}" if isinstance(error, InvalidInputError) else result.output
    return message, f"{result.output}{message}"


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("line 2 of", ("--header-file", "no-colon.txt")),
        ("not UTF-8", ("--header-file", "bytes.txt")),
        ("longer than", ("--header-file", "long.txt")),
        ("printable ASCII", ("--header-file", "feed.txt")),
        ("printable ASCII", ("--header-file", "return.txt")),
        ("number 1 is not `Name: value`", ("--header", CANARY)),
        ("the name of header 1", ("--header", f"X Y: {CANARY}")),
        ("X-A has no value", ("--header", "X-A: ")),
        ("the gateway's own", ("--header", f"Transfer-Encoding: {CANARY}")),
        ("there twice", ("--header-file", "headers.txt", "--header", f"AUTHORIZATION: {CANARY}")),
        ("no such header", ("--no-header", CANARY)),
        ("does not belong", ("--client-cert", "cert.pem", "--client-key", "other.pem")),
        ("needs its private key", ("--client-cert", "cert.pem")),
        ("needs its certificate", ("--client-key", "key.pem")),
        ("no private key in PEM form", ("--client-cert", "cert.pem", "--client-key", "cert.pem")),
        ("holds a private key", ("--ca-bundle", "key.pem")),
        ("no list of certificates", ("--ca-bundle", "headers.txt")),
        ("longer than", ("--ca-bundle", "long.pem")),
        ("is empty", ("--client-cert", "empty")),
        ("exclude each other", ("--ca-bundle", "cert.pem", "--no-ca-bundle")),
        ("exclude each other", ("--client-cert", "cert.pem", "--no-client-cert")),
        ("No such file", ("--client-key", "nowhere.pem")),
    ],
)
def test_what_is_wrong_is_told_without_repeating_it(files: Path, says: str, options: tuple[str, ...]) -> None:
    """Nothing is written, nothing of a value or a key is printed."""
    message, printed = create(files, *options)
    assert says in message
    assert CANARY not in printed
    assert (files / "key.pem").read_text().splitlines()[1] not in printed


def test_the_options_are_fields_of_a_definition(files: Path) -> None:
    """Headers of both kinds are put together, and what is not given is not said."""
    said = options("--header", "X-A: 1", "--header-file", str(files / "headers.txt"), "--no-ca-bundle")
    assert said == {
        "headers": (
            GivenHeader("X-A", "1"),
            GivenHeader("Authorization", f"Bearer {CANARY}"),
            GivenHeader("X-Team", "payments"),
        ),
        "removed_headers": None,
        "ca_bundle": "",
        "client_certificate": None,
        "client_key": None,
    }
    assert not any(options().values())


def options(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    @click.command()
    @file_options
    def read(**given: Any) -> None:
        found.update(parts_from(given))

    assert CliRunner().invoke(read, arguments).exit_code == 0
    return found
