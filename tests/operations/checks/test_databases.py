"""The checks of databases: on each, what is right is in order, and what was changed by hand is found."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.access import accounts
from backoffice.extensions import db
from backoffice.models import Job, Model, utcnow
from backoffice.operations import notices
from backoffice.operations.checks import CHECKS, Check, database, mysql, postgresql
from tests.databases import Databases
from tests.operations.checks.conftest import look, only
from tests.test_docs import accounts_of, execute

DATABASE = [check for check in CHECKS if check.section == "Database" and check.name not in ("last backup", "place")]


def change(app: Flask, *statements: str) -> None:
    """Do something to the database past the product."""
    with app.app_context(), db.engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.mark.parametrize("name", sorted({check.name for check in DATABASE}))
def test_a_healthy_database_is_in_order(name: str, app: Flask) -> None:
    assert {finding.status for finding in look(app, name)} <= {"ok"}


def test_the_schema_is_told_from_empty_over_behind_to_changed_by_hand(backend: str, databases: Databases) -> None:
    app = databases.make_app(databases.create(backend))
    assert only(app, "revision").told == "The database is empty."
    assert only(app, "jobs").status == "skipped"
    with app.app_context():
        flask_migrate.upgrade()
    assert (only(app, "revision").status, only(app, "drift").told) == ("ok", "As the models say.")
    on = " ON job" if backend == "mysql" else ""
    change(app, "ALTER TABLE article ADD COLUMN nickname VARCHAR(20)", f"DROP INDEX ix_job_staff_id_id{on}")
    told = only(app, "drift").told
    assert "the column article.nickname is not ours" in told
    assert "the index ix_job_staff_id_id is missing" in told
    change(app, "UPDATE alembic_version SET version_num = '0022'")
    assert only(app, "revision").command == "flask db upgrade"
    change(app, "UPDATE alembic_version SET version_num = '9999'")
    assert "does not know" in only(app, "revision").told


def test_jobs_that_nobody_works_on_and_jobs_that_failed_are_found(app: Flask) -> None:
    an_hour_ago = utcnow() - timedelta(hours=1)
    with app.app_context():
        db.session.add_all([
            Job(kind="bulk", state="waiting", turn_at=an_hour_ago),
            Job(kind="bulk", state="running", turn_at=an_hour_ago, lease_until=an_hour_ago),
            Job(kind="bulk", state="failed", finished_at=an_hour_ago),
            Job(kind="bulk", state="failed", finished_at=utcnow() - timedelta(days=30)),
        ])  # fmt: skip
        db.session.commit()
        numbers = db.session.scalars(sa.select(Job.id).order_by(Job.id)).all()
    idle, failed = look(app, "jobs")
    assert (idle.status, idle.told) == ("fail", f"Nobody works on #{numbers[0]}, #{numbers[1]}.")
    assert failed.command == f"flask jobs resume {numbers[2]}"
    with app.app_context():
        db.session.add(Job(kind="bulk", state="running", lease_until=utcnow() + timedelta(hours=1)))
        db.session.commit()
    assert [finding.status for finding in look(app, "jobs")] == ["warn"], "those that wait have their turn to come"


def test_what_operators_put_on_and_may_have_forgotten_is_found(app: Flask) -> None:
    with app.app_context():
        db.session.add(Job(kind="bulk", state="waiting", turn_at=utcnow() - timedelta(hours=1)))
        db.session.commit()
        notices.put(db.session(), notices.READ_ONLY, "The database moves.")
        notices.put(db.session(), notices.JOBS, "The disks are being changed.")
    read_only, paused = look(app, "jobs")
    assert (read_only.status, read_only.command) == ("warn", "flask ops read-only off")
    assert (paused.status, paused.command) == ("warn", "flask jobs resume --all"), "and no worker is missed meanwhile"


def test_an_entry_of_the_history_that_was_changed_is_found(app: Flask) -> None:
    assert only(app, "history").status == "ok"
    with app.app_context():
        accounts.create("you@example.com", "viewer")
        accounts.disable("you@example.com")
    assert only(app, "history").status == "ok"
    change(app, "UPDATE audit_entry SET person = 'somebody else' WHERE id = (SELECT position FROM audit_chain)")
    assert only(app, "history").command == "flask audit verify"
    change(app, "DELETE FROM audit_entry WHERE id = (SELECT position FROM audit_chain)")
    assert only(app, "history").status == "fail"


def test_a_search_index_that_is_not_made_is_found(app: Flask) -> None:
    assert only(app, "search").status == "ok"
    change(app, "UPDATE search_index SET finished_at = NULL WHERE table_name = 'article'")
    finding = only(app, "search")
    assert (finding.status, finding.command) == ("warn", "flask search reindex --due")
    assert finding.told.startswith("article ")


@pytest.mark.server_only
@pytest.mark.parametrize(("seconds", "status"), [(-30, "warn"), (30, "warn"), (300, "fail")])
def test_clocks_that_differ_are_found(seconds: int, status: str, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=seconds)

    monkeypatch.setattr(database, "datetime", Shifted)
    assert only(app, "clock").status == status


def test_a_version_that_is_too_old_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "OLDEST", dict.fromkeys(database.OLDEST, (99,)))
    assert "too old" in only(app, "version").told


def test_connections_that_lost_what_they_are_told_are_found(app: Flask, backend: str) -> None:
    """As a pooler in between would: each is told otherwise after the product told it."""
    statement = {
        "sqlite": "PRAGMA foreign_keys = OFF",
        "mysql": "SET SESSION sql_mode = ''",
        "postgresql": "SET timezone = 'Asia/Tokyo'",
    }[backend]

    def spoil(connection: Any, _record: Any, _proxy: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "checkout", spoil)
    try:
        finding = only(app, "session")
    finally:
        sa.event.remove(engine, "checkout", spoil)
        engine.dispose()
    assert finding.status == "fail"
    assert {"sqlite": "foreign_keys is 0", "mysql": "not strict", "postgresql": "timezone is Asia/Tokyo"}[
        backend
    ] in finding.told


@pytest.mark.server_only
def test_a_server_without_room_for_two_processes_is_found(app: Flask) -> None:
    assert "cannot run beside each other" in only(app, "connections", threads=256).told


@pytest.mark.server_only
def test_what_goes_over_a_network_in_the_clear_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LOCAL", ())
    assert only(app, "tls").status in ("ok", "warn")
    assert only(app, "tls").told != "Not needed: the database is on this machine."


@pytest.mark.mysql_only
def test_tables_of_another_character_set_or_engine_are_found(backend: str, databases: Databases) -> None:
    app = databases.make_app(databases.create(backend))
    with app.app_context():
        Model.metadata.create_all(db.engine)
    change(
        app,
        "ALTER DATABASE CHARACTER SET latin1",
        "ALTER TABLE draft CONVERT TO CHARACTER SET latin1",
        "ALTER TABLE presence CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        "ALTER TABLE form_receipt ENGINE = MyISAM",
    )
    own, narrow, other = look(app, "charset")
    assert "latin1" in own.told
    assert (narrow.status, "draft" in narrow.command) == ("fail", True)
    assert (other.status, "presence" in other.command) == ("warn", True)
    assert only(app, "engine").command == "ALTER TABLE form_receipt ENGINE = InnoDB"
    assert only(app, "packet", max_upload_mb=1024).status == "warn"


def test_checks_of_one_product_are_not_made_on_another(app: Flask, backend: str) -> None:
    names = {check.name for check in vars(mysql).values() if isinstance(check, Check)}
    assert all(bool(look(app, name)) == (backend == "mysql") for name in names)
    assert bool(look(app, postgresql.collation.name)) == (backend == "postgresql")


@pytest.mark.server_only
def test_rights_are_told_of_the_account_that_serves_and_the_one_that_upgrades(
    backend: str, databases: Databases
) -> None:
    name = f"backoffice_test_{uuid4().hex[:8]}"
    with accounts_of(backend, name) as (deploying, serving):
        try:
            look_at_both(backend, databases, deploying, serving)
        finally:
            databases.hang_up()


def look_at_both(backend: str, databases: Databases, deploying: str, serving: str) -> None:
    """Before and after the one that serves has lost a right."""
    deployer, service = databases.make_app(deploying), databases.make_app(serving)
    with deployer.app_context():
        Model.metadata.create_all(db.engine)
    assert only(deployer, "rights").told == "It may serve and upgrade."
    assert only(service, "rights").told == "It may serve; another account upgrades."
    url = sa.make_url(serving)
    revoke(backend, str(url.database), str(url.username))
    assert only(service, "rights").told.startswith("The account lacks DELETE on article")


def revoke(backend: str, name: str, user: str) -> None:
    """Take the right to delete away."""
    if backend == "mysql":
        execute(backend, f"REVOKE DELETE ON {name}.* FROM '{user}'@'%'")
    else:
        execute(backend, f"REVOKE DELETE ON article FROM {user}", name)


@pytest.mark.server_only
def test_an_account_that_may_do_everything_does_not_serve(app: Flask) -> None:
    assert only(app, "rights").status == "ok"
    assert only(app, "rights", environment="production").status == "warn"
