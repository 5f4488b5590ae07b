"""`flask audit …`: whether the history is what was written, and forgetting what is older than it has to be."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from backoffice.errors import BadInput
from backoffice.extensions import db
from backoffice.records import chain, retention

audit_group = AppGroup("audit", help="The history of changes: check it, and forget what is old.")


@audit_group.command("verify")
@click.option("--noted", multiple=True, metavar="POSITION:HASH", help="An end of the chain that was noted before.")
def verify(noted: tuple[str, ...]) -> None:
    """Read the whole chain; exit code 1 and the first broken entry where it is not what was written.

    Note the end it prints somewhere else: with --noted a chain that was written anew from there is found out too.
    """
    found = chain.verify(db.session(), dict(_read(text) for text in noted))
    if found.broken:
        click.echo(f"Entry {found.broken.position} is broken: {found.broken.reason}.", err=True)
        raise SystemExit(1)
    click.echo(
        f"{found.count} entries are as they were written. The chain ends at {found.position}:{found.hash or '-'}"
    )


@audit_group.command("prune")
def prune() -> None:
    """Forget what the settings no longer keep.

    History (HISTORY_DAYS), deleted records (DELETED_DAYS), drafts (DRAFT_DAYS), jobs (JOB_DAYS), and receipts of forms
    after a week. Workers do the same once a day.
    """
    gone = retention.prune(db.session(), current_app.extensions["backoffice"].days_kept)
    click.echo(
        f"Forgotten: {gone.get('history', 0)} entries of the history, {gone['deleted']} deleted records, "
        f"{gone['drafts']} drafts, {gone['receipts']} receipts, {gone['jobs']} jobs."
    )


def _read(text: str) -> tuple[int, str]:
    position, _mark, noted = text.partition(":")
    if not (position.isascii() and position.isdigit()) or not noted:
        raise BadInput(f"--noted is {text!r}; write it as POSITION:HASH, the way `flask audit verify` prints it.")
    return int(position), noted
