"""The numbers of the ledger that tell an operator whether workers keep up."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from backoffice.database.clock import moment
from backoffice.database.time_limits import limited
from backoffice.records.jobs.ledger import JOB

TOLD = ("waiting", "running", "failed")


class Figure(NamedTuple):
    """How many jobs are in a state, and for how many seconds the one that has had no turn for longest."""

    jobs: int = 0
    seconds: float = 0.0


def per_state(connection: sa.Connection, seconds: float) -> dict[str, Figure]:
    """The figures of the states in which a job needs somebody: one statement, answered from an index."""
    statement = (
        sa.select(JOB.c.state, sa.func.count(), sa.func.min(JOB.c.turn_at), moment())
        .where(JOB.c.state.in_(TOLD))
        .group_by(JOB.c.state)
    )
    found = {
        state: Figure(count, max(0.0, (now - turn_at).total_seconds()))
        for state, count, turn_at, now in connection.execute(limited(statement, seconds))
    }
    return {state: found.get(state, Figure()) for state in TOLD}
