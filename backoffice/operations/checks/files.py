"""Checks of files: who may read secrets, whose the folders are, and whether there is room."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from backoffice.config import ROOT
from backoffice.operations import backups
from backoffice.operations.checks.findings import Finding, Installation, check, fail, listed, ok, warn

SECTION = "Files"
OTHERS_READ, OTHERS_WRITE, GROUP_OR_OTHERS = 0o004, 0o002, 0o077
SCARCE, NEARLY_NONE = 1024**3, 100 * 1024**2


@check(SECTION)
def secret_files(installation: Installation) -> Iterator[Finding]:
    """Nobody else on this machine reads secrets, nor the database with its password hashes."""
    folder, database = installation.settings.instance_path, backups.database_file(installation.engine.url)
    secret = [folder / "secret_key", folder / "security_password_salt", ROOT / ".env"]
    shared = [file for file in secret if _mode(file) & GROUP_OR_OTHERS]
    if shared and os.name == "posix":
        yield fail(f"{listed([str(file) for file in shared])} can be read by others.", "Keep it to its owner.",
                   f"chmod 600 {' '.join(map(str, shared))}")  # fmt: skip
    elif installation.is_live and database and _mode(database) & OTHERS_READ:
        yield warn(f"{database} can be read by everybody on this machine.", "Keep it to its owner.",
                   f"chmod 600 {database}")  # fmt: skip
    else:
        yield ok("Read by their owner alone.")


@check(SECTION)
def folders(installation: Installation) -> Iterator[Finding]:
    """The folders are this account's, can be written, and by nobody else."""
    given = installation.settings
    there = [folder for folder in (given.instance_path, given.uploads, given.backups) if folder.exists()]
    closed = [str(folder) for folder in there if not _can_be_written(folder)]
    opened = [str(folder) for folder in there if _mode(folder) & OTHERS_WRITE]
    strange = [str(f) for f in there if os.name == "posix" and f.stat().st_uid not in (os.geteuid(), 0)]
    if closed:
        yield fail(f"{listed(closed)} cannot be written by this account.", "Give it to the account that serves.",
                   f"chown -R ACCOUNT {closed[0]}")  # fmt: skip
    if opened:
        yield fail(f"Everybody on this machine can write into {listed(opened)}.", "Keep it to its owner.",
                   f"chmod o-w {' '.join(opened)}")  # fmt: skip
    if strange and not closed:
        yield warn(f"{listed(strange)} is another account's.", "Run this as the account that serves, or give it that.")
    if not (closed or opened or strange):
        yield ok("Written by this account alone.")


def _can_be_written(folder: Path) -> bool:
    """Tried, not asked: a disk may be mounted read-only."""
    try:
        with tempfile.TemporaryFile(prefix=".incoming-", dir=folder):
            return True
    except OSError:
        return False


@check(SECTION)
def disk(installation: Installation) -> Iterator[Finding]:
    """There is room where it writes."""
    given, database = installation.settings, backups.database_file(installation.engine.url)
    places = [given.instance_path, given.uploads, given.backups, Path(tempfile.gettempdir())]
    disks: dict[int, Path] = {}
    for place in [*places, *([database.parent] if database else [])]:
        if place.exists():
            disks.setdefault(place.stat().st_dev, place)
    free = {place: shutil.disk_usage(place).free for place in disks.values()}
    scarce = {place: left for place, left in free.items() if left < SCARCE}
    for place, left in scarce.items():
        tell = fail if left < NEARLY_NONE else warn
        yield tell(f"{left / 1024**2:,.0f} MB are left for {place}.", "Make room, or move it to a larger disk.")
    if not scarce:
        yield ok(f"{min(free.values()) / 1024**3:,.0f} GB are left where it is tightest.")


def _mode(file: Path) -> int:
    """Its permissions; none where there is no such file."""
    try:
        return file.stat().st_mode
    except OSError:
        return 0
