"""`flask ops check`: the health of the installation on one screen, with the fix for each finding."""

from __future__ import annotations

import json
import logging
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from backoffice.access.guard import declared_routes
from backoffice.commands.ops.backup import AS_JSON
from backoffice.extensions import db
from backoffice.pages.faults import place

if TYPE_CHECKING:
    from backoffice.operations.checks import Check, Finding

WIDTH, NAME, MARGIN = 100, 17, 27
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
CODES = {"ok": 0, "skipped": 0, "warn": 1, "fail": 2}
# Every model has these, whether or not a page of its own asks for each.
USUAL = frozenset({"read", "create", "edit", "delete", "export"})


@click.command("check")
@AS_JSON
@with_appcontext
def check_command(as_json: bool) -> None:
    """Look at settings, database, schema, work, people and files.

    Exit code 0 when all is well, 1 where somebody should look, 2 where something has to be mended.
    """
    # Imported here: it loads Alembic, which nothing that serves needs.
    from backoffice.operations import checks

    # It tells of every look at the database.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own
    settings = app.extensions["backoffice"]
    found = checks.look(
        checks.Installation(
            settings, db.engine, _permissions(app), debug=app.debug, replica=app.extensions.get("backoffice.replica")
        )
    )
    if as_json:
        seen = list(found)
        click.echo(json.dumps(_as_json(seen), ensure_ascii=False, indent=2))
    else:
        click.echo(f"Backoffice ({settings.environment}), {place(db.engine.url)}")
        seen = _screen(found)
    raise SystemExit(max((CODES[finding.status] for _check, findings in seen for finding in findings), default=0))


def _permissions(app: Flask) -> dict[str, frozenset[str]]:
    """The actions that exist, by model: what routes ask for, and what is done to ticked rows."""
    known: defaultdict[str, set[str]] = defaultdict(lambda: set(USUAL))
    for requirement in declared_routes(app).values():
        model, mark, action = requirement.partition(":")
        if mark:
            known[model].add(action)
    for view in app.extensions["admin"][0]._views:
        known[view.endpoint].update(getattr(view, "_actions_data", ()))
    return {model: frozenset(actions) for model, actions in known.items()}


Seen = list[tuple["Check", list["Finding"]]]


def _screen(found: Iterator[tuple[Check, list[Finding]]]) -> Seen:
    """Print each check as soon as it is done, under its section."""
    seen: Seen = []
    section, counts = "", Counter[str]()
    for check, findings in found:
        if check.section != section:
            section = check.section
            click.echo(f"\n{click.style(section, bold=True)}")
        for finding in findings:
            _line(check.name, finding)
            counts[finding.status] += 1
        seen.append((check, findings))
    told = {"ok": "in order", "warn": "to look at", "fail": "to mend", "skipped": "not looked at"}
    click.echo(f"\n{', '.join(f'{counts[key]} {word}' for key, word in told.items() if counts[key] or key == 'ok')}.")
    return seen


def _line(name: str, finding: Finding) -> None:
    status = "-" if finding.status == "skipped" else finding.status
    first, *rest = textwrap.wrap(finding.told, WIDTH - MARGIN, break_long_words=False, break_on_hyphens=False)
    mark = click.style(f"{status:<5}", fg=COLOURS.get(finding.status))
    click.echo(f"  {mark}  {name:<{NAME}} {first}")
    indent = " " * MARGIN
    for line in rest:
        click.echo(f"{indent}{line}")
    for line in textwrap.wrap(finding.fix, WIDTH - MARGIN, break_long_words=False, break_on_hyphens=False):
        click.echo(f"{indent}{line}")
    if finding.command:
        # In one piece, to be copied.
        click.echo(f"{indent}$ {finding.command}")


def _as_json(seen: Seen) -> dict[str, object]:
    findings = [
        {"section": check.section, "check": check.name, "status": finding.status.value, "told": finding.told,
         "fix": finding.fix, "command": finding.command}
        for check, found in seen for finding in found
    ]  # fmt: skip
    worst = max((finding["status"] for finding in findings), key=lambda status: CODES[status], default="ok")
    return {"status": worst, "findings": findings}
