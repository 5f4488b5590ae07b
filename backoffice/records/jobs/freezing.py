"""The keys a job is about, frozen when it was asked for: what matches later is none of its business."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import Kind, primary_key
from backoffice.database.keys import print_key
from backoffice.database.selection import Selection
from backoffice.models import Job, JobKeys
from backoffice.models.job import PORTION

KEYS: Any = JobKeys.__table__
# Portions that one statement inserts.
TOGETHER = 20


def keys_of(session: Session, selection: Selection) -> Iterator[str | int]:
    """The keys of the selected rows in the order of their keys, as one statement sees them.

    All are read before the first is given: PyMySQL throws away what is unread of an answer once anything else is asked
    on its connection. Whole numbers take eight bytes each meanwhile.
    """
    model = selection.vocabulary.model
    parts = primary_key(model)
    columns = [part.expression for part in parts]
    rows = selection.rows(session.get_bind().dialect.name).order_by(None)
    statement = rows.with_only_columns(*columns, maintain_column_froms=True).distinct().order_by(*columns)
    found = session.execute(statement, execution_options={"yield_per": PORTION})
    if len(parts) == 1 and parts[0].kind is Kind.INTEGER:
        yield from array("q", found.scalars())
    else:
        yield from [print_key(model, row) for row in found]


def freeze(session: Session, job: Job, keys: Iterable[str | int]) -> None:
    """Put the keys down as the job's own; its `length` is then known."""
    remaining, number = iter(keys), 0
    while found := list(islice(remaining, PORTION * TOGETHER)):
        portions = [found[start : start + PORTION] for start in range(0, len(found), PORTION)]
        rows = [{"job_id": job.id, "number": number + n, "keys": portion} for n, portion in enumerate(portions)]
        session.execute(sa.insert(KEYS), rows)
        job.length += len(found)
        number += len(portions)


def frozen(session: Session, job: Job, start: int, count: int) -> list[str]:
    """The job's keys from `start` on, at most `count`; an undoing job works through those of the job it undoes.

    A job that is `numbered` is about the rows of a file: its keys are their places, and none are kept.
    """
    count = min(count, job.length - start)
    if count <= 0:
        return []
    if job.arguments.get("numbered") and job.keys_of is None:
        return [str(place) for place in range(start, start + count)]
    first, last = start // PORTION, (start + count - 1) // PORTION
    portions = sa.select(KEYS.c["keys"]).where(
        KEYS.c.job_id == (job.keys_of or job.id), KEYS.c.number.between(first, last)
    )
    found = [key for keys in session.scalars(portions.order_by(KEYS.c.number)) for key in keys]
    return [str(key) for key in found[start - first * PORTION :][:count]]
