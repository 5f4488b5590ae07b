"""Every revision goes up, down and up again on a database that people have worked with, and loses nothing of theirs."""

from __future__ import annotations

import flask_migrate
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from backoffice.config import ROOT
from backoffice.database import reindexing, search_index
from backoffice.extensions import db
from backoffice.models import SearchIndex
from backoffice.operations import schema_journal
from backoffice.operations.upgrading.definitions import definition
from tests import filling
from tests.databases import Databases

BOOKKEEPING = {schema_journal.TABLE, schema_journal.VERSION.name}
# The tables whose rows a revision is about: it may add to them, change them and take them away.
OWN = {"0006": {"role"}, "0013": {"audit_chain"}, "0016": {"role"}, "0022": {"job_gate"}}
# Of what comes back, what may be another than before: keys that the database gives.
GIVEN_ANEW = {"0006": ("role", "id")}
# What people do with the rows that a revision brings along, after which the way down leaves them alone.
MEANWHILE = {
    "0006": "UPDATE role SET description = '改过' WHERE name = 'viewer'",
    "0013": "UPDATE audit_chain SET position = 7, hash = 'f' WHERE id = 1",
}
FIRST_SEARCHED = "0010"


def test_every_step_goes_down_and_up_with_rows_and_loses_none(backend: str, databases: Databases) -> None:
    app = databases.make_app(databases.create(backend))
    with app.app_context():
        known, again = sa.MetaData(), _rows()
        for turn, number in enumerate(_numbers()):
            before, made, above = again, _up(number), _rows()
            _compare(filling.common(before, above), above, number, OWN.get(number, set()))

            _work(known, turn, number)
            before = _rows()
            flask_migrate.downgrade(revision="-1")
            without = _rows()
            kept = filling.common(before, without)
            _compare(kept, without, number, OWN.get(number, set()))

            assert _up(number) == made, number
            again = _rows()
            _compare(_but_what_is_given_anew(kept, number), again, number, set())
        described = _described()

        flask_migrate.downgrade(revision="base")
        assert set(sa.inspect(db.engine).get_table_names()) == BOOKKEEPING
    assert described == _described_after_a_clean_run(databases, backend)


def _numbers() -> list[str]:
    return [script.revision for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()][::-1]


def _up(number: str) -> str:
    """One step, and what the database is made of after it."""
    flask_migrate.upgrade(revision=number)
    _index(number)
    return _described()


def _work(known: sa.MetaData, turn: int, number: str) -> None:
    """Rows in every table, and what people do with those that were there."""
    present = _rows()
    with db.engine.begin() as connection:
        filling.fill(connection, known, present, turn)
        if number in MEANWHILE:
            connection.exec_driver_sql(MEANWHILE[number])
    _index(number)


def _index(number: str) -> None:
    """As `flask search reindex` does: tables that hold rows are not indexed by an upgrade."""
    for model in search_index.searchable_models() if number >= FIRST_SEARCHED else ():
        reindexing.reindex(db.engine, model)


def _rows() -> filling.Rows:
    with db.engine.connect() as connection:
        return filling.rows(connection, _is_made_beside)


def _is_made_beside(table: str) -> bool:
    """What is kept by the product itself, and made of the other rows."""
    return table in BOOKKEEPING or table == SearchIndex.__tablename__ or search_index.is_ours(table, "table")


def _compare(before: filling.Rows, after: filling.Rows, number: str, own: set[str]) -> None:
    differing = filling.differing(before, after)
    assert differing.keys() <= own, f"{number} leaves other rows: {differing}"


def _but_what_is_given_anew(kept: filling.Rows, number: str) -> filling.Rows:
    table, column = GIVEN_ANEW.get(number, ("", ""))
    return {
        name: filling.narrowed(*held, tuple(each for each in held[0] if (name, each) != (table, column)))
        for name, held in kept.items()
    }


def _described() -> str:
    """All that the database is made of."""
    with db.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            return definition(connection, [])
        return "\n".join(map(str, connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name")))


def _described_after_a_clean_run(databases: Databases, backend: str) -> str:
    app = databases.make_app(databases.create(backend))
    with app.app_context():
        flask_migrate.upgrade()
        return _described()
