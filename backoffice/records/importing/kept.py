"""Files that were uploaded to be imported: kept beside the uploads until their import is forgotten.

Every machine that works jobs off finds them there, as it finds the uploads. Each is a folder of its own under a name
that nobody guesses, with the file and what was found out about it.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.errors import BadInput, NotFound
from backoffice.models import Job
from backoffice.records.importing.layouts import Layout
from backoffice.records.importing.starting import CHECK
from backoffice.records.uploads import NotKept, readable_name

FOLDER = "imports"
PIECE = 256 * 1024
PORTION = 500
NAME = re.compile(r"[0-9a-f]{32}")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImportFile:
    """A file that was uploaded for the list `endpoint` by `staff_id`.

    So many `rows` were counted; where it is not the `whole`, there are more.
    """

    token: str
    name: str
    endpoint: str
    staff_id: int | None
    layout: dict[str, Any]
    rows: int
    whole: bool = True

    def read_layout(self) -> Layout:
        """How to read it."""
        return Layout.from_dict(self.layout)


def keep(uploads: Path, stream: IO[bytes], file_name: str, *, most: int) -> tuple[str, Path, str]:
    """Write the file down: its token, its place, and its name as people read it. BadInput where it is too large."""
    token = token_hex(16)
    folder = uploads / FOLDER / token
    try:
        folder.mkdir(parents=True)
        with (folder / "file").open("wb") as target:
            size = 0
            while piece := stream.read(PIECE):
                size += len(piece)
                if size > most:
                    raise _too_large(most)
                target.write(piece)
    except BadInput:
        drop(uploads, token)
        raise
    except OSError:
        _logger.exception("a file to be imported cannot be kept")
        drop(uploads, token)
        raise NotKept from None
    return token, folder / "file", readable_name(file_name)


def note(uploads: Path, found: ImportFile) -> None:
    """Write down what was found out about a file."""
    about = uploads / FOLDER / found.token / "about.json"
    about.write_text(json.dumps(asdict(found), ensure_ascii=False), encoding="utf-8")


def find(uploads: Path, token: str, endpoint: str, staff_id: int | None) -> ImportFile:
    """The file that this person uploaded for this list; NotFound for any other."""
    try:
        about = (path_of(uploads, token).parent / "about.json").read_text(encoding="utf-8")
        found = ImportFile(**json.loads(about))
    except (OSError, ValueError, TypeError):
        raise _gone() from None
    if (found.endpoint, found.staff_id) != (endpoint, staff_id):
        raise _gone()
    return found


def path_of(uploads: Path, token: str) -> Path:
    """Where the file is; NotFound where it is not there any more."""
    path = uploads / FOLDER / token / "file"
    if not NAME.fullmatch(token) or not path.is_file():
        raise _gone()
    return path


def drop(uploads: Path, token: str) -> None:
    """Take a file away."""
    shutil.rmtree(uploads / FOLDER / token, ignore_errors=True)


def prune(session: Session, before: datetime, uploads: Path, most: int = PORTION) -> int:
    """Take away the files uploaded before this moment whose import is no longer in the ledger; how many there were.

    What was found of their rows goes with the jobs themselves. At most so many go at once.
    """
    if not (uploads / FOLDER).is_dir():
        return 0
    kept = session.scalars(sa.select(Job.arguments).where(Job.kind == CHECK))
    known = {arguments.get("file") for arguments in kept}
    count = 0
    for folder in (uploads / FOLDER).iterdir():
        try:
            made = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        except FileNotFoundError:
            continue  # another process has just taken it away
        if NAME.fullmatch(folder.name) and folder.name not in known and made < before:
            drop(uploads, folder.name)
            count += 1
            if count == most:
                break
    return count


def _gone() -> NotFound:
    return NotFound(_("This file is not there any more. Upload it again."))


def _too_large(most: int) -> BadInput:
    return BadInput(
        _("This file is larger than %(limit)s MB. Send a smaller one, or have an operator raise UPLOADS_MB.",
          limit=most // 1024**2)
    )  # fmt: skip
