"""What a search means, said once more in plain Python over the texts themselves: no tokens, no index."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")


@dataclass(frozen=True)
class Part:
    """A word, a character of a script without spaces, or a sign; `joined` to the one before by such a script."""

    kind: str
    text: str
    joined: bool = False


def finds(search: str, *texts: str | None) -> bool:
    """Whether each word of the search is found in one of the texts; nothing is found by a search of nothing."""
    words = [parts for word in plain(search).split() if (parts := parts_of(word))]
    return bool(words) and all(any(stands_in(word, parts_of(plain(t or ""))) for t in texts) for word in words)


def stands_in(word: Sequence[Part], text: Sequence[Part]) -> bool:
    """Whether the parts stand in the text side by side; the last one may be the beginning of a word."""
    *inner, last = word
    for start in range(len(text) - len(word) + 1):
        *here, end = text[start : start + len(word)]
        same = all(a.text == b.text and (b.joined or not a.joined) for a, b in zip(inner, here, strict=True))
        if same and end.kind == last.kind and end.text.startswith(last.text) and (end.joined or not last.joined):
            return True
    return False


def parts_of(text: str) -> list[Part]:
    """The words, characters and signs of a plain text, in order."""
    found: list[Part] = []
    before = ""
    for character in text:
        kind = kind_of(character)
        if kind and kind == before and kind in ("ascii", "letters"):
            found[-1] = Part(kind, found[-1].text + character)
        elif kind:
            found.append(Part(kind, character, joined=kind == before == "unspaced"))
        before = kind
    return found


def kind_of(character: str) -> str:
    """What a character is part of; nothing for a blank or what cannot be shown."""
    if character.isspace() or not character.isprintable():
        return ""
    if unicodedata.name(character, "").startswith(WITHOUT_SPACES):
        return "unspaced"
    if character.isalnum():
        return "ascii" if character.isascii() else "letters"
    return "sign"


def plain(text: str) -> str:
    """Without width, case, accents and what is not seen."""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept = (
        c
        for c in text
        if (not unicodedata.combining(c) or c in "\u3099\u309a")
        and not (unicodedata.category(c) == "Cf" or "\ufe00" <= c <= "\ufe0f")
    )
    return unicodedata.normalize("NFC", "".join(kept))
