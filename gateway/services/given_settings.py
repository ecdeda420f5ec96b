"""Settings that belong together: a secret or its file, what needs what, and what would have no effect.

A setting that is given but not used is mostly one that was believed to protect something: it is refused.
"""

from pathlib import Path

from pydantic import SecretStr

from gateway.domain.errors import InvalidInputError
from gateway.settings import ENV_PREFIX, Settings

# The hosts to which a secret may go in the clear.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_SECRET_BYTES = 65_536


def secret_of(settings: Settings, name: str, *, required_by: str | None) -> str | None:
    """Give a secret from its setting or from the file that holds it.

    Args:
        settings: the settings.
        name: the secret's; its file's has `_file` after it.
        required_by: why it has to be there, or None where it need not.

    Raises:
        InvalidInputError: both are given, it is missing or empty, or the file can't be read.
    """
    given: SecretStr | None = getattr(settings, name)
    file: Path | None = getattr(settings, f"{name}_file")
    if given is not None and file is not None:
        raise InvalidInputError(
            f"{variable(name)} and {variable(name)}_FILE are both set",
            hint="give one; a file does not show in the environment",
        )
    found = given.get_secret_value() if given is not None else _read(name, file)
    if found is None and required_by is not None:
        raise missing(f"{name}_file", required_by)
    if found == "":
        raise InvalidInputError(f"{variable(name if file is None else name + '_file')}: is empty")
    return found


def required(settings: Settings, name: str, because: str) -> str:
    """Give a setting that has to be there; `because` says why, for the InvalidInputError where it is not."""
    found: str | None = getattr(settings, name)
    if not found:
        raise missing(name, because)
    return found


def missing(name: str, because: str) -> InvalidInputError:
    """Give the error for a setting that has to be there."""
    return InvalidInputError(f"{variable(name)} is not set, but {because}")


def refuse_unused(settings: Settings, names: tuple[str, ...], because: str) -> None:
    """Refuse settings that would have no effect.

    Raises:
        InvalidInputError: one of them is given.
    """
    for name in names:
        if getattr(settings, name) is not None:
            raise InvalidInputError(
                f"{variable(name)} is set, but {because}", hint="a setting that would have no effect is refused"
            )


def variable(name: str) -> str:
    """Give the environment variable of a setting."""
    return f"{ENV_PREFIX}{name.upper()}"


def _read(name: str, file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_SECRET_BYTES)
        # Editors end a file with a line break; a password has none.
        return content.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise InvalidInputError(f"{variable(name)}_FILE: {file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInputError(f"{variable(name)}_FILE: {file} is not UTF-8 text") from None
