"""An upgrade that the account may not carry out is refused before it begins, with the GRANT that mends it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from backoffice.operations.plan.rights import needs_of
from tests.operations.upgrading.conftest import Runners
from tests.test_docs import execute

PEOPLE = 'op.create_table("person", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))'
# Something of each kind: a table that points to another, a column, an index.
MORE = """
op.create_table(
    "pet", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), nullable=True),
)
op.add_column("person", sa.Column("city", sa.String(50), nullable=True))
op.create_index("ix_person_name", "person", ["name"])
"""
SERVES = "SELECT, INSERT, UPDATE, DELETE"


class Account:
    """One that may only serve, on a database that another one has upgraded to the first revision."""

    def __init__(self, backend: str, url: str) -> None:
        self.backend, self.name = backend, f"backoffice_test_{uuid4().hex[:8]}"
        address = sa.make_url(url)
        self.database, self.owner = str(address.database), str(address.username)
        made = address.set(username=self.name, password="a password")
        self.url = made.render_as_string(hide_password=False)
        self.who = f"'{self.name}'@'%'" if backend == "mysql" else self.name

    def make(self) -> None:
        word = "USER" if self.backend == "mysql" else "ROLE"
        self.run(f"CREATE {word} {self.who} {'IDENTIFIED BY' if word == 'USER' else 'LOGIN PASSWORD'} 'a password'")
        where = f"{self.database}.*" if self.backend == "mysql" else "ALL TABLES IN SCHEMA public"
        self.run(f"GRANT {SERVES} ON {where} TO {self.who}")

    def run(self, statement: str) -> None:
        """As an administrator."""
        execute(self.backend, statement, self.database)

    def drop(self) -> None:
        if self.backend == "postgresql":
            self.run(f"REASSIGN OWNED BY {self.name} TO {self.owner}")
            self.run(f"DROP OWNED BY {self.name}")
        self.run(f"DROP {'USER' if self.backend == 'mysql' else 'ROLE'} {self.who}")


@pytest.fixture
def directory(revisions: Callable[..., str]) -> str:
    return revisions(PEOPLE, MORE)


@pytest.fixture
def account(url: str, backend: str, runners: Runners, revisions: Callable[..., str]) -> Iterator[Account]:
    code, output = runners.run(url, "upgrade", directory=revisions(PEOPLE))
    assert code == 0, output
    made = Account(backend, url)
    made.make()
    yield made
    made.drop()


@pytest.mark.server_only
def test_an_upgrade_is_refused_until_what_it_takes_is_granted(
    account: Account, backend: str, runners: Runners, directory: str
):
    code, output = runners.run(account.url, "plan", directory=directory)
    assert code == 2, output
    assert "no    missing-right: The account lacks a right: ALTER on person; CREATE on " in output
    code, output = runners.run(account.url, "upgrade", directory=directory)
    assert code == 2, output
    assert "Nothing was done. missing-right:" in output
    assert "--allow missing-right" in output
    assert "password" not in output.lower()

    code, output = runners.run(account.url, "plan", "--json", directory=directory)
    [obstacle] = json.loads(output)["obstacles"]
    code, output = runners.run(account.url, "upgrade", "--allow", "missing-right", directory=directory)
    assert code == 2, output
    assert "lacks a right that this needs" in output
    for grant in re.findall(r"GRANT [^;]+", obstacle["fix"]):
        account.run(grant)
    code, output = runners.run(account.url, "plan", directory=directory)
    assert code == (1 if backend == "mysql" else 0), "what was begun in spite of it is to be finished there"
    assert "missing-right" not in output
    code, output = runners.run(account.url, "upgrade", directory=directory)
    assert code == 0, output
    if backend == "mysql":
        assert "REFERENCES" not in obstacle["fix"], "MariaDB does not ask for it"


@pytest.mark.server_only
def test_a_new_database_is_not_begun_by_an_account_that_could_not_finish_it(
    url: str, backend: str, runners: Runners, engine: sa.Engine
):
    made = Account(backend, url)
    made.make()
    try:
        if backend == "mysql":
            # The first revisions could be run, and MariaDB takes none of them back.
            made.run(f"GRANT CREATE, ALTER, DROP ON {made.database}.* TO {made.who}")
        code, output = runners.run(made.url, "upgrade")
        assert code == 2, output
        wanted = "INDEX on article, " if backend == "mysql" else "CREATE on schema public."
        assert f"Nothing was done. missing-right: The account lacks a right: {wanted}" in output
        with engine.connect() as connection:
            assert sa.inspect(connection).get_table_names() == []
    finally:
        made.drop()


@pytest.mark.server_only
def test_what_the_statements_take_is_enough(account: Account, backend: str, runners: Runners, directory: str):
    """Neither DROP nor TRIGGER is, though another upgrade may ask for them."""
    if backend == "mysql":
        account.run(f"GRANT CREATE ON {account.database}.* TO {account.who}")
        account.run(f"GRANT ALTER, INDEX ON {account.database}.person TO {account.who}")
    else:
        account.run(f"GRANT CREATE ON SCHEMA public TO {account.who}")
        account.run(f"ALTER TABLE person OWNER TO {account.name}")
    code, output = runners.run(account.url, "plan", directory=directory)
    assert code == 0, output
    code, output = runners.run(account.url, "upgrade", directory=directory)
    assert code == 0, output


@pytest.mark.mysql_only
@pytest.mark.parametrize(("active", "code"), [(False, 1), (True, 0)])
def test_what_a_role_may_bring_is_never_refused(
    active: bool, code: int, account: Account, runners: Runners, directory: str
):
    role = f"{account.name}_r"
    account.run(f"CREATE ROLE {role}")
    try:
        account.run(f"GRANT CREATE, ALTER, INDEX ON {account.database}.* TO {role}")
        account.run(f"GRANT {role} TO {account.who}")
        if active:
            account.run(f"SET DEFAULT ROLE {role} FOR {account.who}")
        found, output = runners.run(account.url, "plan", directory=directory)
        assert found == code, output
        assert ("look  missing-right: The account lacks a right: ALTER" in output) == (not active)
    finally:
        account.run(f"DROP ROLE {role}")


@pytest.mark.server_only
def test_a_right_that_the_runner_needs_for_its_journal_is_named(
    account: Account, backend: str, runners: Runners, directory: str
):
    on = f"{account.database}.*" if backend == "mysql" else "schema_journal"
    account.run(f"REVOKE INSERT ON {on} FROM {account.who}")
    code, output = runners.run(account.url, "plan", "--json", directory=directory)
    assert code == 2
    assert "INSERT on schema_journal" in json.loads(output)["refusals"]["missing-right"]


@pytest.mark.mysql_only
def test_grants_that_cannot_be_read_are_none_of_its_business(
    account: Account, runners: Runners, directory: str, monkeypatch: pytest.MonkeyPatch
):
    from backoffice.operations.plan import rights

    def refused(_connection: sa.Connection) -> list[str]:
        raise sa.exc.OperationalError("SHOW GRANTS", {}, Exception("no"))

    monkeypatch.setattr(rights.rights, "shown", refused)
    engine = sa.create_engine(account.url.replace("mysql://", "mysql+pymysql://"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert rights.lack(connection, []) is None
    monkeypatch.undo()
    account.run(f"REVOKE UPDATE ON {account.database}.* FROM {account.who}")
    with engine.connect() as connection:
        found = rights.lack(connection, [])
    assert found is not None
    assert "UPDATE on alembic_version, schema_journal" in found.told


@pytest.mark.sqlite_only
def test_a_file_that_cannot_be_written_is_told(
    url: str, runners: Runners, revisions: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    from backoffice.operations.checks import rights as checks
    from backoffice.operations.plan import rights

    assert runners.run(url, "upgrade", directory=revisions(PEOPLE))[0] == 0
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert rights.lack(connection, []) is None
        # Who runs the tests may be one who may do everything.
        monkeypatch.setattr(checks.os, "access", lambda *_arguments: False)
        found = rights.lack(connection, [])
    assert found is not None
    assert "cannot be written by this account" in found.told
    assert f"chown -R ACCOUNT {Path(url.removeprefix('sqlite:///')).parent}" in found.fix


@pytest.mark.parametrize(
    ("statement", "needs"),
    [
        ("CREATE TABLE `user` (\n id INTEGER)", [("CREATE", "user")]),
        ("ALTER TABLE a ADD FOREIGN KEY(x) REFERENCES b (id)", [("ALTER", "a"), ("REFERENCES", "b")]),
        ('ALTER TABLE "user" ADD COLUMN x INTEGER', [("ALTER", "user")]),
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix_a ON a (b)", [("INDEX", "a")]),
        ("DROP INDEX ix_a ON a", [("INDEX", "a")]),
        ("DROP INDEX CONCURRENTLY IF EXISTS ix_a", [("INDEX", "ix_a")]),
        ("CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW SET @x = 1", [("TRIGGER", "a")]),
        ("INSERT INTO a (b) VALUES (1)", [("INSERT", "a")]),
        ("UPDATE a SET b = 1", [("UPDATE", "a")]),
        ("DELETE FROM a", [("DELETE", "a")]),
        ("ALTER TABLE elsewhere.a ADD COLUMN x INTEGER", []),
        ("SELECT 1", []),
        ("COMMENT ON TABLE a IS 'x'", []),
    ],
)
def test_rights_are_read_from_statements(statement: str, needs: list[tuple[str, str]]):
    assert list(needs_of(statement, "postgresql")) == needs
