"""The documents that a catalog can be written as: their names, and how each is made.

The same catalog gives the same bytes: there is no date in them, and examples are made up from a fixed seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from jinja2 import Environment

from gateway.catalog_pages.asyncapi import producers_document, webhooks_document
from gateway.catalog_pages.examples import json_text
from gateway.catalog_pages.pages import describe_catalog, describe_event_type, json_schema_document
from gateway.catalog_pages.templates import html_templates, markdown_templates
from gateway.shaping.sensitive import sensitive_fields
from gateway.wire.catalog import Catalog, EventSchema

# Near the beginning of each document: for people who would change it, and to know it again.
MARK = "Made by `gateway schemas docs`: change the schemas, not this file"


class DocsFormat(StrEnum):
    """What kind of document."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSONSCHEMA = "jsonschema"
    ASYNCAPI = "asyncapi"
    ASYNCAPI_PRODUCERS = "asyncapi-producers"

    @property
    def ending(self) -> str:
        """How the names of its documents end."""
        return _ENDINGS[self]


_ENDINGS = {
    DocsFormat.MARKDOWN: ".md",
    DocsFormat.HTML: ".html",
    DocsFormat.JSONSCHEMA: ".schema.json",
    DocsFormat.ASYNCAPI: "asyncapi.json",
    DocsFormat.ASYNCAPI_PRODUCERS: "asyncapi-producers.json",
}
_INDEXES = {DocsFormat.MARKDOWN: "README.md", DocsFormat.HTML: "index.html"}


@dataclass(frozen=True, slots=True)
class Document:
    """One document.

    Attributes:
        name: of its file.
        text: makes it; one at a time, for a catalog may be large.
    """

    name: str
    text: Callable[[], str]


def documents_of(
    catalog: Catalog, format_: DocsFormat, event_type: str | None = None, version: int | None = None
) -> list[Document]:
    """List the documents of a catalog, or of one event type.

    Args:
        catalog: the catalog.
        format_: what they are to be.
        event_type: the only type to write about, without an index; None for all.
        version: of that type, the only version to write about; None for the newest or, where each has its own, for all.

    Raises:
        NotFoundError: there is no such event type or version.
    """
    event_types = catalog.event_types() if event_type is None else (event_type,)
    if event_type is not None:
        catalog.entry(event_type, version)
    match format_:
        case DocsFormat.MARKDOWN:
            return _pages(catalog, markdown_templates(), format_, event_types, version, whole=event_type is None)
        case DocsFormat.HTML:
            return _pages(catalog, html_templates(), format_, event_types, version, whole=event_type is None)
        case DocsFormat.JSONSCHEMA:
            return [_json_schema(catalog, schema) for schema in _versions(catalog, event_types, version)]
        case DocsFormat.ASYNCAPI:
            schemas = list(_versions(catalog, event_types, version))
            return [Document(format_.ending, lambda: json_text(webhooks_document(catalog, schemas, MARK)))]
        case DocsFormat.ASYNCAPI_PRODUCERS:
            schemas = list(_versions(catalog, event_types, version))
            return [Document(format_.ending, lambda: json_text(producers_document(schemas, MARK)))]


def _pages(
    catalog: Catalog,
    templates: Environment,
    format_: DocsFormat,
    event_types: tuple[str, ...],
    version: int | None,
    *,
    whole: bool,
) -> list[Document]:
    """Give a page for each type, and the index where it is about all of them."""

    def page(event_type: str) -> str:
        facts = describe_event_type(catalog, event_type, version)
        return templates.get_template(f"event_type{format_.ending}").render(page=facts, mark=MARK)

    def index() -> str:
        domains = describe_catalog(catalog)
        return templates.get_template(f"index{format_.ending}").render(domains=domains, mark=MARK)

    pages = [Document(f"{each}{format_.ending}", partial(page, each)) for each in event_types]
    return [Document(_INDEXES[format_], index), *pages] if whole else pages


def _versions(catalog: Catalog, event_types: tuple[str, ...], version: int | None) -> Iterator[EventSchema]:
    for event_type in event_types:
        for each in catalog.versions(event_type):
            if version in (None, each):
                yield catalog.entry(event_type, each)


def _json_schema(catalog: Catalog, schema: EventSchema) -> Document:
    def text() -> str:
        document = json_schema_document(schema, sensitive_fields(catalog, schema.event_type))
        return json_text({"$comment": MARK, **document})

    return Document(f"{schema.event_type}.{schema.version}{DocsFormat.JSONSCHEMA.ending}", text)
