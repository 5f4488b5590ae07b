"""Which rows of a sheet have merged cells: a value stands in the first of these alone, whatever is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

from flask_babel import gettext as _

from backoffice.errors import BadInput
from backoffice.records.importing.archives import Archive, damaged
from backoffice.records.importing.markup import walk

MOST = 100_000
_MERGED = b"mergeCell "
_RANGE = re.compile(r"\$?[A-Z]{1,3}\$?([0-9]{1,7})(?::\$?[A-Z]{1,3}\$?([0-9]{1,7}))?", re.ASCII)


class Merges:
    """The rows that merged cells reach into, asked in ascending order."""

    def __init__(self, archive: Archive, part: str) -> None:
        self.spans: Iterator[tuple[int, int, str]] = iter(sorted(_spans(archive, part)))
        self.next: tuple[int, int, str] | None = next(self.spans, None)
        self.last, self.name = 0, ""

    def problem(self, row: int) -> str | None:
        """What is wrong with this row, if merged cells reach into it."""
        while self.next is not None and self.next[0] <= row:
            if self.next[1] > self.last:
                _first, self.last, self.name = self.next
            self.next = next(self.spans, None)
        if row > self.last:
            return None
        return str(
            _("The merged cells %(range)s reach into this row, and only the first of them has a value. Divide them, "
              "and write the value into each.", range=self.name)
        )  # fmt: skip


def _spans(archive: Archive, part: str) -> list[tuple[int, int, str]]:
    """First row, last row and address of all merged cells. They stand behind the rows, and most sheets have none."""
    if not _mentioned(archive, part):
        return []
    walker = _Walker()
    for _piece in walk(archive.pieces(part), walker):
        if len(walker.spans) > MOST:
            raise BadInput(_("The sheet has more than %(most)s merged cells. Divide them.", most=f"{MOST:,}"))
    return walker.spans


def _mentioned(archive: Archive, part: str) -> bool:
    """Whether the bytes of the sheet name any: unpacking them takes a tenth of what reading them takes."""
    before = b""
    with closing(archive.pieces(part)) as pieces:
        for piece in pieces:
            if _MERGED in before + piece:
                return True
            before = piece[-len(_MERGED) :]
    return False


class _Walker:
    def __init__(self) -> None:
        self.spans: list[tuple[int, int, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A range of merged cells."""
        if name != "mergeCell":
            return
        found = _RANGE.fullmatch(attributes.get("ref", ""))
        if found is None:
            raise damaged()
        first = int(found[1])
        self.spans.append((first, int(found[2] or first), found[0]))

    def end(self, name: str) -> None:
        """Nothing."""

    def text(self, data: str) -> None:
        """Nothing."""
