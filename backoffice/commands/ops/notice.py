"""`flask ops notice`: what staff read over every page."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from backoffice.errors import BadInput
from backoffice.extensions import db
from backoffice.operations import notices


@click.command("notice")
@click.argument("message", required=False)
@click.option("--level", type=click.Choice(notices.LEVELS), default="info", show_default=True)
@click.option(
    "--until", metavar="MOMENT", help="When it goes by itself, like 2026-01-31T18:00+01:00; without +01:00, UTC."
)
@click.option("--clear", is_flag=True, help="Take it down.")
@with_appcontext
def notice_command(message: str | None, level: str, until: str | None, clear: bool) -> None:
    """Show staff a notice over every page; without MESSAGE, or with `show`, print the one that stands."""
    if clear:
        click.echo("The notice is down." if notices.clear(db.session(), notices.NOTICE) else "No notice stood.")
        return
    if message not in (None, "show"):
        notices.put(db.session(), notices.NOTICE, message or "", level=level, until=_moment(until))
    found = notices.standing(db.session()).get(notices.NOTICE)
    click.echo(line(found) if found else "No notice stands.")


def line(found: notices.Told) -> str:
    """What stands, since when and until when."""
    until = f", until {found.until:%Y-%m-%d %H:%M} UTC" if found.until else ""
    return f"{found.level}: {found.message} (since {found.at:%Y-%m-%d %H:%M} UTC{until})"


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        # One in the year 9999 may be in no year that there is.
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"--until {text!r} is no moment. Write it like 2026-01-31T18:00+01:00.") from None
