"""What is looked at before the schema changes: the plan, what a downgrade takes away, a backup first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from backoffice.database.faults import is_passing
from backoffice.operations.upgrading import connections
from tests.operations.upgrading.conftest import CITY, PEOPLE, Runners

NO_DEFAULT = 'op.add_column("person", sa.Column("city", sa.String(50), nullable=False))'
DROP = 'op.drop_column("person", "name")'


def test_a_plan_shows_each_statement_with_its_verdict(
    at_first: str, runners: Runners, revisions: Callable[..., str], engine: sa.Engine
):
    directory = revisions(PEOPLE, CITY)
    code, output = runners.run(at_first, "plan", directory=directory)
    assert code == 0, output
    assert "schema 0001 to 0002" in output
    assert "ALTER TABLE person ADD COLUMN city VARCHAR(50)" in output
    assert "go    instant" in output
    assert "Go: flask db upgrade" in output
    with engine.connect() as connection:
        assert {"id", "name"} == {column["name"] for column in sa.inspect(connection).get_columns("person")}


@pytest.mark.parametrize("command", ["plan", "upgrade"])
def test_a_revision_that_the_database_is_past_is_nothing_to_do(
    command: str, at_first: str, runners: Runners, revisions: Callable[..., str]
):
    directory = revisions(PEOPLE, CITY, CITY.replace("city", "street"))
    assert runners.run(at_first, "upgrade", "0002", directory=directory)[0] == 0
    for target in ("0001", "base", "0002"):
        code, output = runners.run(at_first, command, target, directory=directory)
        assert code == 0, output
        assert "nothing to" in output
    code, output = runners.run(at_first, command, "+1", directory=directory)
    assert code == 0, output
    assert "0003  Step 3" in output


@pytest.mark.sqlite_only
@pytest.mark.parametrize("arguments", [["downgrade", "nonsense"], ["downgrade", "+1"], ["plan", "+9"]])
def test_a_target_that_is_none_is_told_in_a_sentence(
    arguments: list[str], at_first: str, runners: Runners, revisions: Callable[..., str]
):
    code, output = runners.run(at_first, *arguments, directory=revisions(PEOPLE))
    assert code == 2
    assert "Traceback" not in output


@pytest.mark.parametrize("body", [NO_DEFAULT, DROP])
def test_what_breaks_the_version_beside_is_refused_unless_it_is_allowed_by_name(
    body: str, at_first: str, backend: str, runners: Runners, revisions: Callable[..., str], engine: sa.Engine
):
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM person"))
    directory = revisions(PEOPLE, body)
    code, output = runners.run(at_first, "plan", directory=directory)
    assert code == 2, output
    assert "no    breaks-running-version" in output
    code, output = runners.run(at_first, "upgrade", directory=directory)
    assert code == 2
    assert "Nothing was done. breaks-running-version: 0002:" in output
    if backend == "sqlite" and body == NO_DEFAULT:
        return  # SQLite adds no such column at all
    code, output = runners.run(at_first, "upgrade", "--allow", "breaks-running-version", directory=directory)
    assert code == 0, output


def test_a_contract_says_what_it_takes_away(at_first: str, runners: Runners, revisions: Callable[..., str]):
    directory = revisions(PEOPLE, DROP, phases=("expand", "contract"))
    code, output = runners.run(at_first, "plan", directory=directory)
    assert code == 1
    assert "look  contract: A version that still uses it breaks." in output


def test_a_large_table_is_not_copied_without_being_asked_for(
    at_first: str, backend: str, runners: Runners, revisions: Callable[..., str], engine: sa.Engine
):
    if backend == "sqlite":
        change = 'with op.batch_alter_table("person") as b:\n    b.alter_column("name", type_=sa.Text())'
    else:
        change = 'op.alter_column("person", "id", existing_type=sa.Integer(), type_=sa.BigInteger())'
    with engine.begin() as connection:
        numbers = "WITH RECURSIVE n(x) AS (SELECT 10 UNION ALL SELECT x + 1 FROM n WHERE x < 900) SELECT x FROM n"
        connection.execute(sa.text(f"INSERT INTO person (id) {numbers}"))
        insert = (
            "INSERT INTO person (id) SELECT a.id * 1000 + b.id FROM person a, person b WHERE a.id > 500 AND b.id > 9"
        )
        connection.execute(sa.text(insert))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE TABLE person" if backend == "mysql" else "ANALYZE"))
    directory = revisions(PEOPLE, change)
    code, output = runners.run(at_first, "plan", "--json", directory=directory)
    assert code == 2, output
    plan = json.loads(output)
    assert plan["level"] == "no"
    assert list(plan["refusals"]) == ["copies-table"]
    assert "rows of person" in plan["refusals"]["copies-table"]


@pytest.mark.server_only
def test_a_transaction_that_stays_open_is_named(at_first: str, backend: str, engine: sa.Engine):
    with engine.connect() as holder, engine.connect() as looking:
        holder.execute(sa.text("UPDATE person SET name = 'c' WHERE id = 1"))
        if backend == "postgresql":
            own = holder.scalar(sa.text("SELECT pg_backend_pid()"))
        else:
            own = holder.scalar(sa.text("SELECT CONNECTION_ID()"))
            # Another one than the machine's, as where that is not set to UTC.
            looking.execute(sa.text("SET time_zone = '-08:00'"))
        # The server's clock counts whole seconds.
        looking.execute(sa.text("SELECT pg_sleep(1.1)" if backend == "postgresql" else "SELECT SLEEP(1.1)"))
        looking.rollback()
        found = connections.blockers(looking, seconds=0)
        holder.rollback()
    assert [1 <= blocker.seconds < 60 for blocker in found if blocker.connection == str(own)] == [True], found


@pytest.mark.sqlite_only
def test_an_embedded_database_is_backed_up_before_it_is_changed(
    at_first: str, runners: Runners, revisions: Callable[..., str]
):
    code, output = runners.run(at_first, "upgrade", "--json", directory=revisions(PEOPLE, CITY))
    assert code == 0, output
    report = json.loads(output[output.index("{") :])
    backup = sa.create_engine(f"sqlite:///{report['backup']}", poolclass=sa.NullPool)
    with backup.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM person")) == 3
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "0001"
    assert Path(report["backup"]).stat().st_mode & 0o077 == 0


LOST_ONCE = """
tried = "PATH"
if not op.get_context().as_sql and not os.path.exists(tried):
    open(tried, "w").close()
    raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)
"""


@pytest.mark.sqlite_only
def test_what_is_tried_again_is_not_backed_up_again(
    at_first: str, runners: Runners, revisions: Callable[..., str], tmp_path: Path
):
    body = f"import os{LOST_ONCE}".replace("PATH", str(tmp_path / "tried"))
    code, output = runners.run(at_first, "upgrade", directory=revisions(PEOPLE, body))
    assert code == 0, output
    assert "trying again" in output
    assert output.count("A backup is in") == 1


def test_a_full_disk_is_not_waited_for():
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorname = "SQLITE_FULL"
    # As SQLAlchemy tells of a COMMIT, which has no statement.
    assert not is_passing(sa.exc.OperationalError(None, None, full))


def test_a_downgrade_tells_what_goes(at_first: str, runners: Runners, revisions: Callable[..., str]):
    directory = revisions(PEOPLE, downs=('op.drop_table("person")',))
    code, output = runners.run(at_first, "downgrade", directory=directory)
    assert code == 0, output
    assert "Goes: table person with 3 rows" in output


def test_where_people_work_a_downgrade_needs_its_revision_and_a_backup(
    at_first: str, backend: str, runners: Runners, revisions: Callable[..., str], tmp_path: Path
):
    directory = revisions(PEOPLE, downs=('op.drop_table("person")',))

    def down(*arguments: str) -> tuple[int, str]:
        return runners.run(at_first, "downgrade", *arguments, directory=directory, environment="production")

    code, output = down()
    assert code == 2
    assert "Name the revision to go back to" in output
    if backend != "sqlite":
        code, output = down("base")
        assert code == 2
        assert "flask ops backup tells how" in output
        assert down("base", "--backed-up", str(tmp_path / "none.sql"))[0] == 2
    dump = tmp_path / "dump.sql"
    dump.write_text("the dump", encoding="utf-8")
    code, output = down("base", "--backed-up", str(dump))
    assert code == 0, output
    assert ("A backup is in" in output) == (backend == "sqlite")


@pytest.mark.sqlite_only
def test_a_revision_that_would_lose_rows_is_rolled_back(
    at_first: str, runners: Runners, revisions: Callable[..., str], engine: sa.Engine
):
    # As a copy of the table with a condition by mistake.
    losing = 'op.get_bind().exec_driver_sql("DELETE FROM person WHERE name IS NULL")'
    code, output = runners.run(at_first, "upgrade", directory=revisions(PEOPLE, f"{CITY}\n{losing}"))
    assert code == 2
    assert "would have left 2 of 3 rows in person" in output
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM person")) == 3


@pytest.mark.sqlite_only
def test_children_of_a_table_that_is_made_anew_stay(
    url: str, runners: Runners, revisions: Callable[..., str], engine: sa.Engine
):
    family = f"""
{PEOPLE}
op.create_table(
    "child", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
)
"""
    anew = (
        'with op.batch_alter_table("person", recreate="always") as b:\n    b.alter_column("name", type_=sa.String(90))'
    )
    assert runners.run(url, "upgrade", directory=revisions(family))[0] == 0
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO person (id, name) VALUES (1, 'a')"))
        connection.execute(sa.text("INSERT INTO child (id, person_id) VALUES (1, 1), (2, 1)"))
    code, output = runners.run(url, "upgrade", directory=revisions(family, anew))
    assert code == 0, output
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM child")) == 2
        assert connection.scalar(sa.text("SELECT name FROM person")) == "a"
        assert str(sa.inspect(connection).get_columns("person")[1]["type"]) == "VARCHAR(90)"


def test_an_older_version_finds_nothing_to_upgrade_where_what_came_since_only_added(
    at_first: str, runners: Runners, revisions: Callable[..., str]
):
    older = revisions(PEOPLE, CITY)
    assert runners.run(at_first, "upgrade", directory=older)[0] == 0
    (Path(older) / "versions" / "0002_step.py").unlink()
    code, output = runners.run(at_first, "plan", directory=older)
    assert (code, "There is nothing to upgrade." in output) == (0, True), output
    code, output = runners.run(at_first, "upgrade", directory=older)
    assert code == 0, output
    assert "this version knows it up to 0001, and nothing it uses is gone" in output
    assert "The schema is at 0002: nothing to do." in output
    code, output = runners.run(at_first, "downgrade", directory=older)
    assert code == 2, output
    assert "Downgrade with the version that upgraded it" in output


def test_an_older_version_says_so_where_something_is_gone(
    at_first: str, runners: Runners, revisions: Callable[..., str]
):
    older = revisions(PEOPLE, DROP, phases=("expand", "contract"))
    assert runners.run(at_first, "upgrade", directory=older)[0] == 0
    (Path(older) / "versions" / "0002_step.py").unlink()
    for command in ("plan", "upgrade", "downgrade"):
        code, output = runners.run(at_first, command, directory=older)
        assert code == 2, output
        assert "Revision 0002 took away what this version may still use. Start a newer version." in output
        assert "Traceback" not in output
    code, output = runners.run(at_first, "current", directory=older)
    assert (code, "Traceback" in output) == (2, False), output


def test_a_new_revision_wants_the_newest_schema_first(at_first: str, runners: Runners, revisions: Callable[..., str]):
    code, output = runners.run(at_first, "migrate", "-m", "later", directory=revisions(PEOPLE, CITY))
    assert code == 2, output
    assert "First: flask db upgrade" in output
