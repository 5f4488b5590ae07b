"""`flask demo load`: rows to try things out on, in any number."""

from __future__ import annotations

import time

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from backoffice.demo.load import is_empty, load
from backoffice.demo.world import Size
from backoffice.errors import Conflict, NotAllowed
from backoffice.extensions import db
from backoffice.models import utcnow

demo_group = AppGroup("demo", help="Made-up users, articles and collections to try things out on.")
COUNT = click.IntRange(min=0)


@demo_group.command("load")
@click.option("--users", type=COUNT, default=Size.users, show_default=True, help="How many users.")
@click.option("--articles", type=COUNT, default=Size.articles, show_default=True, help="How many articles.")
@click.option("--collections", type=COUNT, default=Size.collections, show_default=True, help="How many links.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes other rows.")
@click.option("--append", is_flag=True, help="Add to the rows that are there.")
def load_command(users: int, articles: int, collections: int, seed: int, append: bool) -> None:
    """Load demo data. Nobody can sign in as one of its users."""
    if current_app.extensions["backoffice"].environment == "production":
        raise NotAllowed("Demo data does not go into production: set BACKOFFICE_ENV to demo or staging.")
    size = Size(users, articles, collections)
    started = time.monotonic()
    with db.engine.connect() as connection:
        if not append and not is_empty(connection):
            raise Conflict("There are users or articles already: add --append to load demo data beside them.")
        connection.rollback()
        try:
            load_with_bar(connection, size, seed=seed, chunkwise=True)
        except sa.exc.IntegrityError:
            raise Conflict(
                "A username or an email address of the demo data is taken by a user who was there before. "
                "Load it into another database, or rename that user."
            ) from None
    seconds = time.monotonic() - started
    click.echo(f"Loaded {size.total:,} rows in {seconds:.1f} s ({size.total / max(seconds, 0.001):,.0f} rows/s).")


def load_with_bar(connection: sa.Connection, size: Size, *, seed: int = 1, chunkwise: bool = False) -> None:
    """Load and commit under a progress bar: chunk by chunk, or all at once so that a break leaves nothing."""
    with click.progressbar(length=size.total, label="Loading demo data") as bar:
        load(
            connection,
            size,
            now=utcnow(),
            seed=seed,
            progress=bar.update,
            after_chunk=connection.commit if chunkwise else int,
        )
        connection.commit()
