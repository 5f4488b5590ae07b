"""`flask db lint`: what revisions would do to a database in use, told before they are run."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from flask.cli import with_appcontext

from backoffice.errors import BadInput
from backoffice.operations.lint import texts
from backoffice.operations.lint.findings import Finding, lint, told
from backoffice.operations.lint.recording import DIALECTS
from backoffice.operations.migrate import MIGRATIONS


@click.command("lint")
@click.argument("revisions", metavar="[REVISION]...", nargs=-1)
@click.option("--dialect", "dialects", multiple=True, type=click.Choice(DIALECTS), help="Look at this one only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each finding, in a list.")
@click.option("--rules", is_flag=True, help="Print the rules instead, with an example of either kind for each.")
@with_appcontext
def lint_command(revisions: tuple[str, ...], dialects: tuple[str, ...], as_json: bool, rules: bool) -> None:
    """Look for what would lock, break or lose something. Exit code 1 where there is any of it.

    Without a REVISION it looks at all, on every database there is code for; no database is asked.
    """
    if rules:
        click.echo(texts.document(), nl=False)
        return
    found = [finding for script in _scripts(revisions) for finding in lint(script, dialects or DIALECTS)]
    if as_json:
        click.echo(json.dumps([_as_json(finding) for finding in found], indent=2))
    else:
        for finding in found:
            click.echo(told(finding))
        click.echo(f"{len(found)} to mend." if found else "Nothing to mend.")
    if found:
        raise SystemExit(1)


def _scripts(names: tuple[str, ...]) -> list[Script]:
    """The revisions of these names, or all, the oldest first."""
    folder = ScriptDirectory(str(MIGRATIONS))
    if not names:
        return list(folder.walk_revisions())[::-1]
    try:
        return [script for name in names for script in folder.get_revisions(name) if script is not None]
    except CommandError:
        raise BadInput("There is no such revision. `flask db history` lists them.") from None


def _as_json(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    plain = {key: value for key, value in asdict(finding).items() if key not in ("rule", "path")}
    return {**plain, "file": finding.path.name, "rule": rule.name, "wrong": rule.wrong, "right": rule.right}
