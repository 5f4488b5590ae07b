"""Backups of SQLite are whole and private; a restore leaves the old database or the new one, never a mixture."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from backoffice.config import ROOT
from backoffice.errors import BadInput, ConfigurationError, Conflict
from backoffice.operations import backups

KNOWN = {"0001", "0002"}
ROWS = 5_000


def make(path: Path, word: str, *, revision: str = "0001") -> Path:
    """A database that could be ours, in WAL mode, whose rows all say the same word."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            'PRAGMA journal_mode = WAL; CREATE TABLE "user" (id INTEGER PRIMARY KEY, name TEXT);'
            "CREATE TABLE alembic_version (version_num TEXT)"
        )
        connection.execute("INSERT INTO alembic_version VALUES (?)", [revision])
        connection.execute("BEGIN")
        connection.executemany('INSERT INTO "user" (name) VALUES (?)', ((word * 50,) for _row in range(ROWS)))
        connection.execute("COMMIT")
    return path


def words(path: Path) -> set[str]:
    """The word of a database, after it has been found to be whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute('SELECT count(*) FROM "user"').fetchone() == (ROWS,)
        return {name[:3] for (name,) in connection.execute('SELECT DISTINCT name FROM "user"')}


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """The database in use."""
    return make(tmp_path / "live.db", "old")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup to restore."""
    return backups.back_up_as(make(tmp_path / "made.db", "new"), tmp_path / "backup.db")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where backups are kept."""
    return tmp_path / "kept"


def test_a_backup_holds_what_is_committed_and_not_yet_in_the_main_file(live: Path, folder: Path) -> None:
    with closing(sqlite3.connect(live, isolation_level=None)) as using:
        using.execute("PRAGMA wal_autocheckpoint = 0")
        using.execute('UPDATE "user" SET name = ?', ["sea"])
        using.execute("BEGIN IMMEDIATE")
        using.execute('UPDATE "user" SET name = ?', ["sky"])
        made = backups.back_up(live, folder)
    assert words(made) == {"sea"}


def test_a_backup_is_one_private_file_named_after_its_revision(live: Path, folder: Path) -> None:
    made = backups.back_up(live, folder)
    assert list(folder.iterdir()) == [made]
    assert made.name.endswith("-0001.db")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_the_newest_are_kept_and_nothing_else_in_the_folder_is_touched(live: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").touch()
    made = [backups.back_up(live, folder, keep=2) for _round in range(3)]
    assert backups.kept(folder) == made[:0:-1]
    assert (folder / "notes.txt").exists()


def test_what_somebody_put_beside_the_backups_is_neither_counted_nor_swept_away(live: Path, folder: Path) -> None:
    folder.mkdir()
    names = ("backoffice-before-move.db", "backoffice-1.db", "backoffice-20260101-live.db")
    others = {make(folder / name, "old") for name in names}
    (folder / "backoffice-20260101-000000-000000-0001.db").mkdir()
    made = backups.back_up(live, folder, keep=1)
    assert made.is_file()
    assert backups.kept(folder) == [made]
    assert all(other.is_file() for other in others)


@pytest.mark.parametrize("look", [backups.back_up_as, lambda _live, file: backups.examine(file, KNOWN)])
def test_a_name_that_no_disk_takes_is_told(look: Callable[[Path, Path], object], live: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"File name too long"):
        look(live, tmp_path / ("a" * 300))


def test_a_name_that_is_taken_is_not_written_over(live: Path, backup: Path) -> None:
    with pytest.raises(Conflict, match="already"):
        backups.back_up_as(live, backup)
    assert words(backup) == {"new"}


def test_a_damaged_database_is_not_backed_up_and_leaves_no_file(live: Path, folder: Path) -> None:
    damage(live)
    with pytest.raises(ConfigurationError, match="damaged"):
        backups.back_up(live, folder)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(live: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="could not be copied"):
        backups.back_up(live, tmp_path / "file")


def test_rows_that_point_nowhere_are_counted(tmp_path: Path) -> None:
    with closing(sqlite3.connect(make(tmp_path / "a.db", "old"))) as connection:
        connection.execute('CREATE TABLE part (id INTEGER REFERENCES "user" (id))')
        connection.executemany("INSERT INTO part VALUES (?)", [(1,), (-1,), (-2,)])
        connection.commit()
    assert backups.examine(tmp_path / "a.db", KNOWN).dangling == 2


def test_a_restore_puts_the_backup_in_place_and_keeps_what_was_there(live: Path, backup: Path, folder: Path) -> None:
    former = backups.restore(backup, live, folder, known=KNOWN)
    assert words(live) == {"new"}
    assert former is not None
    assert words(former) == {"old"}
    assert not any(Path(f"{live}{suffix}").exists() for suffix in ("-journal", "-wal", "-shm"))


def test_a_restore_brings_back_a_database_that_is_gone(live: Path, backup: Path, folder: Path) -> None:
    live.unlink()
    assert backups.restore(backup, live, folder, known=KNOWN) is None
    assert words(live) == {"new"}


@pytest.mark.parametrize("harm", ["header", "page", "cut"])
def test_a_restore_replaces_a_damaged_database_and_keeps_its_remains(
    live: Path, backup: Path, folder: Path, harm: str
) -> None:
    damage(live, harm)
    former = backups.restore(backup, live, folder, known=KNOWN)
    assert words(live) == {"new"}
    assert former is not None
    assert former.stat().st_size > 0
    assert backups.kept(folder) == [], "remains are no backup"


def test_a_restore_refuses_while_somebody_has_the_database_open(live: Path, backup: Path, folder: Path) -> None:
    with closing(sqlite3.connect(live)) as idle:
        idle.execute("PRAGMA journal_mode = WAL").fetchone()
        with pytest.raises(Conflict, match="in use"):
            backups.restore(backup, live, folder, known=KNOWN)
        assert idle.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert words(live) == {"old"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("damaged", "is damaged"),
        ("foreign", "no backup of"),
        ("text", "no database"),
        ("newer", "9999"),
        ("gone", "no file"),
    ],
)
def test_a_restore_refuses_what_is_no_whole_backup_of_a_known_version(
    fault: str, told: str, live: Path, backup: Path, folder: Path
) -> None:
    if fault == "damaged":
        damage(backup)
    elif fault == "text":
        backup.write_text("not a database, but long enough to be looked at" * 100)
    elif fault == "gone":
        backup.unlink()
    else:
        statement = (
            "DROP TABLE alembic_version" if fault == "foreign" else "UPDATE alembic_version SET version_num = 9999"
        )
        with closing(sqlite3.connect(backup)) as connection:
            connection.execute(statement)
            connection.commit()
    with pytest.raises((BadInput, ConfigurationError), match=told):
        backups.restore(backup, live, folder, known=KNOWN)
    assert words(live) == {"old"}
    assert not folder.exists()


def test_the_database_itself_is_no_backup_of_it(live: Path, folder: Path) -> None:
    with pytest.raises(BadInput, match="itself"):
        backups.restore(live, live, folder, known=KNOWN)


# Kills itself at the end of the named step, which is the first, a middle or the last one of the copy, or what follows.
KILLED = """
import os, signal, sys
from pathlib import Path
from backoffice.operations import backups

step, backup, live, folder = sys.argv[1], *map(Path, sys.argv[2:])
backups.PAGES = 20
def die(*_anything, **_named):
    os.kill(os.getpid(), signal.SIGKILL)
def after(done, total):
    if step == "first page" or (step == "middle" and done > total / 2) or (step == "last page" and done == total):
        die()
def look(connection, of=backups._contents):
    # The third look is at the live database, after the copy is committed: at the backup, at what was there, at it.
    look.count += 1
    return die() if step == "after the copy" and look.count == 3 else of(connection)
look.count, backups._contents = 0, look
if step == "before the copy":
    backups._copy = die
    backups._keep_copy = lambda *_rest, **_named: None
if step == "while keeping what is there":
    backups.os.fsync = die
backups.restore(backup, live, folder, known={"0001"}, progress=after)
"""


@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("before the copy", "old"),
        ("while keeping what is there", "old"),
        ("first page", "old"),
        ("middle", "old"),
        ("last page", None),
        ("after the copy", "new"),
    ],
)
def test_a_restore_killed_at_any_step_leaves_one_whole_database(
    step: str, left: str | None, live: Path, backup: Path, folder: Path
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, step, str(backup), str(live), str(folder)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert step != "middle" or Path(f"{live}-journal").exists(), "killed in the middle of the copy"
    found = words(live)
    assert found in ({"old"}, {"new"})
    assert left is None or found == {left}
    # And doing it again does it.
    backups.restore(backup, live, folder, known=KNOWN)
    assert words(live) == {"new"}


def damage(path: Path, harm: str = "page") -> None:
    """Write over the middle of a database, or over its beginning, or cut it off."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    with path.open("rb+") as file:
        if harm == "cut":
            file.truncate(path.stat().st_size // 2)
            return
        file.seek(0 if harm == "header" else 3 * 4096)
        file.write(b"\xff" * 4096)
