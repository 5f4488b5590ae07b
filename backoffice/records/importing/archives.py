"""A zip that nobody vouches for: its directory is checked before anything is unpacked, and what comes out as well.

A directory may name a million parts, claim terabytes, let parts share the same packed bytes, or claim less than there
is. The standard library reads the directory at once and stops a part at the size it was told; the rest is here.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from flask_babel import gettext as _

from backoffice.errors import BadInput
from backoffice.records.importing.bounds import MEGABYTE, Bounds

PIECE = 64 * 1024
# Small parts may be packed as well as they like: of a table's frame, nearly all is the same in every file.
HARMLESS = MEGABYTE
LOCAL_HEADER = 30
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
          OverflowError)  # fmt: skip


class Archive:
    """The parts of a zip, to be read in pieces."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = frozenset(archive.namelist())

    def size(self, name: str) -> int:
        """What a part comes to, as the directory says."""
        return self.archive.getinfo(name).file_size

    def pieces(self, name: str) -> Generator[bytes]:
        """A part, unpacked piece by piece; never more than the directory says."""
        if name not in self.names:
            raise damaged()
        try:
            left = self.size(name)
            with self.archive.open(name) as part:
                while piece := part.read(PIECE):
                    left -= len(piece)
                    if left < 0:
                        raise damaged()
                    yield piece
        except DAMAGE:
            raise damaged() from None


@contextmanager
def opened(path: Path, bounds: Bounds) -> Iterator[Archive]:
    """The zip at `path`, once its directory is within the bounds."""
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(cast(IO[bytes], _Careful(file, bounds)))
        except DAMAGE:
            raise damaged() from None
        with archive:
            _check(archive.infolist(), path.stat().st_size, bounds)
            yield Archive(archive)


class _Careful(io.BufferedIOBase):
    """A file of which no great amount is read at once: a zip's directory is, whatever its size."""

    def __init__(self, file: IO[bytes], bounds: Bounds) -> None:
        self.file = file
        self.bounds = bounds

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MEGABYTE:
            raise _too_many_parts(self.bounds)
        return self.file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def _check(parts: list[zipfile.ZipInfo], size: int, bounds: Bounds) -> None:
    """Refuse what is encrypted, overlaps, or would be too much."""
    if len(parts) > bounds.parts:
        raise _too_many_parts(bounds)
    if any(part.flag_bits & 1 for part in parts):
        raise BadInput(_("The workbook has a password. Save it without one."))
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise damaged()
    # A part that is named twice has two contents.
    if len({part.filename for part in parts}) < len(parts):
        raise damaged()
    end = 0
    for part in sorted(parts, key=lambda part: part.header_offset):
        if part.header_offset < end:
            raise damaged()
        end = part.header_offset + LOCAL_HEADER + part.compress_size
    if end > size:
        raise damaged()
    swollen = any(part.file_size > max(HARMLESS, part.compress_size * bounds.ratio) for part in parts)
    if swollen or sum(part.file_size for part in parts) > bounds.unpacked:
        raise BadInput(
            _("Unpacked, the workbook is too large: at most %(most)s MB are taken, and at most %(ratio)s times its "
              "size. Divide it into several files, or save it as CSV.",
              most=f"{bounds.unpacked // MEGABYTE:,}", ratio=f"{bounds.ratio:,}")
        )  # fmt: skip


def _too_many_parts(bounds: Bounds) -> BadInput:
    return BadInput(
        _("The workbook has more than %(most)s parts. Copy the sheet alone into a new workbook.",
          most=f"{bounds.parts:,}")
    )  # fmt: skip


def damaged() -> BadInput:
    """The refusal of a workbook that is none, or no whole one."""
    return BadInput(_("The workbook is damaged. Open it in a spreadsheet and save it anew as .xlsx, or as CSV."))
