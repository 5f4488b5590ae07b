"""Search tokens: texts as plain ASCII words that every database's full-text index keeps as they are.

A text becomes a row of tokens in its own order: runs of ASCII letters and digits, runs of other letters, the pairs of
characters of Chinese, Japanese, Korean and the other scripts that write no spaces, and every symbol by itself. Width,
case and accents are ignored. A token begins with two letters, the column's and its kind's: so the shortest word is
long enough for MySQL's index, no word is on its list of stop words, and a search can ask for one column.

    “Foo 三体!” in the first column   axfoo ac04e0904f53 ac04f53 as00021

A search means one `Phrase` for each word typed: its tokens side by side in one column, the last one open-ended. So what
was typed is found where a word begins, and anywhere in Chinese; signs are only text. Whoever changes what a text's
tokens are gives TOKENIZER the next number: every index is then made anew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

TOKENIZER = 1
# PostgreSQL refuses a row whose tokens pass a megabyte.
MOST_CHARACTERS = 1_000_000
COLUMNS = "abcdefghijklmnopqrst"

# Scripts without spaces: Thai, Lao, Burmese, Khmer, then Chinese, Japanese and Korean.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u309f\u30a1-\u30fa"
    "\u30fc-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
# 64 ASCII letters, or 16 at five digits each, stay below innodb_ft_max_token_size (84); the rest is the next token.
PIECES = re.compile(
    rf"(?P<word>[a-z0-9]{{1,64}})|(?P<run>[{UNSPACED}]+)"
    rf"|(?P<letters>(?:(?![{UNSPACED}])[^\W_a-z0-9]){{1,16}})|(?P<symbol>\S)"
)
# What is not seen: soft hyphens, joiners, marks of direction, and the signs that choose an emoji's style.
UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
# They are no accents: with them it is another syllable.
VOICED = "\u3099\u309a"
WORD, UNSPACED_RUN, OTHER_LETTERS, SYMBOL = "x", "c", "u", "s"


def fold(text: str) -> str:
    """The text without regard to width, case and accents."""
    if text.isascii():
        return text.lower()
    text = UNSEEN.sub("", unicodedata.normalize("NFKC", text).casefold())
    decomposed = unicodedata.normalize("NFD", text)
    if not any(map(unicodedata.combining, decomposed)):
        return text
    plain = "".join(c for c in decomposed if not unicodedata.combining(c) or c in VOICED)
    return unicodedata.normalize("NFC", plain)


def tokens(texts: Iterable[str | None]) -> str:
    """The tokens of a record's searched columns, with a space before and after each."""
    found = [
        token
        for column, text in zip(COLUMNS, texts, strict=False)
        if text
        for token in _tokens(fold(text), column, ends=True)
    ]
    joined = f" {' '.join(found)} "
    return joined if len(joined) <= MOST_CHARACTERS else joined[: joined.rindex(" ", 0, MOST_CHARACTERS) + 1]


@dataclass(frozen=True)
class Phrase:
    """A word as it was typed: the tokens that have to stand side by side, without their column's letter."""

    tokens: tuple[str, ...]

    @property
    def strong(self) -> list[str]:
        """The tokens that few records have, as a rule: an index is asked for these. `*` ends an open-ended one."""
        *inner, last = self.tokens
        return [t for t in inner if t[0] != SYMBOL] + ([f"{last}*"] if len(last) >= 4 and last[0] != SYMBOL else [])

    @property
    def weak(self) -> list[str]:
        """The others: signs, and the first letter or two of a word."""
        strong = self.strong
        return [t for t in (*self.tokens[:-1], f"{self.tokens[-1]}*") if t not in strong]


def phrases(search: str) -> list[Phrase]:
    """What has to be found for each word of a search; words of which nothing is seen are left out."""
    found = (tuple(_tokens(word, "", ends=False)) for word in fold(search).split())
    return [Phrase(tokens) for tokens in dict.fromkeys(found) if tokens]


def like_pattern(phrase: Phrase, column: str) -> str:
    """The phrase as a LIKE pattern over a record's tokens; tokens hold nothing that LIKE reads as a wildcard."""
    return "% " + " ".join(column + token for token in phrase.tokens) + "%"


def _tokens(folded: str, column: str, *, ends: bool) -> Iterator[str]:
    """The tokens of a folded text; `ends` says that no more text can follow it."""
    pieces = [piece for piece in PIECES.finditer(folded) if piece.lastgroup != "symbol" or piece[0].isprintable()]
    for piece in pieces:
        kind, text = piece.lastgroup, piece[0]
        if kind == "word":
            yield f"{column}{WORD}{text}"
        elif kind == "run":
            yield from _pairs(text, column + UNSPACED_RUN, last=ends or piece is not pieces[-1])
        else:
            yield f"{column}{OTHER_LETTERS if kind == 'letters' else SYMBOL}{''.join(map(_digits, text))}"


def _pairs(run: str, prefix: str, *, last: bool) -> Iterator[str]:
    """Every two neighbours, then the last character alone: any part of the run is then a row of tokens.

    Where more may follow (in a search) the last one stays part of its pair, unless it is the only one.
    """
    digits = list(map(_digits, run))
    for one, other in pairwise(digits):
        yield f"{prefix}{one}{other}"
    if last or len(run) == 1:
        yield f"{prefix}{digits[-1]}"


@lru_cache(maxsize=20_000)
def _digits(character: str) -> str:
    return f"{ord(character):05x}"
