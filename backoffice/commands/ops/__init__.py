"""`flask ops …`: how the installation is, and what operators do with it beside upgrades. One module a command."""

from __future__ import annotations

from flask.cli import AppGroup

from backoffice.commands.ops.backup import backup_command
from backoffice.commands.ops.check import check_command
from backoffice.commands.ops.notice import notice_command
from backoffice.commands.ops.read_only import read_only_command
from backoffice.commands.ops.restore import restore_command

ops_group = AppGroup("ops", help="Check the installation, and look after it.")
for command in (backup_command, check_command, notice_command, read_only_command, restore_command):
    ops_group.add_command(command)
