"""Keeping uploaded files: whole or not at all, under a name made of their content, each content once."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.errors import BackofficeError, BadInput, ConfigurationError, NotFound
from backoffice.models import Upload
from backoffice.records.markdown import UPLOADS
from backoffice.records.sniffing import file_type
from backoffice.records.transactions import committing

PIECE = 256 * 1024
# Files on their way, and what a crash left of them.
INCOMING = ".incoming-"
# Half of a SHA-256: nobody finds two files of one name, and the name stays short enough to write.
NAME_LENGTH, MAX_FILE_NAME = 32, 200


_logger = logging.getLogger(__name__)


class NotKept(BackofficeError):
    """The disk takes no file: it is full, or no longer there."""

    status = 507

    def __init__(self) -> None:
        super().__init__(_("The server cannot keep files just now. Tell an operator: its log says why."))


def prepare(folder: Path) -> None:
    """Make the folder, and make sure that this process can write there; ConfigurationError says what to do."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(prefix=INCOMING, dir=folder):
            pass
    except OSError as problem:
        raise ConfigurationError(
            f"Uploaded files cannot be kept in {folder} ({problem.strerror}). "
            "Set UPLOADS_PATH to a folder that this account may write to, or give it the right to write there."
        ) from None


def keep(
    session: Session, folder: Path, stream: IO[bytes], file_name: str, *, most: int, staff_id: int | None
) -> Upload:
    """Take a file: its row, new or the one that the same content already has. BadInput says why one is refused."""
    shown = readable_name(file_name)
    digest, size = _measured(stream, most)
    kind = file_type(stream, shown)
    known = _of_content(session, digest)
    name = known.name if known else f"{digest[:NAME_LENGTH]}.{kind.ending}"
    # Also where there is a row: a file that was lost or spoilt is put right by bringing it again.
    try:
        _write(folder, name, stream)
    except OSError:
        _logger.exception("an upload cannot be kept")
        raise NotKept from None
    return known or _note(
        session,
        Upload(
            name=name, file_name=shown, media_type=kind.media_type, size=size, sha256=digest, staff_id=staff_id
        ),
    )  # fmt: skip


def find(session: Session, name: str) -> Upload:
    """The upload that texts call by this name."""
    found = session.scalars(sa.select(Upload).where(Upload.name == name)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such file. Check the address, or upload it again."))
    return found


def markdown_of(upload: Upload, file_name: str) -> str:
    """What to write into a text: a picture with the name as its description, any other file as a link."""
    name = readable_name(file_name)
    words = re.sub(r"([\\\[\]`*_<>&!])", r"\\\1", name.rpartition(".")[0] or name if upload.is_image else name)
    return f"{'!' if upload.is_image else ''}[{words}]({UPLOADS}{upload.name})"


def readable_name(file_name: str) -> str:
    """A file's own name without its folders and without what nobody sees; it names nothing on our disk."""
    name = re.split(r"[/\\]", file_name)[-1]
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    stem, dot, ending = name.rpartition(".")
    return (stem[: MAX_FILE_NAME - len(ending) - 1] + dot + ending)[:MAX_FILE_NAME] or _("File")


def _measured(stream: IO[bytes], most: int) -> tuple[str, int]:
    """The SHA-256 and the size of a file; refused where it is empty or too large."""
    digest, size = sha256(), 0
    stream.seek(0)
    while piece := stream.read(PIECE):
        digest.update(piece)
        size += len(piece)
        if size > most:
            raise BadInput(
                _("This file is larger than %(limit)s MB. Send a smaller one, or have an operator raise UPLOADS_MB.",
                  limit=most // 1024**2)
            )  # fmt: skip
    if not size:
        raise BadInput(_("This file is empty. Choose one with something in it."))
    return digest.hexdigest(), size


def _of_content(session: Session, digest: str) -> Upload | None:
    return session.scalars(sa.select(Upload).where(Upload.sha256 == digest)).one_or_none()


def _write(folder: Path, name: str, stream: IO[bytes]) -> None:
    """Aside first, and on the disk before anybody relies on it: the name never stands for less than the whole."""
    descriptor, aside = tempfile.mkstemp(prefix=INCOMING, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            stream.seek(0)
            while piece := stream.read(PIECE):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        # Whoever backs the folder up or serves it need not be this account.
        os.chmod(aside, 0o640)
        os.replace(aside, folder / name)
    finally:
        Path(aside).unlink(missing_ok=True)
    _settle(folder)


def _settle(folder: Path) -> None:
    """Have the folder itself written; Windows knows no such thing."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _note(session: Session, upload: Upload) -> Upload:
    """Add the row; where somebody has brought the same file a moment before, theirs is the one."""
    digest = upload.sha256
    try:
        with committing(session):
            session.add(upload)
    except sa.exc.IntegrityError:
        known = _of_content(session, digest)
        if known is None:
            raise
        return known
    return upload
