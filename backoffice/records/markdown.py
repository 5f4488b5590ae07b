"""Markdown to HTML that is safe to put into a page: whoever wrote the text, nothing in it runs or looks like ours.

Two fences, one behind the other: the renderer takes no HTML and turns unsafe addresses away, and whatever it makes goes
through a sanitiser with an allow-list of its own. `MOST` bounds the time: the worst texts take about two seconds of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

# Loaded with the first text that is rendered: together they are 3 MiB, and many a process never renders one.
if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

# Characters that are rendered; a longer text is cut at a line and the answer says so.
MOST = 100_000
# Lists in lists, quotes in quotes: the rest stays text.
NESTING = 20
# How a text writes the address of an upload, wherever the site that shows it keeps them.
UPLOADS = "/uploads/"
TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre",
    "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
ALIGNED = {"to-left", "to-center", "to-right"}
CLASSES = {"td": ALIGNED, "th": ALIGNED, "a": {"image-elsewhere"}, "span": {"image-elsewhere"}}
SET = {"a": {"target": "_blank"}, "img": {"loading": "lazy"}}
LINK_REL = "noopener noreferrer nofollow"
_FIRST_PART = re.compile(r"[/?#]")
_OUTSIDE = re.compile(r"https?://[^/?#]|mailto:[^/]", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\\]")


class Rendered(NamedTuple):
    """A text as HTML; `whole` unless it was too long and this is its beginning."""

    html: str
    whole: bool


def render(text: str, *, uploads: str = UPLOADS) -> Rendered:
    """The text as HTML. `uploads` is the address under which the page finds what the text calls `/uploads/…`."""
    import nh3

    kept = beginning(text)
    html = nh3.clean(
        _renderer().render(kept, {"uploads": uploads, "links": 0}),
        tags=TAGS,
        clean_content_tags=set(),
        attributes=ATTRIBUTES,
        attribute_filter=lambda tag, name, value: _checked(tag, name, value, uploads),
        allowed_classes=CLASSES,
        set_tag_attribute_values=SET,
        link_rel=LINK_REL,
        url_schemes={"http", "https", "mailto"},
    )
    return Rendered(html, len(kept) == len(text))


def beginning(text: str) -> str:
    """As much of a text as is rendered, up to the end of a line."""
    if len(text) <= MOST:
        return text
    return text[: text.rfind("\n", 0, MOST) + 1 or MOST]


def safe_address(address: str) -> bool:
    """Whether a link may lead there: by http, https or mailto, or to a path of this site.

    Browsers drop tabs and line ends and read a backslash as a slash, so none of these may stand in it.
    """
    if not address or _UNSEEN.search(address):
        return False
    if ":" in _FIRST_PART.split(address, maxsplit=1)[0]:
        return _OUTSIDE.match(address) is not None
    return not address.startswith("//")


def is_upload(address: str, uploads: str = UPLOADS) -> bool:
    """Whether an image is one that was uploaded here: no other is fetched, so that a text cannot make pages ask."""
    name = address.removeprefix(uploads)
    return name != address and re.fullmatch(r"[A-Za-z0-9]+\.[a-z0-9]+", name) is not None


def _checked(tag: str, name: str, value: str, uploads: str) -> str | None:
    if (tag, name) == ("img", "src"):
        return value if is_upload(value, uploads) else None
    if (tag, name) == ("a", "href"):
        return value if safe_address(value) else None
    return value


@cache
def _renderer() -> MarkdownIt:
    from markdown_it import MarkdownIt

    made = MarkdownIt(
        "commonmark",
        {"html": False, "linkify": True, "maxNesting": NESTING},
    ).enable(["table", "strikethrough", "linkify"])
    # Of two rules that find addresses: this one searches all the text before each `://` again, minutes of 100 kB.
    made.inline.ruler.disable("linkify")
    # `example.com` without a scheme is more often a file or the end of a sentence than a link.
    made.linkify.set({"fuzzy_link": False, "fuzzy_email": False})  # type: ignore[union-attr]  # it is installed
    made.validateLink = safe_address  # type: ignore[method-assign, assignment]  # the way markdown-it documents
    for opening in ("heading_open", "heading_close"):
        made.add_render_rule(opening, _heading)
    for cell in ("th_open", "td_open"):
        made.add_render_rule(cell, _cell)
    made.add_render_rule("link_open", _link)
    made.add_render_rule("link_close", _link_end)
    made.add_render_rule("image", _image)
    made.add_render_rule("fence", _fence)
    return made


def _heading(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    """One step down: the page's own title is the first heading."""
    token = tokens[at]
    level = min(int(token.tag[1:]) + 1, 6)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _cell(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    """Its alignment by a class: pages take no style."""
    side = str(tokens[at].attrGet("style") or "").removeprefix("text-align:")
    return f'<{tokens[at].tag} class="to-{side}">' if side else f"<{tokens[at].tag}>"


def _link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """A link to an upload leads to where this page finds it."""
    token = tokens[at]
    token.attrSet("href", _found(str(token.attrGet("href") or ""), env))
    env["links"] += 1
    return self.renderToken(tokens, at, options, env)


def _link_end(_self: RendererHTML, _tokens: Sequence[Token], _at: int, _options: Any, env: Any) -> str:
    """An image after it may be a link again."""
    env["links"] -= 1
    return "</a>"


def _image(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """An upload as a picture; of any other image a link to it, since no page of ours loads what lies elsewhere."""
    token = tokens[at]
    address = _found(str(token.attrGet("src") or ""), env)
    alt = self.renderInlineAsText(token.children or [], options, env)
    if is_upload(address, env["uploads"]):
        token.attrSet("src", address)
        token.attrSet("alt", alt)
        return self.renderToken(tokens, at, options, env)
    words = _escaped(alt or address)
    if env["links"]:
        return f'<span class="image-elsewhere">{words}</span>'
    return f'<a class="image-elsewhere" href="{_escaped(address)}">{words}</a>'


def _fence(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    """Code as it stands; its language is told to nobody here."""
    return f"<pre><code>{_escaped(tokens[at].content)}</code></pre>\n"


def _found(address: str, env: Any) -> str:
    return env["uploads"] + address.removeprefix(UPLOADS) if address.startswith(UPLOADS) else address


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
