"""What the measuring of jobs changes, kept in tables beside until it is put back.

As long as such a table is there the rows are not as they were loaded, and the database says so: a run that was ended
in the middle is put right by the next one before anything is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from backoffice.models import Job, utcnow
from tests.bench.loading import CHUNK, Database

JOB = Job.__table__
# Of all articles, and of those that are saved in forms. Versions go on, as the history does.
MOMENTS, TEXTS = "bench_kept_moments", "bench_kept_texts"
COLUMNS = {MOMENTS: ("published_at", "updated_at"), TEXTS: ("title", "search_tokens")}


@contextmanager
def kept(database: Database, saved: Sequence[int]) -> Iterator[None]:
    """All articles may be published and withdrawn meanwhile, and those with the keys `saved` get other titles."""
    put_back(database)
    with database.engine().begin() as connection:
        keys = ", ".join(str(int(key)) for key in saved)
        _keep(connection, TEXTS, f" WHERE id IN ({keys})")
        _keep(connection, MOMENTS)
    try:
        yield
    finally:
        put_back(database)


def put_back(database: Database) -> list[str]:
    """Make the rows what they were, where they are not; the names of the tables that told so."""
    with database.engine(isolation_level="AUTOCOMMIT").connect() as connection:
        present = [name for name in COLUMNS if sa.inspect(connection).has_table(name)]
        if present:
            end_jobs(connection)
        for name in present:
            _put_back(connection, name)
            connection.exec_driver_sql(f"DROP TABLE {name}")
    return present


def end_jobs(connection: sa.Connection) -> None:
    """Jobs that a former run has left are not taken up by the next one's workers."""
    ended = {"state": "cancelled", "lease_until": None, "finished_at": utcnow()}
    connection.execute(sa.update(JOB).where(JOB.c.state.in_(("waiting", "running"))).values(ended))


def _columns(connection: sa.Connection, name: str) -> list[str]:
    there = {column["name"] for column in sa.inspect(connection).get_columns("article")}
    return [column for column in COLUMNS[name] if column in there]


def _keep(connection: sa.Connection, name: str, which: str = "") -> None:
    columns = ", ".join(_columns(connection, name))
    connection.exec_driver_sql(f"CREATE TABLE {name} AS SELECT id, {columns} FROM article{which}")  # noqa: S608
    connection.exec_driver_sql(f"CREATE UNIQUE INDEX {name}_id ON {name} (id)")


def _put_back(connection: sa.Connection, name: str) -> None:
    """In portions, as a million rows at once would fill the database's log of what can be undone."""
    values = ", ".join(
        f"{column} = (SELECT kept.{column} FROM {name} AS kept WHERE kept.id = article.id)"  # noqa: S608
        for column in _columns(connection, name)
    )
    first, last = connection.exec_driver_sql(f"SELECT MIN(id), MAX(id) FROM {name}").one()  # noqa: S608
    for start in range(first or 0, (last or -1) + 1, CHUNK):
        part = f"id BETWEEN {start} AND {start + CHUNK - 1} AND id IN (SELECT id FROM {name})"  # noqa: S608
        connection.exec_driver_sql(f"UPDATE article SET {values} WHERE {part}")  # noqa: S608
