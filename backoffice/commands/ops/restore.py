"""`flask ops restore`: put a backup of an SQLite database back, or say how a dump is loaded on a server."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from backoffice.commands.ops.backup import AS_JSON, embedded, product_of, progress_bar, tell
from backoffice.config import Settings
from backoffice.extensions import db
from backoffice.operations import backups, dumps
from backoffice.operations.revisions import line


@click.command("restore")
@click.argument("file")
@click.option("--yes", is_flag=True, help="Do not ask.")
@AS_JSON
@with_appcontext
def restore_command(file: str, yes: bool, as_json: bool) -> None:
    """Put FILE in the place of an SQLite database, which is backed up first; for one on a server, say how."""
    settings: Settings = current_app.extensions["backoffice"]
    database, backup = embedded(db.engine.url), Path(file)
    if database is None:
        tell(dumps.restoring(db.engine.url, product_of(db.engine), file), as_json=as_json)
        return
    known = line()
    contents = backups.examine(backup, known.revisions)
    if not yes:
        question = f"Replace {database} by {backup}, which is at revision {contents.revision}?"
        click.confirm(question, abort=True, err=as_json)
    # Nobody may have it open, this process neither.
    db.session.remove()
    db.engine.dispose()
    with progress_bar("Restoring", hidden=as_json) as progress:
        former = backups.restore(backup, database, settings.backups, known=known.revisions, progress=progress)
    if as_json:
        told = {"database": str(database), "revision": contents.revision, "before": str(former) if former else None}
        click.echo(json.dumps(told))
        return
    click.echo(f"{database} is what {backup} was, at revision {contents.revision}.")
    if former:
        click.echo(f"What was there before: {former}")
    if contents.dangling:
        click.echo(f"{contents.dangling:,} of its rows point to rows that are not there. See: flask ops check")
    if contents.revision != known.head:
        click.echo(f"This version wants revision {known.head}. Run: flask db upgrade")
