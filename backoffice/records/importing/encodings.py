"""The characters of a text file: which encoding its bytes are in, and its text in pieces.

The whole file is decoded before any of it is believed: a wrong guess is silent in most of a file and loud in one name.
So what is nearly UTF-8 is refused as damaged UTF-8 and not taken for something else, and what could be GB18030 has to
look like Chinese in it, because most of Western Europe's and Japan's old encodings could be as well.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from flask_babel import gettext as _

from backoffice.errors import BadInput

PIECE = 64 * 1024
UTF_8, GB18030 = "utf-8", "gb18030"
UTF_16 = ("utf-16-le", "utf-16-be")
# UTF-32's begins like UTF-16's, and is looked for first.
MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF16_LE, UTF_16[0]),
    (codecs.BOM_UTF16_BE, UTF_16[1]),
)
MARK = "\ufeff"
# How many characters tell whether a text is Chinese, and the share of them that the oldest Chinese set has to hold.
TELLING, SHARE = 10_000, 0.6
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_PARTING = re.compile(r"[\r\n,;\t|]")


def encoding_of(path: Path) -> str:
    """The encoding that the whole file is in, by Python's name; a BadInput names the fix."""
    with path.open("rb") as file:
        head = file.read(PIECE)
    marked = next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)
    for encoding in _candidates(head) if marked is None else filter(None, [marked]):
        failed_at = _first_failure(path, encoding)
        if failed_at is None:
            if encoding != GB18030 or _is_chinese(path):
                return encoding
        elif encoding != GB18030 and (marked or encoding != UTF_8 or _is_damaged(path, failed_at)):
            raise BadInput(
                _("The text is broken: byte %(place)s is no part of a character in %(encoding)s. The file may have "
                  "been cut off. Save it anew as “CSV UTF-8” in the program it comes from.",
                  place=f"{failed_at + 1:,}", encoding=encoding.upper())
            )  # fmt: skip
    raise _unknown()


def pieces(path: Path, encoding: str) -> Iterator[str]:
    """The text in pieces, without the mark at its beginning."""
    decoder = codecs.getincrementaldecoder(encoding)()
    at_beginning = True
    try:
        with path.open("rb") as file:
            while data := file.read(PIECE):
                text = decoder.decode(data)
                if text and at_beginning:
                    text, at_beginning = text.removeprefix(MARK), False
                yield text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _unknown() from None


def _candidates(head: bytes) -> tuple[str, ...]:
    """What a file without a mark may be in, likeliest first. No text but UTF-16's is full of zero bytes."""
    zeros = head.count(0)
    if not zeros:
        return UTF_8, GB18030
    is_full = zeros * 10 > len(head)
    if not is_full and _is_utf_8(head):
        return UTF_8, GB18030
    # Read with its bytes the wrong way round, it has none of the signs that part cells and lines.
    texts = {encoding: head[: len(head) // 2 * 2].decode(encoding, "replace") for encoding in UTF_16}
    encoding = max(UTF_16, key=lambda encoding: len(_PARTING.findall(texts[encoding])))
    if _PARTING.search(texts[encoding]) and "\0" not in texts[encoding]:
        return (encoding,)
    if is_full:
        raise _unknown()
    return UTF_8, GB18030


def _is_utf_8(head: bytes) -> bool:
    """Whether this could be the beginning of a text in UTF-8."""
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _first_failure(path: Path, encoding: str) -> int | None:
    """Where the file stops being text in this encoding, in bytes; None where it is all text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    decoded = 0
    with path.open("rb") as file:
        while True:
            data = file.read(PIECE)
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                return decoded - waiting + error.start
            if not data:
                return None
            decoded += len(data)


def _is_damaged(path: Path, failed_at: int) -> bool:
    """Whether what fails as UTF-8 is UTF-8 all the same: before and after, more of it fits than does not."""
    with path.open("rb") as file:
        file.seek(max(0, failed_at - PIECE))
        around = file.read(2 * PIECE)
    # Cut anywhere, it may begin and end within a character.
    text = around.decode(UTF_8, "replace")
    wrong = text.count("\ufffd")
    right = len(_BEYOND_ASCII.findall(text)) - wrong
    return right > 0 and right >= wrong


def _is_chinese(path: Path) -> bool:
    """Whether a text of GB18030 is likely one: most of its characters are those of the set that everybody uses."""
    seen = common = 0
    for piece in pieces(path, GB18030):
        for sign in _BEYOND_ASCII.findall(piece):
            written = sign.encode(GB18030)
            if len(written) == 2:
                seen += 1
                common += min(written) >= 0xA1
        if seen > TELLING:
            break
    return common >= seen * SHARE


def _unknown() -> BadInput:
    return BadInput(
        _("The text of this file is in none of the encodings that are read: UTF-8, UTF-16 and GB18030. Save it as "
          "“CSV UTF-8” in a spreadsheet, or with the encoding UTF-8 in an editor.")
    )  # fmt: skip
