"""What an uploaded file is, by its content: its name and what the browser says of it are only believed where both
mean the same bytes, as with the kinds of text.

Nothing is decoded: a picture is as large as its file here, whatever dimensions it claims. What a file holds beside its
kind (a script behind the first bytes of a GIF, say) is harmless by the way it is served, see admin/writing.py.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import IO, NamedTuple

from flask_babel import gettext as _

from backoffice.errors import BadInput


class FileType(NamedTuple):
    """A media type and the ending that files of it get here."""

    media_type: str
    ending: str


IMAGES = (
    FileType("image/png", "png"),
    FileType("image/jpeg", "jpg"),
    FileType("image/gif", "gif"),
    FileType("image/webp", "webp"),
    FileType("image/avif", "avif"),
)
PDF = FileType("application/pdf", "pdf")
# The same bytes by several names: which one is meant only the file's name can tell.
TEXTS = {
    "txt": FileType("text/plain", "txt"),
    "md": FileType("text/markdown", "md"),
    "csv": FileType("text/csv", "csv"),
}
_OOXML, _ODF = "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."
ARCHIVES = {
    "zip": FileType("application/zip", "zip"),
    "docx": FileType(_OOXML + "wordprocessingml.document", "docx"),
    "xlsx": FileType(_OOXML + "spreadsheetml.sheet", "xlsx"),
    "pptx": FileType(_OOXML + "presentationml.presentation", "pptx"),
    "odt": FileType(_ODF + "text", "odt"),
    "ods": FileType(_ODF + "spreadsheet", "ods"),
    "odp": FileType(_ODF + "presentation", "odp"),
}
ENDINGS = (*(kind.ending for kind in (*IMAGES, PDF)), *TEXTS, *ARCHIVES)
_MARKUP = re.compile(r"\s*<[a-z!?/]", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
HEAD, PIECE = 8192, 64 * 1024


def file_type(stream: IO[bytes], file_name: str) -> FileType:
    """The type of a file's content; BadInput with what is taken where it is none of those."""
    ending = file_name.rpartition(".")[2].lower()
    stream.seek(0)
    head = stream.read(HEAD)
    if ending in TEXTS and not _binary(head):
        _check_text(stream)
        return TEXTS[ending]
    found = _binary(head)
    if found == ARCHIVES["zip"]:
        return ARCHIVES.get(ending, found)
    if found is None:
        raise _refusal()
    return found


def _binary(head: bytes) -> FileType | None:
    """The type that the first bytes tell, among those that are taken."""
    # Its list of all types there are is a megabyte: only a file that comes needs it.
    import puremagic

    try:
        told = {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return None
    found = next((kind for kind in (*IMAGES, PDF) if kind.media_type in told and _BEGINNINGS[kind.ending](head)), None)
    return found or (ARCHIVES["zip"] if head.startswith(b"PK\x03\x04") and "application/zip" in told else None)


# What a browser goes by. The library also knows looser signs, such as a PDF's anywhere near the start.
_BEGINNINGS: dict[str, Callable[[bytes], bool]] = {
    "png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "jpg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "gif": lambda head: head.startswith((b"GIF87a", b"GIF89a")),
    "webp": lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP",
    "avif": lambda head: head[4:12] in (b"ftypavif", b"ftypavis"),
    "pdf": lambda head: head.startswith(b"%PDF-"),
}


def _check_text(stream: IO[bytes]) -> None:
    """Refuse what is no UTF-8 text, or a page in disguise."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    stream.seek(0)
    first = True
    try:
        while piece := stream.read(PIECE):
            text = decoder.decode(piece)
            if _CONTROLS.search(text) or (first and _MARKUP.match(text)):
                raise _refusal()
            first = False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadInput(_("This text is not in UTF-8. Save it as UTF-8 in the program it comes from.")) from None


def _refusal() -> BadInput:
    return BadInput(_("Files of this kind are not taken. Taken are: %(endings)s.", endings=", ".join(ENDINGS).upper()))
