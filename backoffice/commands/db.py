"""`flask db …`: Flask-Migrate's commands, and ours in place of those that operators run during deploys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click
import flask_migrate
from click.core import ParameterSource
from flask import current_app, g
from flask.cli import with_appcontext
from flask_migrate.cli import db as stock

from backoffice.commands import Failure, telling_plainly
from backoffice.commands.linting import lint_command
from backoffice.errors import BadInput
from backoffice.operations.plan import screen
from backoffice.operations.upgrading import ways
from backoffice.operations.upgrading.report import Report, reporting

db_group = click.Group(
    stock.name, commands=dict(stock.commands), params=stock.params, callback=stock.callback, help=stock.help
)
db_group.add_command(lint_command)
# As a shell tells of SIGINT.
INTERRUPTED = 130
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Tell at the end what was done, as one JSON object.")


class _Screen(Report):
    """Tells everything as it happens."""

    def say(self, sentence: str) -> None:
        click.echo(sentence)


class _Quiet(Report):
    """Keeps standard output for what a machine reads."""

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


@instead(
    "upgrade",
    AS_JSON,
    click.option("--allow", multiple=True, metavar="NAME", help="Go on in spite of what `flask db plan` says no to."),
)
def upgrade_command(as_json: bool, allow: tuple[str, ...], revision: str, sql: bool, **more: Any) -> None:
    """Bring the database to the newest revision, or to the one that is named. Safe to run anywhere and again.

    Of several that are started at once one does the work; the others wait, and end well when it is done. One that
    was killed is simply run again.
    """
    with _told(as_json=as_json, sql=sql):
        ways.upgrade(revision, allowed=allow, sql=sql, **_of_alembic(**more))


@instead(
    "downgrade",
    AS_JSON,
    click.option("--backed-up", default="", metavar="FILE", help="The backup of what this drops, where people work."),
)
def downgrade_command(as_json: bool, backed_up: str, revision: str, sql: bool, **more: Any) -> None:
    """Take the newest revision back, or all after the one that is named, with what has been written into it."""
    named = click.get_current_context().get_parameter_source("revision") is not ParameterSource.DEFAULT
    if current_app.extensions["backoffice"].environment in ways.LIVE and not named:
        raise BadInput("Name the revision to go back to, as in: flask db downgrade 0020. flask db history lists them.")
    with _told(as_json=as_json, sql=sql):
        ways.downgrade(revision, backed_up=backed_up, sql=sql, **_of_alembic(**more))


@db_group.command("plan")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.argument("revision", default="head")
@with_appcontext
def plan_command(as_json: bool, revision: str) -> None:
    """Show what an upgrade would run, what it costs here and what is in its way. Changes nothing.

    Exit code 0: go; 1: look at something first; 2: no.
    """
    plan = ways.plan_of(revision, g.directory)
    if as_json:
        click.echo(json.dumps(asdict(plan) | {"level": plan.level.name.lower(), "refusals": plan.refusals()}, indent=2))
    else:
        click.echo("\n".join(screen.lines(plan)))
    raise SystemExit(int(plan.level))


@instead("current")
def current_command(verbose: bool, directory: str | None) -> None:
    """Tell at which revision the database is."""
    ways.plainly(flask_migrate.current, directory=directory or g.directory, verbose=verbose)


@instead("migrate")
def migrate_command(directory: str | None, x_arg: list[str], **more: Any) -> None:
    """Write the next revision, from what the models have and the database has not. Read what it guessed."""
    ways.plainly(flask_migrate.migrate, directory=directory or g.directory, x_arg=x_arg or g.x_arg, **more)


@contextmanager
def _told(*, as_json: bool, sql: bool) -> Iterator[None]:
    """On standard output the sentences, or the SQL, or the one object, which a machine also reads of what failed."""
    if as_json and sql:
        raise BadInput("Give --sql or --json: either writes to standard output what nothing else may stand in.")
    with reporting(_Quiet() if as_json or sql else _Screen()) as report:
        try:
            with telling_plainly():
                yield
        except Failure as failure:
            report.error = failure.message
            if as_json:
                click.echo(json.dumps(report.as_dict(), indent=2))
            raise
        except KeyboardInterrupt:
            # Click would end with 1, which says that the newest revision is reached.
            raise Failure("Interrupted. The same command goes on where this one stands.", INTERRUPTED) from None
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2))
    elif not sql:
        click.echo(report.summary())


def _of_alembic(directory: str | None, tag: str | None, x_arg: list[str]) -> dict[str, Any]:
    return {"directory": directory or g.directory, "tag": tag, "x_arg": x_arg or g.x_arg}
