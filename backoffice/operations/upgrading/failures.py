"""How an upgrade fails: in a sentence, whatever the database says of a revision or the revision itself raises."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic.util import CommandError

from backoffice.database.faults import Fault, code, fault, told
from backoffice.errors import BackofficeError
from backoffice.operations.revisions import Revision
from backoffice.operations.schema_journal import Overtaken

# MySQL and MariaDB quote the value that they cannot read as a number, moment, character or the like.
QUOTES_VALUE = (1292, 1300, 1411, 1525, 1690, 1918, 1977)


class CannotUpgrade(BackofficeError):
    """The schema stays as it is; the message says what is in the way."""


def refused(revision: Revision, error: sa.exc.DBAPIError) -> BaseException:
    """What the database said of a change of the schema names tables and columns; of rows it would name values."""
    if fault(error) is Fault.NO_RIGHT:
        # Told as at every command.
        return error
    said = f"the database refuses its rows ({code(error)})"
    of_schema = isinstance(error, (sa.exc.OperationalError, sa.exc.ProgrammingError, sa.exc.NotSupportedError))
    if of_schema and told(error).isdisjoint(QUOTES_VALUE):
        said = str(error.orig.args[-1] if error.orig and error.orig.args else error.orig).strip().split("\n")[0]
    return CannotUpgrade(f"{_failed(revision)}: {said}. Mend it, and upgrade again.")


@contextmanager
def raising_plainly(revision: Revision, path: str) -> Iterator[None]:
    """Tell what a revision raises, and let none end the process as if it had done its work.

    A RuntimeError, which NotImplementedError is, is how one says why it cannot; others may hold values of rows.
    """
    try:
        yield
    except (BackofficeError, CommandError, Overtaken, sa.exc.DBAPIError, sa.exc.TimeoutError):
        raise
    except RuntimeError as error:
        if not str(error):
            raise CannotUpgrade(_raised(revision, path, error)) from error
        raise CannotUpgrade(f"{_failed(revision)}: {error}") from error
    except (Exception, SystemExit) as error:
        raise CannotUpgrade(_raised(revision, path, error)) from error


def _raised(revision: Revision, path: str, error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    where = f" in line {lines[-1]}" if lines else ""
    return f"{_failed(revision)}: {type(error).__name__}{where}. Mend it, and upgrade again."


def _failed(revision: Revision) -> str:
    return f"Revision {revision.number} ({revision.file}) failed"
