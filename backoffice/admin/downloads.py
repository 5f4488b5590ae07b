"""Sending a file while it is made: named for people, a few at a time, and never half a file that looks whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Generator, Iterator
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import quote

from flask import Response, request, stream_with_context
from flask_security import current_user

from backoffice.admin.turns import Turns
from backoffice.i18n import gettext as _

# The connection pool has as many to spare beside those of the threads, and an export may take a second one.
AT_ONCE, OF_ONE = 4, 2
# More than a page of 25 rows and than a server keeps of an answer in memory, where a piece stands several times.
PIECE = 72 * 1024
MAX_NAME = 150


def send_while_made(chunks: Generator[bytes], mimetype: str, name: str) -> Response:
    """An answer that streams `chunks` as a file called `name`; NoTurn where it has to wait its turn."""
    turn = _Turn()
    response = Response(stream_with_context(turn.held_by(chunks)), mimetype=mimetype)
    # Also where nobody asks for the first chunk.
    response.call_on_close(turn.end)
    response.headers["Content-Disposition"] = _disposition(name)
    response.headers["X-Accel-Buffering"] = "no"
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return _whole(response)
    return response


class _Turn:
    """One of the exports that may run at once. A database that finds no row is not left by hanging up."""

    def __init__(self) -> None:
        self.turns, self.person = Turns.of("exports", most=AT_ONCE, each=OF_ONE), current_user.id
        self.turns.take(
            self.person,
            all_taken=_("%(number)s exports are being made just now. Try again in a minute.", number=self.turns.most),
            own_taken=_("%(number)s exports of yours are being made just now. Try again when one of them is done.",
                        number=self.turns.each),
        )  # fmt: skip
        self.over = False

    def held_by(self, chunks: Generator[bytes]) -> Iterator[bytes]:
        try:
            yield from _in_pieces(chunks)
        finally:
            self.end()

    def end(self) -> None:
        if not self.over:
            self.over = True
            self.turns.give_back(self.person)


def _in_pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The first chunk at once, the others together in pieces: servers keep small ones in memory."""
    yield next(chunks, b"")
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) >= PIECE:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _whole(response: Response) -> Response:
    """The same with its length, made before it is sent.

    HTTP/1.0, which some proxies speak, ends a file of unknown length by hanging up, whatever the reason.
    """
    file = TemporaryFile()  # noqa: SIM115 - closed with the answer
    response.call_on_close(file.close)
    try:
        for chunk in response.response:
            file.write(chunk)  # type: ignore[arg-type]  # what was streamed are bytes
    except BaseException:
        response.close()
        raise
    response.headers["Content-Length"] = str(file.tell())
    file.seek(0)
    response.response = _pieces(file)
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _disposition(name: str) -> str:
    """RFC 6266: the name as it is for browsers of this century, in ASCII for the others."""
    plain = _nameable(name)
    # Wide signs of Chinese keyboards become quotes and slashes here: what a name may not hold is taken out after it.
    ascii_only = _nameable(unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())
    text = f'attachment; filename="{ascii_only}"'
    return text if ascii_only == plain else f"{text}; filename*=UTF-8''{quote(plain, safe='')}"


def _nameable(name: str) -> str:
    """The name without what some system keeps out of file names, or what ends it in a header."""
    return "".join("-" if c in '\\/:*?"<>|' or not c.isprintable() else c for c in name)[-MAX_NAME:]
