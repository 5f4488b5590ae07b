"""`flask db …`: Flask-Migrate's commands, and ours in place of those that operators run during deploys."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import click
import flask_migrate
from alembic.util import CommandError
from flask import g
from flask.cli import with_appcontext
from flask_migrate.cli import db as stock

from backoffice.errors import BadInput
from backoffice.operations.upgrading.report import Report, reporting

db_group = click.Group(
    stock.name, commands=dict(stock.commands), params=stock.params, callback=stock.callback, help=stock.help
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Tell at the end what was done, as one JSON object.")


class _Screen(Report):
    """Tells everything as it happens."""

    def say(self, sentence: str) -> None:
        click.echo(sentence)


class _Quiet(Report):
    """Keeps standard output for the one object at the end."""

    def say(self, sentence: str) -> None:
        click.echo(sentence, err=True)


def instead(name: str, *options: Callable[..., Any]) -> Callable[[Callable[..., None]], click.Command]:
    """Put a command in the place of Flask-Migrate's of this name, with its arguments and these options."""

    def replace(function: Callable[..., None]) -> click.Command:
        for option in reversed(options):
            function = option(function)
        command = click.command(name)(with_appcontext(function))
        own = {parameter.name for parameter in command.params}
        command.params += [parameter for parameter in stock.commands[name].params if parameter.name not in own]
        db_group.add_command(command)
        return command

    return replace


@instead("upgrade", AS_JSON)
def upgrade_command(as_json: bool, directory: str | None, revision: str, sql: bool, tag: str, x_arg: list[str]) -> None:
    """Bring the database to the newest revision, or to the one that is named. Safe to run anywhere and again.

    Of several that are started at once one does the work; the others wait, and end well when it is done. One that
    was killed is simply run again.
    """
    arguments = (directory or g.directory, revision, sql, tag, x_arg or g.x_arg)
    _run(flask_migrate.upgrade, arguments, as_json=as_json, sql=sql)


@instead("downgrade", AS_JSON)
def downgrade_command(
    as_json: bool, directory: str | None, revision: str, sql: bool, tag: str, x_arg: list[str]
) -> None:
    """Take the newest revision back, or all after the one that is named, with what has been written into it."""
    arguments = (directory or g.directory, revision, sql, tag, x_arg or g.x_arg)
    _run(flask_migrate.downgrade, arguments, as_json=as_json, sql=sql)


def _run(work: Callable[..., None], arguments: tuple[Any, ...], *, as_json: bool, sql: bool) -> None:
    with reporting(_Quiet() if as_json else _Screen()) as report:
        plainly(work, *arguments)
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2))
    elif not sql:
        click.echo(report.summary())


def plainly(work: Callable[..., None], *arguments: Any) -> None:
    """Flask-Migrate logs what Alembic refuses and exits; here it is told as everything else is."""
    # Its decorator keeps the function it wraps.
    function = getattr(work, "__wrapped__", work)
    logging.getLogger("flask_migrate").setLevel(logging.ERROR)
    try:
        function(*arguments)
    except CommandError as error:
        raise BadInput(_explained(str(error))) from None


def _explained(sentence: str) -> str:
    if sentence.startswith("Can't locate revision"):
        return (
            f"{sentence}. Name one that `flask db history` lists; where the database itself is at it, a newer version "
            "of the product has upgraded it: run that version's flask db."
        )
    return sentence
