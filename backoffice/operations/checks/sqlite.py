"""Checks of an SQLite file: its mode, its pages, its place, its backups."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from backoffice.database.time_limits import TooBroad, limited
from backoffice.operations import backups
from backoffice.operations.checks.findings import Finding, Installation, Status, check, database_check, fail, ok, warn

SECTION = "Database"
# Reading every page and every foreign key takes its time on a large file.
PATIENCE = 20.0
LARGE_WAL = 256 * 1024**2
DAY = 24 * 3600
# File systems on which SQLite's locks do not hold.
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "fuse.glusterfs"}
MOUNTS = Path("/proc/mounts")


@database_check(SECTION, "sqlite")
def write_ahead_log(installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Readers do not wait for writers, and what was written reaches the file."""
    mode, database = connection.scalar(sa.text("PRAGMA journal_mode")), backups.database_file(installation.engine.url)
    if database is None:
        yield warn("The database lives in memory: all is lost at the end.", "Set DATABASE_URL to a file.")
        return
    if mode != "wal":
        yield fail(f"Its journal is {mode}, not WAL: readers and writers wait for each other.",
                   "Put the database on a local disk.")  # fmt: skip
        return
    wal = Path(f"{database}-wal")
    size = wal.stat().st_size if wal.exists() else 0
    if size > LARGE_WAL:
        yield warn(f"{size / 1024**2:,.0f} MB wait in {wal.name}: somebody has been reading for long.",
                   "End old exports and open shells; the next checkpoint empties it.")  # fmt: skip
    else:
        yield ok("On.")


@database_check(SECTION, "sqlite")
def integrity(_installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Every page is what SQLite wrote, and every foreign key leads somewhere."""
    try:
        told = connection.scalar(limited(sa.text("PRAGMA quick_check(1)"), PATIENCE))
        asked = limited(sa.text('SELECT count(*), min("table") FROM pragma_foreign_key_check'), PATIENCE)
        dangling, table = connection.execute(asked).one()
    except TooBroad:
        told = f"Broken off after {PATIENCE:.0f} s, as the file is large. At night: PRAGMA integrity_check"
        yield Finding(Status.SKIPPED, told)
        return
    if told != "ok":
        yield fail("The file is damaged.", "Check the disk, then restore the newest backup.", "flask ops restore FILE")
    elif dangling:
        yield warn(f"{dangling:,} rows point to rows that are not there, the first in {table}.",
                   "Something wrote past the product. See which: PRAGMA foreign_key_check")  # fmt: skip
    else:
        yield ok("Every page and every foreign key is right.")


@check(SECTION)
def place(installation: Installation) -> Iterator[Finding]:
    """One machine, and a disk on which locks hold."""
    database = backups.database_file(installation.engine.url)
    if database is None:
        return
    kind = _file_system(database)
    if kind in NETWORK:
        yield fail(f"It is on a network file system ({kind}), where SQLite's locks do not hold.",
                   "Put it on a local disk, or use MariaDB or PostgreSQL.")  # fmt: skip
    elif installation.settings.environment == "production":
        yield warn("SQLite serves one machine, and one writer at a time.", "For more, use MariaDB or PostgreSQL.")
    else:
        yield ok("On a local disk.")


def _file_system(file: Path) -> str:
    """The kind of the file system that a file is on, where the system tells."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    # Blanks stand there as octal numbers.
    mounts = [(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), line.split()[1]), line.split()[2]) for line in lines]
    under = [(mount, kind) for mount, kind in mounts if file.resolve().is_relative_to(mount)]
    return max(under, key=lambda found: len(found[0]), default=("", ""))[1]


@check(SECTION)
def last_backup(installation: Installation) -> Iterator[Finding]:
    """Somebody backs it up."""
    if backups.database_file(installation.engine.url) is None:
        return
    newest = next(iter(backups.kept(installation.settings.backups)), None)
    age = None if newest is None else (time.time() - newest.stat().st_mtime) / DAY
    if not installation.is_live:
        yield ok("None asked for, as it is not production.")
    elif age is None:
        yield fail("There is none.", "Make one every night, and copy it elsewhere.", "flask ops backup")
    elif age > 2:
        yield warn(f"It is {age:,.0f} days old.", "Make one every night, and copy it elsewhere.", "flask ops backup")
    else:
        yield ok(f"{age * 24:,.0f} hours old.")
