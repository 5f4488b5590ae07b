"""`flask …` commands, and how all of them fail: one sentence on standard error, exit code 2, no traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import Any
from weakref import WeakSet

import click
import sqlalchemy as sa
from flask import Flask, current_app
from flask.cli import AppGroup, ScriptInfo

from backoffice import extensions
from backoffice.database.faults import fault
from backoffice.errors import BackofficeError
from backoffice.pages.faults import sentence

# One module each, which calls its group `…_group`. They are loaded when they are asked for: what serves needs none of
# them, and Alembic alone takes a tenth of the time that a command needs to start.
GROUPS = frozenset({"audit", "db", "demo", "jobs", "ops", "search", "staff", "uploads"})


class Failure(click.ClickException):
    """A sentence for the operator."""

    def __init__(self, message: str, exit_code: int = BackofficeError.exit_code) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click asks the error itself


class CommandLine(AppGroup):
    """The application's commands, those of extensions included, with failures told plainly."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command; whatever it raises later leaves through `telling_plainly`."""
        command = _group(cmd_name) if cmd_name in GROUPS else super().get_command(ctx, cmd_name)
        if command is not None and command not in _told:
            _told.add(command)
            # Around the command itself: where a context's own resource raises, click keeps the context for good.
            command.invoke = _plainly(command.invoke)  # type: ignore[method-assign, assignment]  # of this one command
        return command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, ours included, which are loaded when they are asked for."""
        return sorted(GROUPS.union(super().list_commands(ctx)))


def _group(name: str) -> click.Group:
    """One of ours."""
    found: click.Group = getattr(import_module(f"backoffice.commands.{name}"), f"{name}_group")
    return found


_told: WeakSet[click.Command] = WeakSet()


def _plainly(invoke: Callable[[click.Context], Any]) -> Callable[[click.Context], Any]:
    def run(ctx: click.Context) -> Any:
        with telling_plainly():
            return invoke(ctx)

    return run


def init_app(app: Flask) -> None:
    """Put our commands beside those of the extensions."""
    app.cli = CommandLine(name=app.cli.name, commands=app.cli.commands)


@contextmanager
def telling_plainly() -> Iterator[bool]:
    """Turn what an operator can mend into its sentence; all else keeps its traceback."""
    try:
        yield True
    except BackofficeError as error:
        raise Failure(error.message, error.exit_code) from None
    except sa.exc.SQLAlchemyError as error:
        kind = fault(error)
        if kind is None or not current_app:
            raise
        # Not as `db`: this package's module of that name stands there once it is loaded.
        raise Failure(sentence(kind, extensions.db.engine.url)) from None


def failing_plainly(factory: Callable[..., Flask]) -> Callable[..., Flask]:
    """Let `flask …` end with the sentence when the application cannot be built; others get the error itself.

    `flask` would print a traceback, and for `--help` it catches every Exception: only SystemExit passes.
    """

    @wraps(factory)
    def build(*args: object, **kwargs: object) -> Flask:
        try:
            return factory(*args, **kwargs)
        except BackofficeError as error:
            context = click.get_current_context(silent=True)
            if context is None or context.find_object(ScriptInfo) is None:
                raise
            Failure(error.message).show()
            raise SystemExit(error.exit_code) from None

    return build
