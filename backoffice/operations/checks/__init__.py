"""Checks of the installation: settings, database, schema, work, people, files. One small function each.

One that cannot look says so, and the others go on. Loads Alembic: import it where it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import sqlalchemy as sa

from backoffice.database.faults import Fault, fault
from backoffice.errors import BackofficeError
from backoffice.operations.checks import (
    database,
    files,
    mysql,
    people,
    postgresql,
    rights,
    schema,
    servers,
    settings,
    sqlite,
    work,
)
from backoffice.operations.checks.findings import Check, Finding, Installation, Status, fail, warn

__all__ = ["CHECKS", "Check", "Finding", "Installation", "Status", "look"]
# In the order of the screen; in each, as they stand there.
MODULES = (settings, database, servers, mysql, postgresql, sqlite, rights, schema, work, people, files)
CHECKS = [value for module in MODULES for value in vars(module).values() if isinstance(value, Check)]
# With these no other check gets an answer either.
AWAY = {
    Fault.UNREACHABLE: "The database does not answer.",
    Fault.REFUSED: "The database refuses this account.",
    Fault.NO_DATABASE: "There is no such database, or not for this account.",
}
_logger = logging.getLogger(__name__)


def look(installation: Installation) -> Iterator[tuple[Check, list[Finding]]]:
    """Carry the checks out that concern this installation, one after the other."""
    away = ""
    for each in CHECKS:
        if each.dialects and installation.engine.dialect.name not in each.dialects:
            continue
        if away and each.asks_database:
            yield each, [Finding(Status.SKIPPED, "Not looked at: see above.")]
            continue
        try:
            found = list(each.look(installation))
        except Exception as error:
            known = fault(error) if isinstance(error, sa.exc.SQLAlchemyError) else None
            away = AWAY.get(known, away) if known else away
            found = [_unseen(each, error, known)]
        if found:
            yield each, found


def _unseen(each: Check, error: Exception, known: Fault | None) -> Finding:
    """What is said of a check that could not look."""
    if known in AWAY:
        return fail(AWAY[known], "Check DATABASE_URL, its user and password, and that the database runs.")
    if known is Fault.SCHEMA:
        return Finding(Status.SKIPPED, "Not looked at: tables or columns are missing.")
    if known is Fault.NO_RIGHT:
        return warn("This account may not look.", "Run this with the account that upgrades as well.")
    if known is Fault.BUSY:
        return warn("The database is busy: it did not answer in time.", "Run this again.")
    if isinstance(error, BackofficeError):
        return warn("Could not be looked at.", error.message)
    _logger.error("the check %r failed", each.name, exc_info=error)
    return warn(f"Could not be looked at ({type(error).__name__}).", "The log says why; report it.")
