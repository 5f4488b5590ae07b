"""`flask search …`: make the search index, and look whether it still says what the rows say."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from backoffice.database import reindexing
from backoffice.database.search_index import searchable_models
from backoffice.errors import BadInput, ConfigurationError
from backoffice.extensions import db

search_group = AppGroup("search", help="Make and check the index behind the search box.")
TABLES = click.argument("tables", nargs=-1, metavar="[TABLE]...")
SHOWN = 5


@search_group.command("reindex")
@TABLES
@click.option("--restart", is_flag=True, help="Begin again, and make the index itself anew.")
@click.option("--due", is_flag=True, help="Only where the index is missing or half made, as after an upgrade.")
def reindex_command(tables: tuple[str, ...], restart: bool, due: bool) -> None:
    """Make the index of every table, or of those named. Pages go on working; stop it and it goes on later."""
    models = _models(tables)
    for model in _due(models) if due else models:
        reindex_with_bar(model, restart=restart)


@search_group.command("check")
@TABLES
@click.option("--sample", type=click.IntRange(min=1), help="Look at about so many rows of each table only.")
def check_command(tables: tuple[str, ...], sample: int | None) -> None:
    """Look whether every row can be found. Exit code 1 where one cannot, with the command that mends it."""
    faulty = [model.__tablename__ for model in _models(tables) if not _check(model, sample)]
    if faulty:
        click.echo(f"Mend it: flask search reindex --restart {' '.join(faulty)}")
        raise SystemExit(1)


def reindex_with_bar(model: type[Any], *, restart: bool = False) -> None:
    """Make one table's index under a progress bar."""
    table = str(model.__tablename__)
    with db.engine.connect() as connection:
        length = reindexing.remaining(connection, model, restart=restart)
    with click.progressbar(length=length, label=f"Indexing {table}") as bar:
        mended = reindexing.reindex(db.engine, model, restart=restart, progress=bar.update)
    click.echo(f"{table}: {length:,} rows gone through, {mended:,} indexed anew.")


def reindex_what_is_due() -> None:
    """Make the indexes that are missing or half made; nothing where all are complete.

    Where this account may not, that is said, and no more: searches read the plain text meanwhile.
    """
    for model in _due(searchable_models()):
        try:
            reindex_with_bar(model)
        except ConfigurationError as problem:
            click.echo(f"{model.__tablename__} is not indexed for search. {problem}", err=True)


def _due(models: list[type[Any]]) -> list[type[Any]]:
    with db.engine.connect() as connection:
        return [model for model in models if reindexing.is_due(connection, model)]


def _check(model: type[Any], sample: int | None) -> bool:
    table = str(model.__tablename__)
    with db.engine.connect() as connection:
        found = reindexing.drift(connection, model, sample=sample)
    if found.lack:
        click.echo(f"{table} {found.lack}.")
    if found.wrong:
        some = ", ".join(found.wrong[:SHOWN]) + (", …" if len(found.wrong) > SHOWN else "")
        click.echo(f"{table}: {len(found.wrong):,} of {found.looked_at:,} rows cannot be found as they are: {some}")
    elif not found.lack:
        click.echo(f"{table}: {found.looked_at:,} rows looked at, all of them right.")
    return not found.lack and not found.wrong


def _models(tables: tuple[str, ...]) -> list[type[Any]]:
    known = {str(model.__tablename__): model for model in searchable_models()}
    for table in tables:
        if table not in known:
            raise BadInput(f"There is no search index for {table!r}. There is one for: {', '.join(known)}.")
    return [known[table] for table in tables] or list(known.values())
