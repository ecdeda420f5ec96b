"""Writes the API's description to a file: `python -m tests.openapi_document FILE`. The pages' types are made of it."""

import sys
from pathlib import Path
from unittest.mock import Mock

import orjson

from gateway import __version__
from gateway.console.api.all_routes import all_routes
from gateway.console.api.openapi import describe_api


def document() -> bytes:
    """Give the description; no handler is called, so that they work with nothing."""
    return orjson.dumps(describe_api(all_routes(Mock()), __version__))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(document())
