"""The right to change the schema: one runner has it, and whoever lost it touches nothing more."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import flask_migrate
import pytest
import sqlalchemy as sa

from backoffice.database.address import normalise_database_url
from backoffice.errors import ConfigurationError
from backoffice.operations import schema_journal
from backoffice.operations.revisions import Revision
from backoffice.operations.schema_journal import UPGRADING, Overtaken
from backoffice.operations.upgrading import lease, locks, runner
from backoffice.operations.upgrading.connections import connected
from tests.databases import Databases
from tests.faults.processes import wait_for

FIRST = Revision("0001", "", "expand", "Step 1", "0001_step.py")


class _AnyLock:
    """The lock of a node that nobody else uses, or one that is lost as soon as it is taken."""

    def __init__(self, *, stays: bool) -> None:
        self.stays = stays

    def take(self) -> bool:
        return True

    def is_held(self) -> bool:
        return self.stays

    def release(self) -> None:
        """Nobody waits for it."""


@pytest.fixture
def by_node(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Iterator[lease.Lease]]:
    """`with by_node("one") as lease`: as by way of a node of a cluster, where time goes forty times as fast."""
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(lease, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(lease, "WATCH", lease.Watch())

    @contextmanager
    def by(node: str) -> Iterator[lease.Lease]:
        with connected(engine) as connection:
            made = lease.Lease(connection, _AnyLock(stays=True))  # type: ignore[arg-type]  # as the named one
            take = made.take

            def taken() -> bool:
                monkeypatch.setattr(lease, "NODE", sa.text(f"SELECT '{node}'"))
                return take()

            monkeypatch.setattr(made, "take", taken)
            yield made

    return by


@pytest.mark.mysql_only
def test_a_lease_is_held_for_as_long_as_its_runner_lives(engine: sa.Engine, by_node: Callable[..., lease.Lease]):
    with by_node("one") as one, by_node("two") as two:
        assert one.take()
        until = monotonic() + 3 * lease.SILENCE_SECONDS
        while monotonic() < until:
            assert not two.take()
        assert one.is_held()
        one.release()
        assert two.take()
        two.release()
    with engine.connect() as connection:
        assert connection.execute(sa.select(lease.LEASE)).all() == []


@pytest.mark.mysql_only
def test_a_lease_that_stands_still_is_taken_over_and_its_runner_finds_out(by_node: Callable[..., lease.Lease]):
    with by_node("one") as one, by_node("two") as two:
        assert one.take()
        # As where it was stopped, or lost its network.
        one.ended.set()
        one.heart.join()
        assert not two.take()
        wait_for(two.take)
        assert not one.is_held()
        one.release()
        assert two.is_held()
        two.release()


@pytest.mark.mysql_only
def test_the_first_lease_may_be_made_by_two_at_once(
    engine: sa.Engine, by_node: Callable[..., lease.Lease], monkeypatch: pytest.MonkeyPatch
):
    lease.LEASE.create(engine)
    # Both have looked before one of them made it.
    monkeypatch.setattr(engine.dialect, "has_table", lambda *_args, **_more: False)
    with by_node("one") as one:
        assert one.take()
        one.release()


def test_who_was_overtaken_neither_begins_a_revision_nor_goes_on_with_it(engine: sa.Engine):
    schema_journal.JOURNAL.create(engine)
    with engine.begin() as connection:
        schema_journal.begin(connection, FIRST, UPGRADING, "another")
    with engine.connect() as connection:
        for late in (
            lambda: schema_journal.begin(connection, FIRST, UPGRADING, "this"),
            lambda: schema_journal.take_over(connection, FIRST.number, "one before", "this"),
            lambda: schema_journal.step(connection, FIRST.number, by="this", position=2),
        ):
            with pytest.raises(Overtaken):
                late()
            connection.rollback()
        [row] = connection.execute(sa.select(schema_journal.JOURNAL)).all()
        assert (row.runner, row.position) == ("another", 0)


def test_no_two_runners_have_one_name():
    assert schema_journal.runner_name() != schema_journal.runner_name()


@pytest.mark.sqlite_only
def test_an_upgrade_whose_lock_does_not_stay_ends_and_says_why(
    url: str, databases: Databases, revisions: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    # As behind a pooler that gives each transaction another session.
    monkeypatch.setattr(runner, "lock_of", lambda _connection: _AnyLock(stays=False))
    monkeypatch.setattr(runner, "PATIENCE", 0.1)
    with databases.make_app(url).app_context(), pytest.raises(runner.CannotUpgrade, match="a pooler or proxy"):
        flask_migrate.upgrade(revisions("pass"))


@pytest.mark.sqlite_only
@pytest.mark.parametrize("why", ["read-only", "no file"])
def test_a_lock_that_cannot_be_taken_is_told_and_not_waited_for(why: str, url: str, monkeypatch: pytest.MonkeyPatch):
    engine = sa.create_engine(normalise_database_url(url))
    file = Path(f"{engine.url.database}-upgrade")
    if why == "read-only":
        file.touch()
        # Root may write anything.
        monkeypatch.setattr(os, "access", lambda _path, _how: False)
    else:
        file.mkdir()
    with engine.connect() as connection, pytest.raises(ConfigurationError, match="Give it to the account"):
        locks.lock_of(connection).take()
    engine.dispose()
