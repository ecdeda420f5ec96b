"""The pages of the catalog: what they say, that it can be trusted, and that texts of schema files stay texts."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.catalog_pages.documents import DocsFormat, documents_of
from gateway.catalog_pages.pages import describe_event_type
from gateway.catalog_pages.templates import markdown_code, markdown_text
from gateway.domain.errors import NotFoundError
from gateway.wire.catalog import Catalog, event_schema, load_catalog
from gateway.wire.schema_files import schemas_root

GOLDEN = Path(__file__).parent / "golden" / "order.paid.md"
SHIPPED = load_catalog(schemas_root() / "events")
MARKDOWN = MarkdownIt("commonmark").enable("table")
EVIL = '</code></pre><script>alert(1)</script> "onload=x" | `tick` *bold* [link](javascript:x)\n# Heading\x1b[31m\u202e'


def field(name: str, type_: Any = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more}


def record(*fields: Any, name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def catalog(**versions: list[dict[str, Any]]) -> Catalog:
    """A catalog of event types `thing.<name>` with these versions."""
    return Catalog(
        event_schema(Path("memory"), f"thing.{name}", number, source)
        for name, sources in versions.items()
        for number, source in enumerate(sources, start=1)
    )


def texts(
    of: Catalog, format_: DocsFormat, event_type: str | None = None, version: int | None = None
) -> dict[str, str]:
    return {document.name: document.text() for document in documents_of(of, format_, event_type, version)}


def test_a_page_is_what_it_was() -> None:
    """The whole of one page, to be looked at when it changes."""
    assert texts(SHIPPED, DocsFormat.MARKDOWN, "order.paid") == {"order.paid.md": GOLDEN.read_text()}


@pytest.mark.parametrize("format_", list(DocsFormat))
def test_the_same_catalog_gives_the_same_documents(format_: DocsFormat) -> None:
    """Whoever keeps them under version control sees only what changed."""
    again = load_catalog(schemas_root() / "events")
    assert texts(SHIPPED, format_) == texts(again, format_)


@pytest.mark.parametrize(
    ("format_", "names"),
    [
        (DocsFormat.MARKDOWN, ["README.md", "thing.a.md", "thing.b.md"]),
        (DocsFormat.HTML, ["index.html", "thing.a.html", "thing.b.html"]),
        (DocsFormat.JSONSCHEMA, ["thing.a.1.schema.json", "thing.a.2.schema.json", "thing.b.1.schema.json"]),
        (DocsFormat.ASYNCAPI, ["asyncapi.json"]),
        (DocsFormat.ASYNCAPI_PRODUCERS, ["asyncapi-producers.json"]),
    ],
)
def test_each_format_has_its_files(format_: DocsFormat, names: list[str]) -> None:
    """All in one folder need not get into each other's way."""
    found = documents_of(catalog(a=[record(), record(field("x", default=""))], b=[record()]), format_)
    assert [document.name for document in found] == names


def test_a_field_is_since_the_version_that_it_came_with() -> None:
    """Through renames, and not since a version before one that lacked it."""
    page = describe_event_type(
        catalog(
            made=[
                record(field("old"), field("back", default="")),
                record(field("old"), field("new", default="")),
                record(field("name", aliases=["old"]), field("new", default=""), field("back", default="")),
            ]
        ),
        "thing.made",
    )
    assert {row.path: row.since for row in page.fields} == {"name": 1, "new": 2, "back": 3}


def test_a_page_can_be_about_an_older_version() -> None:
    """For a receiver that is pinned to it: fields, example and JSON Schema are of that version."""
    two = catalog(made=[record(field("a")), record(field("a"), field("b", default=""))])
    page = describe_event_type(two, "thing.made", 1)
    assert [row.path for row in page.fields] == ["a"]
    assert page.example.body["data"].keys() == {"a"}
    assert [version for version, _ in page.schemas] == [1]
    assert (page.version, page.newest) == (1, 2)


def test_sensitive_fields_are_named_and_not_shown() -> None:
    """In every version, whichever marks them; the example is what a subscription without grants gets."""
    person = record(field("email", sensitive=True), field("name"), name="Person")
    made = catalog(
        made=[
            record(field("pin"), field("owner", person)),
            record(field("pin", sensitive=True), field("owner", person)),
        ]
    )
    for version in (1, 2):
        page = describe_event_type(made, "thing.made", version)
        assert [row.path for row in page.fields if row.sensitive] == ["pin", "owner.email"]
        assert page.grants == ("thing.made:owner.email", "thing.made:pin")
        assert page.example.body["data"] == {"owner": {"name": "Ada Lovelace"}}
        [(_, schema)] = page.schemas
        assert orjson.loads(schema)["required"] == ["owner"]
    html = texts(made, DocsFormat.HTML, "thing.made")["thing.made.html"]
    assert html.count("only when granted") == 2
    assert "**Sensitive.**" in texts(made, DocsFormat.MARKDOWN, "thing.made")["thing.made.md"]


class Elements(HTMLParser):
    """The elements of a page, and the texts between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


def with_words(words: str) -> Catalog:
    """A catalog that says these words wherever a schema file can say something."""
    return catalog(made=[record(doc=words), record(field("b", default=words, doc=words), doc=words)])


@pytest.mark.parametrize("name", ["thing.made.html", "index.html"])
def test_html_shows_what_schema_files_say_as_text(name: str) -> None:
    """With harmless words in place of the evil ones, the page has the same elements with the same attributes."""
    evil, harmless = (texts(with_words(words), DocsFormat.HTML)[name] for words in (EVIL, "harmless"))
    assert Elements(evil).tags == Elements(harmless).tags
    assert Elements(evil).attributes == Elements(harmless).attributes
    assert "<script>alert(1)</script>" in Elements(evil).words
    assert not {"\x1b", "\u202e"} & set(evil)


def test_html_shows_names_as_text() -> None:
    """The name of a field or a record may be any text, too."""
    page = texts(catalog(made=[record(field(EVIL, record(name=EVIL)))]), DocsFormat.HTML)["thing.made.html"]
    assert "script" not in Elements(page).tags


def test_html_needs_nothing_from_elsewhere() -> None:
    """A page can be put anywhere, and looked at without a network; it may not run anything, either."""
    for page in texts(SHIPPED, DocsFormat.HTML).values():
        found = Elements(page)
        assert {"link", "script", "img", "iframe"}.isdisjoint(found.tags)
        assert "default-src 'none'; style-src 'unsafe-inline'" in page


def test_html_links_lead_somewhere() -> None:
    """From page to page, and to the headings within one."""
    pages = texts(SHIPPED, DocsFormat.HTML)
    ids = {name: {value for key, value in Elements(page).attributes if key == "id"} for name, page in pages.items()}
    for name, page in pages.items():
        links = [value or "" for key, value in Elements(page).attributes if key == "href"]
        for target, _, heading in (link.partition("#") for link in links if not link.startswith("https://")):
            assert not heading or heading in ids[target or name]
            assert (target or name) in pages


def outline(page: str) -> list[str]:
    """What a page is made of, without its texts."""
    tokens = [inner for token in MARKDOWN.parse(page) for inner in (token, *(token.children or []))]
    return [token.type for token in tokens if token.type not in {"text", "text_special", "inline"}]


def test_markdown_shows_what_schema_files_say_as_text() -> None:
    """With harmless words in place of the evil ones, the page is made of the same parts."""
    evil, harmless = (texts(with_words(words), DocsFormat.MARKDOWN) for words in (EVIL, "harmless"))
    for name, page in evil.items():
        assert outline(page) == outline(harmless[name])
        assert "\x1b" not in page
    strange = catalog(made=[record(field(EVIL, record(name=EVIL)))])
    assert "html_inline" not in outline(texts(strange, DocsFormat.MARKDOWN)["thing.made.md"])


@given(st.text())
def test_no_text_breaks_out_of_its_place_in_markdown(text: str) -> None:
    """One line, and nothing unescaped that means something; code ends where it should."""
    escaped = markdown_text(text)
    assert "\n" not in escaped
    assert escaped.isprintable()
    bare = escaped.replace("\\\\", "").replace("\\", "\0")
    for char in "`*_[]<>|&~$":
        assert bare.count(char) == bare.count(f"\0{char}")
    assert not escaped.startswith(("#", "+", "-", "=", "1.", "1)"))
    code = markdown_code(text)
    assert "\n" not in code
    fence = code[: len(code) - len(code.lstrip("`"))]
    assert code.endswith(fence)
    assert fence not in code.removeprefix(fence).removesuffix(fence).replace("`" * (len(fence) + 1), "")


def test_a_type_or_version_that_is_not_there_is_said() -> None:
    """With what there is, as everywhere."""
    with pytest.raises(NotFoundError, match=r"thing\.maid"):
        documents_of(catalog(made=[record()]), DocsFormat.HTML, "thing.maid")
    with pytest.raises(NotFoundError, match="no version 2"):
        documents_of(catalog(made=[record()]), DocsFormat.ASYNCAPI, "thing.made", 2)
