"""XML that nobody vouches for, read by Expat in pieces: no tree is built, and nothing is declared or fetched.

A DOCTYPE is refused as such: with none there are no entities, neither outside ones nor ones that multiply. What Expat
itself keeps has bounds as well: one tag at a time, which has to be short; the tags that are open; the distinct names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol
from xml.parsers import expat

from backoffice.records.importing.archives import damaged
from backoffice.records.importing.bounds import MEGABYTE

LONGEST_TAG, DEEPEST, MOST_NAMES = MEGABYTE, 100, 5_000
SPREADSHEET = frozenset(
    {
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
        "http://schemas.openxmlformats.org/package/2006/relationships",
    }
)


class Walker(Protocol):
    """What is told of the elements of a spreadsheet, by their names without a namespace."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins. Attributes of other namespaces have theirs before the name, and a blank between."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Text within it, or a part of it."""


def walk(pieces: Iterable[bytes], walker: Walker) -> Iterator[None]:
    """Tell the walker of a document, and yield after each piece of it, so that what it found can be taken."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    guard = _Guard(walker)
    parser.StartElementHandler = guard.start
    parser.EndElementHandler = guard.end
    parser.CharacterDataHandler = walker.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    fed = 0
    try:
        for piece in pieces:
            parser.Parse(piece)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > LONGEST_TAG:
                raise damaged()
            yield
        parser.Parse(b"", True)
    # Besides what Expat says: encodings that it does not know, or cannot read.
    except (expat.ExpatError, ValueError, LookupError):
        raise damaged() from None
    yield


def _refuse(*_declared: object) -> None:
    raise damaged()


class _Guard:
    """Between Expat and a walker: names become short, depth and names have bounds."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.depth = 0
        self.known: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise damaged()
        known = self.known
        local = known.get(name)
        if local is None:
            local = self._learn(name)
        if not attributes.keys() <= known.keys():
            for each in attributes.keys() - known.keys():
                self._learn(each)
        if local:
            self.walker.start(local, attributes)

    def end(self, name: str) -> None:
        self.depth -= 1
        if local := self.known[name]:
            self.walker.end(local)

    def _learn(self, name: str) -> str:
        if len(self.known) >= MOST_NAMES:
            raise damaged()
        space, _blank, local = name.rpartition(" ")
        self.known[name] = local if space in SPREADSHEET else ""
        return self.known[name]
