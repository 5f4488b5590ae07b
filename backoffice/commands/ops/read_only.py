"""`flask ops read-only`: nothing can be saved, and everybody is told why."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from backoffice.extensions import db
from backoffice.operations import notices

USUAL = "Backoffice is being looked after. What you typed is kept: save it a little later."


@click.command("read-only")
@click.argument("state", type=click.Choice(("on", "off", "show")), default="show")
@click.option("--message", default=USUAL, help="What staff read meanwhile.")
@with_appcontext
def read_only_command(state: str, message: str) -> None:
    """Refuse every change through the pages, and let workers wait, until it is off again."""
    if state == "on":
        notices.put(db.session(), notices.READ_ONLY, message, level="warning")
    elif state == "off":
        notices.clear(db.session(), notices.READ_ONLY)
    found = notices.standing(db.session()).get(notices.READ_ONLY)
    click.echo(f"Read-only is on: {found.message}" if found else "Read-only is off.")
    if state != "show":
        click.echo(f"Every process goes by it within {notices.SECONDS:.0f} seconds.")
