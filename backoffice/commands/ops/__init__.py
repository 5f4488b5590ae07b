"""`flask ops …`: how the installation is, and what operators do with it beside upgrades. One module a command."""

from __future__ import annotations

from flask.cli import AppGroup

ops_group = AppGroup("ops", help="Check the installation, and look after it.")
