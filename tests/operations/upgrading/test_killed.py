"""A runner is killed after every statement it carries out: run again it goes on, and ends where a clean run ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from backoffice.database.address import normalise_database_url
from backoffice.operations.revisions import line
from tests.databases import Databases
from tests.operations.upgrading.conftest import Runners

KILLED = -9
# One of every kind of statement, rows between changes of the schema included.
FIRST = """
author = op.create_table("author", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
op.bulk_insert(author, [{"id": 1, "name": "Lu Xun"}, {"id": 2, "name": "Ba Jin"}])
op.create_table(
    "book",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("author_id", sa.Integer, sa.ForeignKey("author.id", name="fk_book_author", ondelete="CASCADE")),
    sa.Column("title", sa.String(100), index=True),
)
op.execute("INSERT INTO book (id, author_id, title) VALUES (1, 1, 'Na han')")
op.add_column("author", sa.Column("city", sa.String(50), nullable=False, server_default="Shaoxing"))
op.execute("INSERT INTO author (id, name) VALUES (3, 'Lao She')")
op.execute("UPDATE author SET city = 'Beijing' WHERE id = 3")
"""
SECOND = """
op.create_index("ix_author_name", "author", ["name"])
with op.batch_alter_table("author") as batch:
    batch.alter_column("name", existing_type=sa.String(50), type_=sa.String(90), nullable=True)
op.execute("INSERT INTO book (id, author_id, title) VALUES (2, 3, 'Cha guan')")
op.rename_table("book", "work")
op.drop_column("author", "city")
"""
# On PostgreSQL an index is made beside people's work, outside of any transaction.
THIRD = """
op.execute("INSERT INTO author (id, name) VALUES (4, 'Mao Dun')")
with op.get_context().autocommit_block():
    op.create_index("ix_work_author", "work", ["author_id"], postgresql_concurrently=True)
op.execute("INSERT INTO author (id, name) VALUES (5, 'Ding Ling')")
"""
ROWS = ("SELECT * FROM author ORDER BY id", "SELECT id, author_id, title FROM work ORDER BY id")


DOWN_FIRST = """
op.drop_table("book")
op.drop_table("author")
"""
DOWN_SECOND = """
op.add_column("author", sa.Column("city", sa.String(50), nullable=False, server_default="Shaoxing"))
op.rename_table("work", "book")
op.execute("DELETE FROM book WHERE id = 2")
op.drop_index("ix_author_name", "author")
"""


@pytest.mark.parametrize("when", ["done", "noted"])
def test_a_runner_killed_after_each_statement_ends_where_a_clean_run_ends(
    when: str, backend: str, databases: Databases, runners: Runners, revisions: Callable[..., str]
):
    bodies = (FIRST, SECOND) if backend == "sqlite" else (FIRST, SECOND, THIRD)
    directory = revisions(*bodies, phases=("expand", "contract", "expand"))
    clean, killed = databases.create(backend), databases.create(backend)
    assert runners.run(clean, "upgrade", directory=directory)[0] == 0
    kills = kill_after_each_statement(runners, killed, when, directory=directory)
    assert kills > 10
    assert described(killed) == described(clean)


def test_the_way_back_stands_being_killed_as_well(
    backend: str, databases: Databases, runners: Runners, revisions: Callable[..., str]
):
    directory = revisions(FIRST, SECOND, phases=("expand", "contract"), downs=(DOWN_FIRST, DOWN_SECOND))
    clean, killed = databases.create(backend), databases.create(backend)
    for url in (clean, killed):
        assert runners.run(url, "upgrade", directory=directory)[0] == 0
    assert runners.run(clean, "downgrade", "base", directory=directory)[0] == 0
    assert kill_after_each_statement(runners, killed, "done", command=("downgrade", "base"), directory=directory) > 5
    assert described(killed) == described(clean)


def test_what_was_interrupted_is_finished_before_anything_else(
    url: str, backend: str, runners: Runners, revisions: Callable[..., str]
):
    made = 'op.create_table("a", sa.Column("id", sa.Integer, primary_key=True))'
    directory = revisions(made, FIRST, downs=('op.drop_table("a")',))
    assert runners.run(url, "upgrade", directory=directory, kill=[6, "done"])[0] == KILLED
    code, output = runners.run(url, "downgrade", directory=directory)
    if backend == "mysql":
        assert code == 2
        assert "The upgrade to 0002 was interrupted at step 4, and has to be finished first." in output
        assert "flask db upgrade 0002" in output
        assert "a" in tables(url)
    else:
        # Nothing of it is there: the database has rolled it back.
        assert code == 0, output
    assert runners.run(url, "upgrade", directory=directory)[0] == 0


@pytest.mark.mysql_only
def test_what_somebody_changed_by_hand_meanwhile_is_told_and_left(
    url: str, engine: sa.Engine, runners: Runners, revisions: Callable[..., str]
):
    directory = revisions('op.create_table("a", sa.Column("id", sa.Integer, primary_key=True))',
                          'op.add_column("a", sa.Column("word", sa.String(90)))')  # fmt: skip
    assert runners.run(url, "upgrade", directory=directory, kill=[3, "noted"])[0] == KILLED
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE a ADD COLUMN word VARCHAR(12)"))
    code, output = runners.run(url, "upgrade", directory=directory)
    assert code == 2
    assert "changed the same by hand: column word of a has the type VARCHAR(12)" in output
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE a DROP COLUMN word"))
    assert runners.run(url, "upgrade", directory=directory)[0] == 0


# Half a minute each, so that part of every run are only the newest on the database that can stop half-way: those before
# do not change any more. All of them: EVERY_STEP=1 pytest tests/operations/upgrading/test_killed.py
EVERY_STEP = "EVERY_STEP" in os.environ
EVERY = pytest.mark.parametrize("when", ["done", "noted"] if EVERY_STEP else ["done"])
WHERE = (lambda test: test) if EVERY_STEP else pytest.mark.mysql_only
NEWEST = 5


@EVERY
@WHERE
def test_this_products_own_revisions_stand_being_killed(
    when: str, backend: str, databases: Databases, runners: Runners
):
    clean, killed = databases.create(backend), databases.create(backend)
    assert runners.run(clean, "upgrade")[0] == 0
    if not EVERY_STEP:
        assert runners.run(killed, "upgrade", [*line().revisions][-NEWEST - 1])[0] == 0
    assert kill_after_each_statement(runners, killed, when) > NEWEST
    assert described(killed) == described(clean)


def kill_after_each_statement(
    runners: Runners, url: str, when: str, *, command: tuple[str, ...] = ("upgrade",), **more: Any
) -> int:
    """Let each run live one statement longer than what a run before has brought to stay; how many were killed."""
    kills, length, before = 0, 1, journal(url)
    while True:
        code, output = runners.run(url, *command, kill=[length, when], **more)
        if code == 0:
            return kills
        assert code == KILLED, output
        kills += 1
        now = journal(url)
        length, before = (1, now) if now != before else (length + 1, before)


def journal(url: str) -> list[Any]:
    """What has been brought to stay."""
    engine = sa.create_engine(normalise_database_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("schema_journal"):
            return []
        found = sa.text("SELECT revision, state, position FROM schema_journal ORDER BY revision")
        return [tuple(row) for row in connection.execute(found)]


def tables(url: str) -> list[str]:
    engine = sa.create_engine(normalise_database_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return sa.inspect(connection).get_table_names()


def described(url: str) -> dict[str, Any]:
    """All that a database is made of, and the rows of the small tables."""
    engine = sa.create_engine(normalise_database_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        found: dict[str, Any] = {}
        for table in inspector.get_table_names():
            found[table] = {
                "columns": [
                    (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)
                ],
                "indexes": sorted(
                    (str(i["name"]), i["column_names"], i["unique"]) for i in inspector.get_indexes(table)
                ),
                "keys": sorted((str(k["name"]), str(k["options"])) for k in inspector.get_foreign_keys(table)),
            }  # fmt: skip
        if "author" in found:
            found["rows"] = [[tuple(row) for row in connection.execute(sa.text(statement))] for statement in ROWS]
        return found
