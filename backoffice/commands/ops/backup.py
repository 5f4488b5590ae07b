"""`flask ops backup`: a copy of an SQLite database, or the command that dumps one on a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import with_appcontext

from backoffice.config import Settings
from backoffice.errors import ConfigurationError
from backoffice.extensions import db
from backoffice.operations import backups, dumps
from backoffice.operations.dumps import Step

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
WIDTH = 96


@click.command("backup")
@click.argument("file", required=False)
@AS_JSON
@with_appcontext
def backup_command(file: str | None, as_json: bool) -> None:
    """Back up an SQLite database while it is in use; for one on a server, say how.

    Into FILE, or into the folder BACKUPS_PATH, where the newest BACKUPS_KEPT stay. Uploaded files are not in it.
    """
    settings: Settings = current_app.extensions["backoffice"]
    database = embedded(db.engine.url)
    if database is None:
        tell(dumps.dumping(db.engine.url, product_of(db.engine), file or ""), as_json=as_json)
        return
    with progress_bar("Backing up", hidden=as_json) as progress:
        made = (
            backups.back_up_as(database, Path(file), progress=progress)
            if file
            else backups.back_up(database, settings.backups, keep=settings.backups_kept, progress=progress)
        )
    if as_json:
        click.echo(json.dumps({"file": str(made), "bytes": made.stat().st_size}))
        return
    click.echo(f"{made} ({made.stat().st_size / 1024**2:,.1f} MB)")
    click.echo(f"Copy the uploaded files as well, after it: {settings.uploads}")


def embedded(url: sa.URL) -> Path | None:
    """The file of an SQLite database; None for a server."""
    database = backups.database_file(url)
    if database is None and url.get_backend_name() == "sqlite":
        raise ConfigurationError("This database lives in memory, so there is no file. Set DATABASE_URL to a file.")
    return database


def product_of(engine: sa.Engine) -> str:
    """Which server it is: MariaDB's programs have other names than MySQL's. One that does not answer counts as MySQL,
    whose names MariaDB knows too."""
    if engine.dialect.name == "postgresql":
        return "postgresql"
    try:
        with engine.connect() as connection:
            return "mariadb" if getattr(connection.dialect, "is_mariadb", False) else "mysql"
    except (sa.exc.SQLAlchemyError, OSError):
        # The second for certificates that are on another machine.
        return "mysql"


def tell(steps: list[Step], *, as_json: bool) -> None:
    """Print what has to be typed, in lines that can be pasted."""
    if as_json:
        click.echo(json.dumps([asdict(step) for step in steps], ensure_ascii=False))
        return
    for step in steps:
        click.echo(f"{step.told}\n")
        click.echo("".join(f"  {line}\n" for line in _folded(step.text)))


@contextmanager
def progress_bar(label: str, *, hidden: bool = False) -> Iterator[backups.Progress]:
    """A bar for the copy's pages."""
    with click.progressbar(length=1, label=label, hidden=hidden) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


def _folded(text: str) -> Iterator[str]:
    """A long command over several lines, as a shell reads it: broken before options only."""
    for line in text.splitlines():
        *parts, last = line.split(" --")
        parts = [parts[0], *(f"--{part}" for part in parts[1:])] if parts else []
        last = f"--{last}" if parts else last
        held = ""
        for part in (*parts, last):
            if held and len(held) + len(part) + 3 > WIDTH:
                yield f"{held} \\"
                held = f"  {part}"
            else:
                held = f"{held} {part}" if held else part
        yield held
