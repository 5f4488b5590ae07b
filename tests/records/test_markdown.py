"""Markdown becomes HTML in which nothing runs, whatever the text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.records.markdown import MOST, _renderer, beginning, render, safe_address
from tests.hostile_markdown import TEXTS

PLAIN = (
    "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "p", "pre", "s", "strong", "table",
    "tbody", "thead", "tr", "ul",
)  # fmt: skip
ALLOWED = {
    "a": {"class", "href", "title", "target", "rel"},
    "img": {"src", "alt", "title", "loading"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
    "span": {"class"},
    **dict.fromkeys(PLAIN, frozenset()),
}
LINK = "noopener noreferrer nofollow"


class Strict(HTMLParser):
    """Complains of every tag, attribute and address that has no business in a text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in ALLOWED or not given.keys() <= ALLOWED[tag]:
            self.wrong.append(f"<{tag} {given}>")
        if "href" in given:
            self.links.append(given["href"])
            if not is_harmless(given["href"]) or given.get("rel") != LINK or given.get("target") != "_blank":
                self.wrong.append(f"link {given}")
        if tag == "img" and not given.get("src", "/uploads/").startswith("/uploads/"):
            self.wrong.append(f"image {given}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(decl)

    handle_comment = handle_pi = unknown_decl = handle_decl


def is_harmless(address: str) -> bool:
    """Written down a second time on purpose, and otherwise: what a browser would make of the address."""
    address = "".join(c for c in address if c not in "\t\n\r").strip("".join(map(chr, range(33)))).replace("\\", "/")
    head = address.split("/")[0].split("?")[0].split("#")[0]
    if ":" in head:
        return head.split(":")[0].lower() in ("http", "https", "mailto")
    return not address.startswith("//")


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_text_becomes_harmless(text: str) -> None:
    assert Strict(render(text).html).wrong == []


PIECES = st.sampled_from(
    [*TEXTS, "[", "](", ")", "![", "<", ">", "`", "*", "_", "~~", "|", "\n", "\n\n", "> ", "- ", "# ", "&#", ";", '"',
     "\\", ":", "//", "javascript:", "http://", "/uploads/", "&Tab;", "\t", "\0", "\u2028", "|-|\n", "```\n", "    "]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=12).map("".join))
def test_any_text_becomes_harmless(text: str) -> None:
    assert Strict(render(text).html).wrong == []


def test_what_markdown_means_is_kept() -> None:
    text = "# One\n\n**b** *i* ~~s~~ `c` [l](https://e.example) https://f.example\n\n|a|\n|-:|\n|1|\n\n3. x\n\n> q"
    html = render(text).html
    for part in (
        "<h2>One</h2>", "<strong>b</strong>", "<em>i</em>", "<s>s</s>", "<code>c</code>", '<td class="to-right">1</td>',
        '<ol start="3">', "<blockquote>",
    ):  # fmt: skip
        assert part in html
    assert Strict(html).links == ["https://e.example", "https://f.example"]


def test_an_upload_is_shown_from_where_the_page_finds_it() -> None:
    html = render("![a](/uploads/ab12.png) [b](/uploads/cd34.pdf)", uploads="/admin/article/uploads/").html
    assert 'src="/admin/article/uploads/ab12.png"' in html
    assert Strict(html).links == ["/admin/article/uploads/cd34.pdf"]


def test_an_image_elsewhere_is_a_link_and_is_not_fetched() -> None:
    html = render("![a cat](https://e.example/cat.png) [![dog](https://e.example/dog.png)](https://f.example)").html
    assert "<img" not in html
    assert "a cat</a>" in html
    assert Strict(html).links == ["https://e.example/cat.png", "https://f.example"]


@pytest.mark.parametrize(
    "address", ["https://e.example/a?b#c", "HTTP://e.example", "mailto:a@b.example", "/a", "a/b", "#c"]
)
def test_ordinary_addresses_are_links(address: str) -> None:
    assert safe_address(address)


def test_a_text_without_end_is_rendered_from_its_beginning() -> None:
    line = "A line of words.\n"
    rendered = render(line * 1_000_000)
    assert not rendered.whole
    assert len(rendered.html) <= MOST * 2
    assert beginning(line * 1_000_000).endswith(".\n")
    assert render("x" * MOST).whole


@pytest.mark.parametrize("piece", ["> ", "- ", "*a **a ", "[", "![", "`", "[a](", "<a ", "|", "~~a "])
def test_deep_and_unfinished_texts_end(piece: str) -> None:
    html = render(piece * (20_000 // len(piece))).html
    assert Strict(html).wrong == []
    assert html.count("<blockquote>") + html.count("<ul>") <= 20


def test_addresses_are_found_by_the_rule_that_reads_a_text_once() -> None:
    assert "linkify" not in _renderer().get_active_rules()["inline"]
    found = Strict(render("see http://a.example/x and (https://b.example). " + "http://a" * 3).html)
    assert found.links[:2] == ["http://a.example/x", "https://b.example"]
