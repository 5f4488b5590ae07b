"""Copies of an SQLite database: taken while it is in use, verified, and put back whole or not at all.

SQLite's own backup reads one snapshot, the part that stands in the -wal file included, and writes in one transaction:
a restore that is killed is rolled back by whoever opens the database next.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from backoffice.errors import BadInput, ConfigurationError, Conflict

PREFIX, UNFINISHED, BROKEN = "backoffice-", ".unfinished-", "damaged"
# As `back_up` names them. What somebody else put beside them is neither counted nor swept away.
NAMED = re.compile(rf"{PREFIX}\d{{8}}-\d{{6}}-\d{{6}}-(?!{BROKEN}\.).+\.db")
# A step of the copy, after which its progress is told.
PAGES = 2_000
# What a killed backup left is swept away by a later one, when nobody can still be writing it.
LEFT_AFTER = 24 * 3600
# Whoever has the database open is told to let go of it, instead of being waited for.
PATIENCE = 2.0
DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")

# Hears how many pages of how many are done.
Progress = Callable[[int, int], object]


def _quietly(_done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Contents:
    """The schema's revision in a backup, and how many of its rows point to rows that are not there."""

    revision: str
    dangling: int


def database_file(url: sa.URL) -> Path | None:
    """The file of an SQLite database; None for a server, and for one that lives in memory."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database).absolute()


def back_up(database: Path, folder: Path, *, keep: int | None = None, progress: Progress = _quietly) -> Path:
    """Write a verified copy into the folder, named after the moment and its revision; the newest `keep` stay there."""
    _require(database)
    with _telling(f"{database} could not be copied into {folder}"), closing(_open(database, "rw")) as source:
        made = _keep_copy(source, folder, progress=progress)
    if keep is not None:
        for old in kept(folder)[keep:]:
            old.unlink(missing_ok=True)
    return made


def back_up_as(database: Path, target: Path, *, progress: Progress = _quietly) -> Path:
    """Write a verified copy under a name of the operator's own, which must not be taken."""
    _require(database)
    with _telling(f"{database} could not be copied to {target}"):
        is_taken = target.exists()
    if is_taken:
        raise Conflict(f"There is a file {target} already. Choose another name, or move it away.")
    with _telling(f"{database} could not be copied to {target}"), closing(_open(database, "rw")) as source:
        return _keep_copy(source, target.absolute().parent, name=target.name, progress=progress)


def kept(folder: Path) -> list[Path]:
    """The backups that `back_up` left in the folder, newest first; not what a restore kept of a damaged database."""
    return sorted((f for f in folder.glob(f"{PREFIX}*.db") if NAMED.fullmatch(f.name) and f.is_file()), reverse=True)


def examine(backup: Path, known: Collection[str]) -> Contents:
    """What a backup holds; BadInput where it is damaged, none of ours or of a version that is not known here."""
    _require(backup)
    with _telling(f"{backup} cannot be read as a backup"), closing(_open(backup, "ro")) as connection:
        contents = _contents(connection)
    if contents is None:
        raise BadInput(f"{backup} is damaged, or no database. Restore another backup.")
    if not contents.revision:
        raise BadInput(f"{backup} is no backup of Backoffice: it holds none of its tables.")
    if contents.revision not in known:
        raise BadInput(
            f"{backup} is at revision {contents.revision}, which this version does not know. "
            "Restore it with the version that made it, or a newer one."
        )
    return contents


def restore(
    backup: Path, database: Path, folder: Path, *, known: Collection[str], progress: Progress = _quietly
) -> Path | None:
    """Put a backup in the place of the database, which nobody may have open; gives where what was there is kept.

    Until it is complete the database is what it was, whenever this is killed.
    """
    examine(backup, known)
    if database.exists() and backup.samefile(database):
        raise BadInput(f"{backup} is the database itself. Name a backup.")
    with _telling(f"{backup} could not be restored to {database}"):
        live, former = _take_over(database, folder)
        with closing(live), closing(_open(backup, "ro")) as source:
            _copy(source, live, progress)
            if _contents(live) is None:
                raise ConfigurationError(f"{database} is damaged after the restore: check its disk. Before: {former}")
            # Leaves no journal behind, and the database to all.
            live.execute("PRAGMA locking_mode = NORMAL")
            live.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return former


def _take_over(database: Path, folder: Path) -> tuple[sqlite3.Connection, Path | None]:
    """The database, held alone, and the copy of what it holds; one that cannot be read is moved aside."""
    if not database.exists():
        return _open(database, "rwc"), None
    live = _open(database, "rw", PATIENCE)
    try:
        _hold(live, database)
        return live, _keep_copy(live, folder, verified=False)
    except sqlite3.DatabaseError as problem:
        live.close()
        if not _is_damage(problem):
            raise
        former = _move_aside(database)
        return _open(database, "rwc"), former
    except BaseException:
        live.close()
        raise


def _hold(live: sqlite3.Connection, database: Path) -> None:
    """Lock everybody out until the connection is closed.

    SQLite leaves WAL mode only when no other connection has the file open, however idle: so those are found out too.
    """
    try:
        live.execute("PRAGMA journal_mode = DELETE").fetchone()
        live.execute("PRAGMA locking_mode = EXCLUSIVE")
        live.execute("BEGIN EXCLUSIVE")
        live.execute("COMMIT")
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Conflict(
                f"{database} is in use. Stop the service, its workers and whatever else has it open, then try again."
            ) from None
        raise


def _move_aside(database: Path) -> Path:
    """Rename what is no database any more, its -wal first, which would otherwise be played into the next one."""
    aside = database.with_name(f"{database.name}.damaged-{_now()}")
    for suffix in ("-wal", "-shm", "-journal", ""):
        with suppress(FileNotFoundError):
            Path(f"{database}{suffix}").rename(f"{aside}{suffix}")
    return aside


def _keep_copy(
    source: sqlite3.Connection, folder: Path, *, name: str = "", verified: bool = True, progress: Progress = _quietly
) -> Path:
    """Copy aside, look whether it is whole, and only then give it its name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder)
    # Readable by its owner alone from the beginning.
    descriptor, made = tempfile.mkstemp(prefix=UNFINISHED, dir=folder)
    os.close(descriptor)
    aside = Path(made)
    try:
        with closing(_open(aside, "rw")) as target:
            target.execute("PRAGMA synchronous = OFF")
            _copy(source, target, progress)
            # One file that needs no other beside it.
            target.execute("PRAGMA journal_mode = DELETE")
            contents = _contents(target)
        if verified and contents is None:
            raise ConfigurationError(
                "The database is damaged, so no backup was made of it. "
                "Restore the newest one from before: flask ops restore FILE"
            )
        revision = (contents.revision if contents else BROKEN) or "empty"
        named = folder / (name or f"{PREFIX}{_now()}-{revision}.db")
        _sync(aside)
        aside.replace(named)
        _sync_folder(folder)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{aside}{suffix}").unlink(missing_ok=True)
    return named


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, progress: Progress) -> None:
    # Held from the first page to the last: a copy in steps would begin again at every change of the source.
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=PAGES, progress=lambda _status, left, total: progress(total - left, total))
    finally:
        source.execute("ROLLBACK")


def _contents(connection: sqlite3.Connection) -> Contents | None:
    """What the database holds; None where it is damaged."""
    try:
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            return None
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        ours = {"alembic_version", "user"} <= tables
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if ours else None
        [dangling] = connection.execute("SELECT count(*) FROM pragma_foreign_key_check").fetchone()
    except sqlite3.DatabaseError as problem:
        if _is_damage(problem):
            return None
        raise
    return Contents(row[0] if row else "", dangling)


def _is_damage(problem: sqlite3.Error) -> bool:
    return getattr(problem, "sqlite_errorname", "").startswith(DAMAGED)


def _open(path: Path, mode: str, timeout: float = 15.0) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=timeout)


def _require(file: Path) -> None:
    with _telling(f"{file} cannot be read"):
        is_there = file.is_file()
    if not is_there:
        raise BadInput(f"There is no file {file}.")


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT_AFTER:
                left.unlink()


def _sync(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    # Windows opens no folder, and needs no such thing.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _now() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Say what the disk or SQLite says: neither names rows or statements here."""
    try:
        yield
    except sqlite3.Error as problem:
        raise ConfigurationError(
            f"{what} ({problem}). Check that it is there, readable, and the disk has room."
        ) from None
    except OSError as problem:
        raise ConfigurationError(
            f"{what} ({problem.strerror}). Check the folder's rights, and that the disk has room."
        ) from None
