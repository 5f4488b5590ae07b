"""Templates, compiled once for each language with what never changes in it already put in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import flask.templating
from flask import has_request_context, request
from flask.sansio.app import App
from flask_babel import get_locale
from jinja2 import Template
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.utils import LRUCache
from markupsafe import Markup, escape

# A call of one of these with a written-out text says the same on every page of one language and one place of the site.
CONSTANT = ("_", "icon", "url_for")
# Two languages at one place are usual; each more costs the memory of the templates that it uses.
MOST_KEPT = 16


class Environment(flask.templating.Environment):
    """Flask's, with one environment beneath it for each language and place of the site.

    A page has some two hundred words and shapes that are the same every time; looking them up was a tenth of its time.
    """

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self.kept = LRUCache(MOST_KEPT)
        self.add_extension(Constants)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What is global when a template is loaded, after everything has been set up: a plain dictionary is quicker."""
        return {**self.globals, **(d or {})}

    def get_template(self, name: Any, *args: Any, **options: Any) -> Template:
        """A template in the language of the page; what it extends and imports comes from the same environment."""
        if self.overlayed:
            return super().get_template(name, *args, **options)
        return self._of_the_page().get_template(name, *args, **options)

    def select_template(self, names: Any, *args: Any, **options: Any) -> Template:
        """The first of several that there is, likewise."""
        if self.overlayed:
            return super().select_template(names, *args, **options)
        return self._of_the_page().select_template(names, *args, **options)

    def _of_the_page(self) -> flask.templating.Environment:
        at = str(get_locale()), request.script_root if has_request_context() else ""
        found: flask.templating.Environment | None = self.kept.get(at)
        if found is None:
            found = self.kept[at] = self.overlay()
        return found


class Constants(Extension):
    """Write what `_('Save')`, `icon('trash3')` and `url_for('session')` give into the template while it is compiled."""

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterator[Token]:
        """The tokens with such a call replaced by `('…'|safe)`, which the compiler joins with what stands around."""
        return _replaced(list(stream), self.environment.globals) if self.environment.overlayed else stream


def _replaced(tokens: list[Token], known: Mapping[str, Any]) -> Iterator[Token]:
    at = 0
    while at < len(tokens):
        token, more = tokens[at], tokens[at + 1 : at + 4]
        is_name = token.type == "name" and token.value in CONSTANT and (at == 0 or tokens[at - 1].type != "dot")
        if is_name and [following.type for following in more] == ["lparen", "string", "rparen"]:
            yield from _safe(token.lineno, escape(known[token.value](more[1].value)))
            at += 4
        else:
            yield token
            at += 1


def _safe(line: int, text: Markup) -> Iterator[Token]:
    for kind, value in (("lparen", "("), ("string", str(text)), ("pipe", "|"), ("name", "safe"), ("rparen", ")")):
        yield Token(line, kind, value)
