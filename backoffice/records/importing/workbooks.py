"""What a workbook is made of beside its sheets: which sheets there are, its calendar, its styles and its texts."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import join, normpath
from tempfile import SpooledTemporaryFile
from typing import IO

from flask_babel import gettext as _

from backoffice.errors import BadInput
from backoffice.records.importing.archives import Archive, damaged
from backoffice.records.importing.bounds import MEGABYTE, Bounds
from backoffice.records.importing.layouts import without_halves
from backoffice.records.importing.markup import Walker, walk
from backoffice.records.importing.quantities import BUILT_IN, Style, style_of

# Sheets and texts are read in pieces; of the rest of a workbook all is kept that counts, and it is small.
MOST_OF_FRAME = 16 * MEGABYTE
IN_MEMORY = 4 * MEGABYTE
OFFSET = struct.Struct("<Q")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Sheet:
    """A sheet by the name on its tab, and the part of the zip that it is."""

    name: str
    part: str
    is_hidden: bool


@dataclass(frozen=True)
class Workbook:
    """A workbook as far as reading its cells takes it; `shared` and `styles` are parts, where it has them."""

    sheets: tuple[Sheet, ...]
    is_1904: bool
    shared: str | None
    styles: tuple[Style, ...]


def read_workbook(archive: Archive) -> Workbook:
    """The workbook of a zip; a BadInput tells what else the zip is."""
    root = _relations(archive, "")
    main = next((target for kind, target in root.values() if kind == "officeDocument"), "xl/workbook.xml")
    if main.endswith(".bin") or main not in archive.names:
        raise BadInput(_("This is no Excel workbook that can be read. Open it in a spreadsheet and save it as .xlsx."))
    related = _relations(archive, main)
    by_kind = dict(related.values())
    walker = _Book()
    _through(archive, main, walker)
    sheets = tuple(
        Sheet(name, related[identity][1], is_hidden)
        for name, identity, is_hidden in walker.sheets
        if identity in related and related[identity][0] == "worksheet" and related[identity][1] in archive.names
    )
    return Workbook(sheets, walker.is_1904, _present(archive, by_kind.get("sharedStrings")),
                    _styles(archive, _present(archive, by_kind.get("styles"))))  # fmt: skip


def plain(text: str) -> str:
    """A text as it is kept, with the characters that XML cannot have: `_x0007_` is one, `_x005F_` an underscore."""
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), text)
    # Two halves that were written one by one are a character.
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


# -- the frame ---------------------------------------------------------------------------------------------------------


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """What a part leads to, by the identity it uses: the last word of its kind, and the part."""
    folder, _slash, name = part.rpartition("/")
    source = join(folder, "_rels", f"{name}.rels")
    if source not in archive.names:
        return {}
    walker = _Relations()
    _through(archive, source, walker)
    # A target that begins with a slash leads from the zip's root.
    return {each: (kind, normpath(join("/", folder, target)).lstrip("/")) for each, kind, target in walker.found}


def _present(archive: Archive, part: str | None) -> str | None:
    return part if part in archive.names else None


def _through(archive: Archive, part: str, walker: Walker) -> None:
    if archive.size(part) > MOST_OF_FRAME:
        raise damaged()
    for _piece in walk(archive.pieces(part), walker):
        pass


class _Silent:
    """A walker that looks at nothing yet."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Nothing."""

    def end(self, name: str) -> None:
        """Nothing."""

    def text(self, data: str) -> None:
        """Nothing."""


class _Relations(_Silent):
    def __init__(self) -> None:
        self.found: list[tuple[str, str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            self.found.append((attributes.get("Id", ""), kind, attributes.get("Target", "")))


class _Book(_Silent):
    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.is_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self.is_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet":
            identity = next((value for key, value in attributes.items() if key.endswith("/relationships id")), "")
            is_hidden = attributes.get("state", "visible") != "visible"
            # Excel writes no halves of characters; whoever does gets a name that pages and files can hold.
            name = without_halves(plain(attributes.get("name", "")))
            self.sheets.append((name, identity, is_hidden))


# -- styles ------------------------------------------------------------------------------------------------------------


def _styles(archive: Archive, part: str | None) -> tuple[Style, ...]:
    """What each style of the workbook makes of a number."""
    if part is None:
        return ()
    walker = _Styles()
    _through(archive, part, walker)
    own = {number: style_of(code) for number, code in walker.codes.items()}
    return tuple(own.get(number) or BUILT_IN.get(number, Style.NUMBER) for number in walker.numbers)


class _Styles(_Silent):
    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.numbers: list[str] = []
        self.in_use = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "cellXfs":
            self.in_use = True
        elif name == "numFmt":
            self.codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:1_000]
        elif name == "xf" and self.in_use:
            self.numbers.append(attributes.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.in_use = False


# -- texts -------------------------------------------------------------------------------------------------------------


class SharedTexts:
    """The texts that cells share, by their numbers: on the disk, since they may be all of a large file."""

    def __init__(self, archive: Archive, part: str | None, bounds: Bounds) -> None:
        self.bounds = bounds
        self.texts: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self.offsets: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self.count = 0
        try:
            if part is not None:
                self._keep(archive.pieces(part))
        except BaseException:
            self.close()
            raise

    def __getitem__(self, number: int) -> str:
        """The text of a number; IndexError where there is none. One that is too long is one character longer."""
        if not 0 <= number < self.count:
            raise IndexError
        self.offsets.seek(number * OFFSET.size)
        start, end = struct.unpack("<2Q", self.offsets.read(2 * OFFSET.size))
        self.texts.seek(start)
        return self.texts.read(end - start).decode("utf-8", "surrogatepass")

    def close(self) -> None:
        """Let the disk have its room back."""
        self.texts.close()
        self.offsets.close()

    def _keep(self, pieces: Iterator[bytes]) -> None:
        walker = _Texts(self.bounds)
        end = 0
        self.offsets.write(OFFSET.pack(end))
        for _piece in walk(pieces, walker):
            for text in walker.found:
                written = text.encode("utf-8", "surrogatepass")
                self.texts.write(written)
                end += len(written)
                self.offsets.write(OFFSET.pack(end))
            self.count += len(walker.found)
            walker.found.clear()


class _Texts(_Silent):
    """The texts of shared strings, of which a rich one comes in runs, and without how it is pronounced."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.found: list[str] = []
        self.run = Run(bounds)

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as the others
        if name == "si":
            self.run = Run(self.bounds)
        else:
            self.run.start(name)

    def end(self, name: str) -> None:
        if name == "si":
            self.found.append(plain(self.run.written()))
        else:
            self.run.end(name)

    def text(self, data: str) -> None:
        self.run.add(data)


class Run:
    """The text between some tags, as far as the bound on a cell and one character more."""

    __slots__ = ("parts", "room", "spoken", "taking")

    def __init__(self, bounds: Bounds) -> None:
        self.room = bounds.cell + 1
        self.parts: list[str] = []
        self.taking = self.spoken = False

    def start(self, name: str) -> None:
        """A tag within it begins."""
        if name == "rPh":
            self.spoken = True
        self.taking = name == "t" and not self.spoken

    def end(self, name: str) -> None:
        """A tag within it ends."""
        if name == "rPh":
            self.spoken = False
        self.taking = False

    def add(self, data: str) -> None:
        """Some text."""
        if self.taking and self.room > 0:
            self.parts.append(data if len(data) <= self.room else data[: self.room])
            self.room -= len(data)

    def written(self) -> str:
        """What was taken."""
        return "".join(self.parts)
