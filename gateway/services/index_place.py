"""Where the console's index is, as the settings say: a file, or a database."""

from collections.abc import Callable
from functools import partial

import structlog

from gateway.console.index_file import IndexFile
from gateway.console.index_store import IndexStore
from gateway.domain.errors import InvalidInputError
from gateway.services.given_settings import refuse_unused, secret_of, variable
from gateway.settings import Settings

_FOLDER = "console"
_DATABASE = "console_database_url"
_log = structlog.get_logger()


def index_place(settings: Settings) -> Callable[[str], IndexStore]:
    """Say where the index is, for the id of the Kafka cluster.

    Raises:
        InvalidInputError: the settings don't fit together, or the database's URL is none.
    """
    url = secret_of(settings, _DATABASE, required_by=None)
    if url is None:
        return partial(IndexFile, settings.console_dir or settings.home / _FOLDER)
    refuse_unused(settings, ("console_dir",), f"with {variable(_DATABASE)} the index is in a database")
    # Its client takes 40 ms to load.
    from gateway.console.index_database import IndexDatabase, place_of  # noqa: PLC0415

    try:
        place = place_of(url)
    except InvalidInputError as error:
        raise InvalidInputError(f"{variable(_DATABASE)}: {error.message}", hint=error.hint) from None
    _log.info("console.shares_index", place=place)
    return partial(IndexDatabase, url)
