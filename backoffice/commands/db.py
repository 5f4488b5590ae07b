"""`flask db …`: Flask-Migrate's commands, and ours in place of those that operators run during deploys."""

from __future__ import annotations

import click
from flask_migrate.cli import db as stock

db_group = click.Group(
    stock.name, commands=dict(stock.commands), params=stock.params, callback=stock.callback, help=stock.help
)
