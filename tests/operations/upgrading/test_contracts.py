"""Nothing is taken away that a process at work may still use, or that a backfill has not carried over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.admin.working import _chores, worker
from backoffice.extensions import db
from backoffice.models import Job, User
from backoffice.operations import alive, schema_journal
from backoffice.operations.alive import PROCESS, Pulse
from backoffice.operations.revisions import CONTRACT, Line, Revision, line
from backoffice.operations.upgrading import contracts
from backoffice.operations.upgrading.contracts import why_waits
from backoffice.records import backfills
from backoffice.records.backfills import Backfill


def later(**more: str) -> tuple[Revision, Line]:
    """A contract after this version's revisions, and the line with it."""
    known = dict(line().revisions)
    parent = line().head
    contract = Revision("9001", parent, CONTRACT, "Drop it", "9001_drop_it.py", **({"needs": parent} | more))
    return contract, Line(known | {"9001": contract})


@pytest.fixture
def connection(app: Flask) -> Iterator[sa.Connection]:
    """A connection to the application's database."""
    with app.app_context(), db.engine.connect() as found:
        yield found


def say_alive(connection: sa.Connection, head: str, seconds: int = 0) -> None:
    """As a process of that version has."""
    values = {"id": f"{head}-{seconds}", "machine": f"web-{head}:1", "head": head, "seen_at": alive.moment(-seconds)}
    connection.execute(sa.insert(PROCESS).values(values))
    connection.commit()


def test_a_contract_waits_for_processes_of_a_version_that_may_use_it(connection: sa.Connection):
    contract, known = later()
    assert why_waits(connection, contract, known) == ""
    say_alive(connection, line().head)
    assert why_waits(connection, contract, known) == ""
    say_alive(connection, "0010", seconds=alive.BELIEVED + 5)
    assert why_waits(connection, contract, known) == "", "that one has gone"
    say_alive(connection, "0010")
    told = why_waits(connection, contract, known)
    assert "9001 takes away what web-0010:1 (at 0010) may still use." in told
    assert "flask db upgrade 9001" in told
    assert why_waits(connection, *later(needs="0010")) == "", "it says itself that 0010 does not use it"


def test_a_process_newer_than_this_one_keeps_nothing_waiting(connection: sa.Connection):
    say_alive(connection, "9999")
    assert why_waits(connection, *later()) == ""


def test_a_web_process_says_that_it_is_at_work_once_in_a_while(app: Flask, connection: sa.Connection):
    with app.app_context():
        engine = db.engine
    pulse = app.extensions["backoffice.pulse"] = Pulse(lambda: engine)
    try:
        browser = app.test_client()
        browser.get("/sign-in").close()
        browser.get("/sign-in").close()
        rows = connection.execute(sa.select(PROCESS)).all()
        assert [row.head for row in rows] == [line().head]
        assert not pulse.is_due
    finally:
        pulse.next = float("inf")


def add_users(session: Session, numbers: range, address: str | None) -> None:
    """So many users, each with this address."""
    session.execute(
        sa.insert(User),
        [{"id": n, "username": f"u{n}", "email": f"u{n}@example.com", "address": address} for n in numbers],
    )
    session.commit()


@pytest.fixture
def city(session: Session) -> Iterator[Backfill]:
    """A backfill of addresses; two thousand users wait for it, five have one."""
    add_users(session, range(1, 2201), None)
    add_users(session, range(3001, 3006), "kept")
    made = Backfill(
        "test", User.__table__, lambda c: c.address.is_(None), lambda c: {"address": sa.literal("of ") + c.username}
    )
    yield backfills.declare(made)
    backfills._declared.pop(made.name)


def test_a_backfill_is_a_job_that_fills_every_row_once(app: Flask, session: Session, city: Backfill):
    contract, known = later(after_backfill="test")
    with app.app_context():
        backfills.begin_due(db.session())
        backfills.begin_due(db.session())
        with db.engine.connect() as connection:
            assert "has to wait for the backfill 'test'" in why_waits(connection, contract, known)
    assert session.scalar(sa.select(sa.func.count()).where(Job.kind == city.kind)) == 1
    at_work = worker(app)
    while at_work.work_once():
        pass
    session.expire_all()
    job = session.scalars(sa.select(Job).where(Job.kind == city.kind)).one()
    assert (job.state, job.changed) == ("done", 2200)
    filled = sa.select(sa.func.count()).where(User.address == sa.literal("of ") + User.username, User.version == 2)
    assert session.scalar(filled) == 2200
    assert session.scalar(sa.select(sa.func.count()).where(User.address == "kept", User.version == 1)) == 5
    with app.app_context(), db.engine.connect() as connection:
        assert why_waits(connection, contract, known) == ""


def be_at(connection: sa.Connection, number: str) -> None:
    """Have the database stand at this revision, as all tests after this one see it."""
    connection.execute(sa.update(schema_journal.VERSION).values(version_num=number))
    connection.commit()


@pytest.mark.sqlite_only
def test_a_backfill_is_over_once_the_contract_that_waited_for_it_has_run(
    app: Flask, session: Session, city: Backfill, monkeypatch: pytest.MonkeyPatch
):
    contract, known = later(after_backfill=city.name)
    monkeypatch.setattr(contracts, "line", lambda: known)
    with app.app_context(), db.engine.connect() as connection:
        assert contracts.backfills_over(connection) == set()
        try:
            be_at(connection, contract.number)
            assert contracts.backfills_over(connection) == {city.name}
            _chores(db.session())
        finally:
            be_at(connection, contract.parent)
    assert not session.scalar(sa.select(sa.func.count()).where(Job.kind == city.kind)), "what it reads of may be gone"


@pytest.mark.sqlite_only
def test_what_a_contract_says_to_do_about_a_backfill_lets_it_end(app: Flask, session: Session, city: Backfill):
    contract, known = later(after_backfill=city.name)
    flask = app.test_cli_runner()
    with app.app_context():
        backfills.begin_due(db.session())
    job = session.scalars(sa.select(Job.id).where(Job.kind == city.kind)).one()
    assert flask.invoke(args=["jobs", "cancel", str(job)]).exit_code == 0
    with app.app_context(), db.engine.connect() as connection:
        told = why_waits(connection, contract, known)
    assert f"'test', whose job {job} is cancelled. Let it go on (flask jobs resume {job}), and a worker" in told
    session.execute(sa.delete(Job).where(Job.id == job))
    session.commit()
    with app.app_context(), db.engine.connect() as connection:
        assert "'test'. Let a worker finish it (flask jobs work --until-idle)" in why_waits(connection, contract, known)
    assert flask.invoke(args=["jobs", "work", "--until-idle"]).exit_code == 0
    with app.app_context(), db.engine.connect() as connection:
        assert why_waits(connection, contract, known) == ""


@pytest.mark.sqlite_only
def test_the_page_of_a_backfill_says_what_it_does_and_counts_its_rows(
    admin: FlaskClient, session: Session, city: Backfill
):
    with admin.application.app_context():
        backfills.begin_due(db.session())
    job = session.scalars(sa.select(Job).where(Job.kind == city.kind)).one()
    before = admin.get(f"/admin/job/details/?id={job.id}").text
    assert "Filling in: test" in before
    assert "0 rows, nobody knows yet of how many" in before
    at_work = worker(admin.application)
    while at_work.work_once():
        pass
    after = admin.get(f"/admin/job/details/?id={job.id}").text
    assert "2,200 of 2,200 rows" in after
    assert "in the activity" not in after, "which tells nothing of it"


@pytest.mark.sqlite_only
def test_rows_that_an_old_version_adds_behind_are_filled_as_well(app: Flask, session: Session, city: Backfill):
    with app.app_context():
        backfills.begin_due(db.session())
    # As where the walk is almost at its end when rows are added.
    session.execute(sa.update(Job).where(Job.kind == city.kind).values(arguments={"after": 4000}))
    session.commit()
    add_users(session, range(5000, 5001), None)
    at_work = worker(app)
    while at_work.work_once():
        pass
    assert session.scalar(sa.select(sa.func.count()).where(User.address.is_(None))) == 0


@pytest.mark.sqlite_only
def test_a_backfill_that_changes_nothing_fails_instead_of_running_for_ever(app: Flask, session: Session):
    add_users(session, range(1, 2), None)
    backfills.declare(Backfill("idle", User.__table__, lambda c: c.id > 0, lambda c: {"created_at": c.created_at}))
    try:
        with app.app_context():
            backfills.begin_due(db.session())
        at_work = worker(app)
        while at_work.work_once():
            pass
        job = session.scalars(sa.select(Job).where(Job.kind == "fill:idle")).one()
        assert (job.state, job.changed) == ("failed", backfills.WALKS)
        with app.app_context():
            backfills.begin_due(db.session())
        assert session.scalar(sa.select(sa.func.count()).where(Job.kind == "fill:idle")) == 1, "an operator has to look"
    finally:
        backfills._declared.pop("idle")


def test_a_backfill_that_this_version_does_not_have_keeps_the_contract_waiting(connection: sa.Connection):
    assert "which this version does not have" in why_waits(connection, *later(after_backfill="gone"))


def test_a_deploy_leaves_what_has_to_wait_and_comes_back_for_it(
    url: str, engine: sa.Engine, runners, revisions: Callable[..., str]
):
    columns = ", ".join(f'sa.Column("{name}", sa.String(255))' for name in ("machine", "head"))
    moment = 'sa.Column("seen_at", sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"))'
    made = (
        "from sqlalchemy.dialects import mysql\n"
        f'op.create_table("running_process", sa.Column("id", sa.String(64), primary_key=True), {columns}, {moment})'
    )
    more = 'op.add_column("running_process", sa.Column("more", sa.Integer))'
    less = 'op.drop_column("running_process", "more")'
    bodies, phases = (made, more, less), ("expand", "expand", "contract")
    assert runners.run(url, "upgrade", "0002", directory=revisions(*bodies, phases=phases))[0] == 0
    with engine.begin() as connection:
        connection.execute(sa.insert(PROCESS).values(id="a", machine="old:1", head="0001", seen_at=alive.moment()))
    directory = revisions(*bodies, phases=phases)
    code, output = runners.run(url, "upgrade", directory=directory)
    assert code == 0, output
    assert "Left for later. 0003 takes away what old:1 (at 0001) may still use." in output
    code, output = runners.run(url, "upgrade", "0003", directory=directory)
    assert code == 2
    assert "may still use" in output
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM running_process"))
    code, output = runners.run(url, "upgrade", directory=directory)
    assert code == 0, output
    assert "The schema is at 0003" in output
