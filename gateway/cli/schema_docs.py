"""`gateway schemas docs`: the catalog as documents for those who receive and those who publish."""

from pathlib import Path

import click

from gateway.catalog_pages.documents import DocsFormat, documents_of
from gateway.catalog_pages.folder import write_documents
from gateway.cli.output import emit_line
from gateway.domain.errors import InvalidInputError
from gateway.services.deployment import Deployment
from gateway.settings import load_settings


@click.command()
@click.option(
    "--format",
    "format_name",
    type=click.Choice([each.value for each in DocsFormat]),
    default=DocsFormat.MARKDOWN.value,
    show_default=True,
    help="What is made; see above.",
)
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Write files into this folder.")
@click.option("--type", "event_type", metavar="TYPE", help="About this event type only.")
@click.option("--version", type=click.IntRange(min=1), help="About this version of it only.")
def command(format_name: str, into: Path | None, event_type: str | None, version: int | None) -> None:
    """Document the catalog: fields, versions, examples and JSON Schemas.

    \b
    markdown             an index and a page for each event type
    html                 the same as web pages that need nothing else
    jsonschema           a JSON Schema (2020-12) of the data of each version
    asyncapi             an AsyncAPI 3.0 document of what receivers are sent
    asyncapi-producers   another one of what is published to Kafka

    A single document is printed; several need --into. There, only files that this command made are replaced, and those
    of event types that are gone are removed.

    \b
    Examples:
      gateway schemas docs --type order.created
      gateway schemas docs --format html --into public/events
      gateway schemas docs --format jsonschema --type order.created --version 2
      gateway schemas docs --format asyncapi > asyncapi.json
    """
    if version is not None and event_type is None:
        raise InvalidInputError("--version is of one event type", hint="name it with --type")
    catalog, format_ = Deployment(load_settings()).catalog(), DocsFormat(format_name)
    if into is None and event_type is not None and version is None and format_ is DocsFormat.JSONSCHEMA:
        version = catalog.latest(event_type)
    documents = documents_of(catalog, format_, event_type, version)
    if into is not None:
        written = write_documents(into, documents, replacing=format_.ending if event_type is None else None)
        removed = f", removed {', '.join(written.removed)}" if written.removed else ""
        files = "1 file" if len(written.files) == 1 else f"{len(written.files)} files"
        emit_line(f"{into}: {files}{removed}")
        return
    if len(documents) > 1:
        hint = "name a folder with --into, or one event type with --type"
        raise InvalidInputError(f"those are {len(documents)} documents", hint=hint)
    click.echo(documents[0].text().rstrip("\n"))
