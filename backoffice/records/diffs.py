"""What has changed between two texts, word by word; Chinese, Japanese and Korean character by character."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from backoffice.models.tokens import UNSPACED

WORDS = re.compile(rf"[{UNSPACED}]|(?:(?![{UNSPACED}])\w)+\s*|\s+|[^\w\s]\s*")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
# Comparing takes as long as there are pairs of equal pieces, and more: beyond so many whole lines are compared, then
# the texts as they are.
MOST_PAIRS = 50_000
MOST_CHARACTERS = 100_000
# So much of one stretch is shown.
LONGEST = 2_000
# What stays around a change, so that one sees where it is.
CONTEXT = 60


class Piece(NamedTuple):
    """A stretch of text; a `gap` leaves out what is the same on both sides."""

    kind: Literal["same", "removed", "added", "gap"]
    text: str


def diff(before: str, after: str) -> list[Piece]:
    """The way from one text to the other, with what is the same cut down to what stands next to a change."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    middle = slice(start, len(before) - end), slice(start, len(after) - end)
    # Whole words: a change of three letters is read as a change of the word.
    start, end = _at_words(before, middle[0]), _after_words(before, after, end)
    head, tail = before[:start], before[len(before) - end :] if end else ""
    pieces = [
        Piece("same", head),
        *_compare(before[start : len(before) - end], after[start : len(after) - end]),
        Piece("same", tail),
    ]
    return list(_cut(_joined(pieces)))


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    most = min(len(one), len(other))
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _at_words(text: str, middle: slice) -> int:
    start = int(middle.start)
    while start and text[start - 1].isalnum() and text[start - 1].isascii():
        start -= 1
    return start


def _after_words(before: str, after: str, end: int) -> int:
    while end and before[-end].isalnum() and before[-end].isascii():
        end -= 1
    return end if end <= min(len(before), len(after)) else 0


def _compare(before: str, after: str) -> Iterator[Piece]:
    for pattern in (WORDS, LINES) if len(before) + len(after) <= MOST_CHARACTERS else ():
        one, other = pattern.findall(before), pattern.findall(after)
        if _pairs(one, other) <= MOST_PAIRS:
            yield from _matched(one, other)
            return
    yield Piece("removed", before)
    yield Piece("added", after)


def _pairs(one: Sequence[str], other: Sequence[str]) -> int:
    there = Counter(other)
    return sum(times * there[piece] for piece, times in Counter(one).items())


def _matched(one: Sequence[str], other: Sequence[str]) -> Iterator[Piece]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(one[i1:i2]))
        else:
            yield Piece("removed", "".join(one[i1:i2]))
            yield Piece("added", "".join(other[j1:j2]))


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Without the empty ones, neighbours of a kind as one; a space between two changed words belongs to both."""
    found: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if found and found[-1].kind == piece.kind:
            found[-1] = Piece(piece.kind, found[-1].text + piece.text)
        else:
            found.append(piece)
    return found


def _cut(pieces: Sequence[Piece]) -> Iterator[Piece]:
    for place, piece in enumerate(pieces):
        if piece.kind != "same":
            yield Piece(piece.kind, piece.text[:LONGEST])
            if len(piece.text) > LONGEST:
                yield Piece("gap", "")
            continue
        if len(piece.text) <= 2 * CONTEXT:
            yield piece
            continue
        if place:
            yield Piece("same", piece.text[:CONTEXT])
        yield Piece("gap", "")
        if place < len(pieces) - 1:
            yield Piece("same", piece.text[-CONTEXT:])
