"""Contracts wait: nothing is taken away that a process at work still uses, or that a backfill has not carried over."""

from __future__ import annotations

import sqlalchemy as sa

from backoffice.operations import alive, schema_journal
from backoffice.operations.revisions import CONTRACT, Line, Revision, line
from backoffice.records import backfills

# What a job is said to be that goes on only where an operator says so.
STALLED = {"failed": "has failed", "stopped": "has stopped", "paused": "is paused", "cancelled": "is cancelled"}


def why_waits(connection: sa.Connection, revision: Revision, known: Line) -> str:
    """Why a revision has to wait, in a sentence with what to do; "" where it may be run."""
    if revision.phase != CONTRACT:
        return ""
    older = alive.older(connection, revision.needs, known)
    if older:
        more = f" and {len(older) - 1} more" if len(older) > 1 else ""
        return (
            f"{revision.number} takes away what {older[0]}{more} may still use. Restart every process with a version "
            f"that knows {revision.needs}, wait {alive.BELIEVED} seconds, and run: flask db upgrade {revision.number}"
        )
    return _why_backfill(connection, revision) if revision.after_backfill else ""


def backfills_over(connection: sa.Connection) -> set[str]:
    """The backfills that a contract has waited for and is through with: what they read of may be gone by now."""
    relied = {revision.after_backfill: revision.number for revision in line().revisions.values()}
    relied.pop("", None)
    passed = {revision.number for revision in line().until(schema_journal.version(connection))} if relied else set()
    return {name for name, number in relied.items() if number in passed}


def _why_backfill(connection: sa.Connection, revision: Revision) -> str:
    backfill = backfills.find(revision.after_backfill)
    if backfill is None:
        return (
            f"{revision.number} relies on the backfill {revision.after_backfill!r}, which this version does not have. "
            "Upgrade with the version before, and let its workers finish."
        )
    if sa.inspect(connection).has_table(backfill.table.name) and backfill.is_open(connection):
        job, state = backfills.newest_job(connection, backfill)
        left = f", whose job {job} {STALLED[state]}" if state in STALLED else ""
        again = f"Let it go on (flask jobs resume {job}), and a" if left else "Let a"
        return (
            f"{revision.number} has to wait for the backfill {backfill.name!r}{left}. {again} worker finish it "
            f"(flask jobs work --until-idle), and run: flask db upgrade {revision.number}"
        )
    return ""
