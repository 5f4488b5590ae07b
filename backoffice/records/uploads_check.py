"""Whether the uploads folder holds what the table says, no less and no more."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import Upload
from backoffice.records.uploads import INCOMING

BATCH = 500
# A file on its way is no finding; what lies there for longer was left by a crash.
LEFT_AFTER = 24 * 3600


class Finding(NamedTuple):
    """What is wrong with one file: `missing`, `changed`, `unknown` or `left`."""

    fault: str
    name: str
    told: str


def check(session: Session, folder: Path) -> Iterator[Finding]:
    """Every row without its file or with another one, then every file without a row."""
    yield from _rows(session, folder)
    yield from _files(session, folder)


def _rows(session: Session, folder: Path) -> Iterator[Finding]:
    last = 0
    while rows := session.execute(
        sa.select(Upload.id, Upload.name, Upload.file_name, Upload.sha256)
        .where(Upload.id > last).order_by(Upload.id).limit(BATCH)
    ).all():  # fmt: skip
        for row in rows:
            digest = _digest(folder / row.name)
            if digest is None:
                yield Finding("missing", row.name, row.file_name)
            elif digest != row.sha256:
                yield Finding("changed", row.name, row.file_name)
        last = rows[-1].id
        # No snapshot is held while files are read.
        session.rollback()


def _files(session: Session, folder: Path) -> Iterator[Finding]:
    with os.scandir(folder) as entries:
        while batch := list(islice(entries, BATCH)):
            # Files to be imported are kept beside these, in a folder of their own.
            names = [entry.name for entry in batch if not (entry.name.startswith(INCOMING) or entry.is_dir())]
            known = set(session.scalars(sa.select(Upload.name).where(Upload.name.in_(names))))
            session.rollback()
            yield from (Finding("unknown", name, "") for name in sorted(set(names) - known))
            left = (entry for entry in batch if entry.name.startswith(INCOMING))
            yield from (Finding("left", entry.name, "") for entry in left if _is_old(entry))


def _is_old(entry: os.DirEntry[str]) -> bool:
    return time.time() - entry.stat().st_mtime > LEFT_AFTER


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
