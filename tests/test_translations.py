"""Every text a person can see stands in each catalogue, translated, with its placeholders kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from backoffice.config import ROOT
from backoffice.i18n import LOCALES, TRANSLATIONS

TRANSLATED = [code for code, _ in LOCALES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]")
Key = tuple[str | tuple[str, ...], str | None]


@pytest.fixture(scope="module")
def texts() -> set[Key]:
    """The texts of code and templates, each with its context."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = extract_from_dir(
        ROOT, methods, options, keywords={**DEFAULT_KEYWORDS, "_l": None, "lazy_pgettext": ((1, "c"), 2)}
    )
    return {(text, context) for _file, _line, text, _comments, context in found}


@pytest.fixture(scope="module", params=TRANSLATED)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    """The committed translations of one language."""
    path: Path = TRANSLATIONS / request.param / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        return read_po(source, locale=request.param)


def key(message: Message) -> Key:
    """What a message is found by; gettext knows one with a plural by its singular too."""
    text = tuple(message.id) if isinstance(message.id, (tuple, list)) else message.id
    return text, message.context


def messages(catalogue: Catalog) -> list[Message]:
    """The messages without the header."""
    return [message for message in catalogue if message.id]


def test_the_catalogue_holds_exactly_the_texts_of_the_product(texts: set[Key], catalogue: Catalog) -> None:
    known = {key(message) for message in messages(catalogue)}
    assert texts, "no text was found: does babel.cfg point at the code?"
    assert (texts - known, known - texts) == (set(), set()), "run: make translations"


def test_every_text_is_translated(catalogue: Catalog) -> None:
    missing = [message.id for message in messages(catalogue) if not all(strings(message))]
    assert missing == []


def test_nothing_is_left_to_check(catalogue: Catalog) -> None:
    assert [message.id for message in messages(catalogue) if message.fuzzy] == []


def test_translations_keep_their_placeholders(catalogue: Catalog) -> None:
    wrong = []
    for message in messages(catalogue):
        singular = message.id if isinstance(message.id, str) else message.id[-1]
        wanted = set(PLACEHOLDER.findall(singular))
        wrong += [text for text in strings(message) if text and set(PLACEHOLDER.findall(text)) != wanted]
    assert wrong == []


def strings(message: Message) -> list[str]:
    """The translations: one, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string)
