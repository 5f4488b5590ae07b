"""Presence: who has a record open just now. It is told, and decides nothing: the version check does."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Session

from backoffice.models import Presence, Staff, utcnow

# A page asks every twenty seconds; one that has not for a minute is gone.
LASTS = timedelta(seconds=60)
# One beat in so many sweeps what is out of date.
SWEEPS_ONE_IN = 50
MOST_SHOWN = 20
SWEPT_AT_ONCE = 500
WAITS_MILLISECONDS = 300

_table = cast(sa.Table, Presence.__table__)


class Present(NamedTuple):
    """Somebody else at the record."""

    email: str
    editing: bool


def beat(session: Session, staff_id: int, page: str, slot: str, *, editing: bool) -> None:
    """Note that a page is open: one statement that touches one row of its own, so that it waits for nobody."""
    values = {"staff_id": staff_id, "page": page, "slot": slot, "editing": editing, "seen_at": utcnow()}
    # What was read so far is done with: the next statement has a connection, and a transaction, of its own.
    session.commit()
    with _hurried(session.get_bind()) as connection:
        connection.execute(_upsert(connection.dialect.name, values))
        connection.commit()
    if random.randrange(SWEEPS_ONE_IN) == 0:  # noqa: S311  # nothing secret hangs on it
        sweep(session)


def leave(session: Session, staff_id: int, page: str) -> None:
    """The page was closed."""
    session.execute(_table.delete().where(_table.c.staff_id == staff_id, _table.c.page == page))
    session.commit()


def others(session: Session, staff_id: int, slot: str) -> Sequence[Present]:
    """Who else has the record open, each person once: editing if one of their pages is."""
    editing = sa.func.max(sa.case((Presence.editing, 1), else_=0))
    found = (
        sa.select(Staff.email, editing)
        .join(Presence, Presence.staff_id == Staff.id)
        .where(Presence.slot == slot, Presence.seen_at > utcnow() - LASTS, Presence.staff_id != staff_id)
        .group_by(Staff.email)
        .order_by(Staff.email)
        .limit(MOST_SHOWN)
    )
    return [Present(email, bool(edits)) for email, edits in session.execute(found)]


def sweep(session: Session) -> None:
    """Remove rows that are out of date, by their keys: a range would be locked against new ones on MySQL."""
    key = sa.select(_table.c.staff_id, _table.c.page).where(_table.c.seen_at < utcnow() - LASTS).limit(SWEPT_AT_ONCE)
    gone = [tuple(row) for row in session.execute(key)]
    if gone:
        session.execute(
            _table.delete().where(
                sa.tuple_(_table.c.staff_id, _table.c.page).in_(gone), _table.c.seen_at < utcnow() - LASTS
            )
        )
    session.commit()


@contextmanager
def _hurried(bind: sa.Engine | sa.Connection) -> Iterator[sa.Connection]:
    """SQLite has one writer at a time: whoever only says that they are here does not queue for long behind it."""
    with bind.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            yield connection
            return
        usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {WAITS_MILLISECONDS}")
        try:
            yield connection
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(usual)}")


def _upsert(dialect: str, values: dict[str, Any]) -> Any:
    changing = {name: values[name] for name in ("slot", "editing", "seen_at")}
    if dialect in ("mysql", "mariadb"):
        return mysql.insert(_table).values(values).on_duplicate_key_update(changing)
    # Loaded for those whose database it is: a dialect is up to 2 MiB.
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_postgresql

        statement: Any = insert_postgresql(_table)
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite

        statement = insert_sqlite(_table)
    return statement.values(values).on_conflict_do_update(index_elements=["staff_id", "page"], set_=changing)
