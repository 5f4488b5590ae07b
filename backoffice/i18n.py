"""Which language a page speaks, and where its words come from."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale
from flask_babel.speaklater import LazyString
from markupsafe import Markup

# Each language with its own name, as a person who reads it looks for it.
LOCALES = (("en", "English"), ("zh_Hans_CN", "简体中文"))
LOCALE_COOKIE = "locale"
# What a browser asks for is matched by language alone: all kinds of Chinese get the one we have.
LOCALE_OF_LANGUAGE = {"en": "en", "zh": "zh_Hans_CN"}
TRANSLATIONS = Path(__file__).parent / "translations"


def init_app(app: Flask, babel: Babel) -> None:
    """Bind Flask-Babel with our choice of language and our catalogues as its default domain."""
    babel.init_app(app, locale_selector=select_locale)
    babel.domain_instance = Catalogues()
    # Templates ask some hundred times a page: past the steps in between. `_` alone is past Jinja's own, too.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension that Babel loads
        lambda text: _present().gettext(text),
        lambda one, many, number: _present().ngettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: _present().pgettext(context, text),
        npgettext=lambda context, one, many, number: _present().npgettext(context, one, many, number),
    )
    app.jinja_env.globals["_"] = _in_template


def select_locale() -> str:
    """The language chosen and kept in the cookie, else the browser's, else the configured one."""
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return default
    chosen = request.cookies.get(LOCALE_COOKIE)
    if chosen in dict(LOCALES):
        return chosen
    for tag, quality in request.accept_languages:
        language = tag.replace("_", "-").partition("-")[0].lower()
        if quality > 0 and language in LOCALE_OF_LANGUAGE:
            return LOCALE_OF_LANGUAGE[language]
    return default


class Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel is untyped
    """The application's messages, read from the committed .po files: nothing is compiled beforehand."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of the current language; texts stay as written where there is none."""
        return _present()


def gettext(text: str, /, **variables: Any) -> str:
    """A message in the reader's language. Flask-Babel's own takes several times as long, and a page has dozens."""
    words = _present().gettext(text)
    return words % variables if variables else words


def lazy_gettext(text: str, /, **variables: Any) -> LazyString:
    """A message that is put into the reader's language wherever it is written out."""
    return LazyString(gettext, text, **variables)


def pgettext(context: str, text: str, /) -> str:
    """A message that means several things: the context says which."""
    return str(_present().pgettext(context, text))


def lazy_pgettext(context: str, text: str, /) -> LazyString:
    """The same, put into the reader's language wherever it is written out."""
    return LazyString(pgettext, context, text)


def in_each_language(text: object) -> list[str]:
    """What a lazy text says in each language, in a request."""
    present = _present()
    said = []
    for locale, _name in LOCALES:
        g.catalogue = catalogue(locale)
        said.append(str(text))
    g.catalogue = present
    return said


def _in_template(text: str, /, **variables: Any) -> Markup:
    """A message of a template, which is HTML; what stands in for its placeholders is escaped."""
    words = Markup(_present().gettext(text))  # noqa: S704 - from a template or its translation
    return words % variables if variables else words


def locale_name() -> str:
    """The reader's language as Babel calls it: by its name it is compared faster than itself."""
    return str(get_locale() or "en")


def _present() -> NullTranslations:
    """The catalogue of this request's language; outside of one, of whatever language is set."""
    if not has_request_context():
        return catalogue(locale_name())
    # Looked up once: a page asks dozens of times.
    kept = g._get_current_object()
    found: NullTranslations | None = kept.get("catalogue")
    if found is None:
        found = kept.catalogue = catalogue(locale_name())
    return found


@cache
def catalogue(locale: str) -> NullTranslations:
    """The messages of one language, compiled in memory once per process."""
    path = TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return Translations(compiled)
