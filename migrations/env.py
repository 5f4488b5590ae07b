"""How `flask db …` runs the revisions: by the runner, on the application's own engine; new ones are numbered."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.script import ScriptDirectory, write_hooks
from flask import current_app

from backoffice.database import search_index
from backoffice.models import Model, UTCDateTime
from backoffice.operations import backups, schema_journal
from backoffice.operations.lint import findings
from backoffice.operations.upgrading import runner

migrate = current_app.extensions["migrate"]


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write the plain type into a revision: it must still run when the model class has moved on."""
    if kind == "type" and isinstance(item, UTCDateTime):
        autogen.imports.add("from sqlalchemy.dialects import mysql")
        return 'sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")'
    return False


def number_revision(_context: Any, _revision: Any, directives: list[MigrationScript]) -> None:
    """Number revisions 0001, 0002, …; make no file where nothing has changed."""
    for script in list(directives):
        if getattr(context.config.cmd_opts, "autogenerate", False) and all(
            ops.is_empty() for ops in script.upgrade_ops_list
        ):
            directives.remove(script)
            current_app.logger.info("No changes in the models: no revision was made.")
            continue
        numbers = [int(r.revision) for r in ScriptDirectory.from_config(context.config).walk_revisions()]
        script.rev_id = f"{max(numbers, default=0) + 1:04d}"


@write_hooks.register("tidy")
def tidy(path: str, _options: Any) -> None:
    """Lay a new revision out as `make check` wants it, where the tool for it is installed."""
    if find_spec("ruff"):
        subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", path], check=True)  # noqa: S603 - our own file


def back_up() -> Path | None:
    """Copy an embedded database before it is changed; a server's own tools do that for a server."""
    file = backups.database_file(migrate.db.engine.url)
    settings = current_app.extensions["backoffice"]
    return file and backups.back_up(file, settings.backups, keep=settings.backups_kept)


def configure(**more: Any) -> None:
    """Tell Alembic how this product's revisions are run."""
    context.configure(
        target_metadata=Model.metadata,
        transaction_per_migration=True,
        render_item=render_item,
        process_revision_directives=number_revision,
        include_name=schema_journal.include_name,
        **(migrate.configure_args | more),
    )


@write_hooks.register("lint")
def look(path: str, _options: Any) -> None:
    """Say at once what `flask db lint` finds in a new revision."""
    written = Path(path).resolve()
    for script in ScriptDirectory(str(written.parents[1])).walk_revisions():
        if Path(script.path).resolve() == written:
            for finding in findings.lint(script):
                click.echo(findings.told(finding), err=True)


def run_offline() -> None:
    """Write the SQL instead of running it (`flask db upgrade --sql`)."""
    configure(url=migrate.db.engine.url, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    # Searchable tables are indexed as soon as they are made; those with rows wait for `flask search reindex`.
    runner.run(migrate.db.engine, configure, search_index.follow_migration, back_up)
