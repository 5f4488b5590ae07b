"""`flask uploads …`: whether the files of texts are all there and as they were."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from backoffice.config import Settings
from backoffice.extensions import db
from backoffice.records.uploads_check import check

uploads_group = AppGroup("uploads", help="Look after the folder of uploaded files.")
FAULTS = {
    "missing": "is missing from the folder",
    "changed": "is not the file that was uploaded",
    "unknown": "is known to no row",
    "left": "was left by an upload that broke off",
}
MENDING = {
    "missing": "Files that are missing or changed come back from a backup, or by uploading the same file again.",
    "unknown": "Files that no row knows, and what uploads left, may be deleted once a backup is at hand.",
}


@uploads_group.command("check")
def check_command() -> None:
    """Compare every file with its row. Exit code 1 where one is missing, changed or unknown."""
    settings: Settings = current_app.extensions["backoffice"]
    faults = set()
    for found in check(db.session(), settings.uploads):
        told = f" ({found.told})" if found.told else ""
        click.echo(f"{found.name}{told} {FAULTS[found.fault]}.")
        faults.add(found.fault)
    if not faults:
        click.echo(f"{settings.uploads}: every file is there and as it was uploaded.")
        return
    if faults & {"missing", "changed"}:
        click.echo(MENDING["missing"])
    if faults & {"unknown", "left"}:
        click.echo(MENDING["unknown"])
    raise SystemExit(1)
