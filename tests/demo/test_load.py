"""Loading demo data: what is there afterwards, on every database, at any size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from backoffice.demo.load import article_rows, collection_rows, load, user_rows
from backoffice.demo.world import Size, World
from backoffice.errors import BadInput
from backoffice.extensions import db
from backoffice.models import Article, Collection, User
from tests.factories import make_article, make_user

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
SMALL = Size(users=60, articles=1_500, collections=4_000)


def count(session: Session, model: type) -> int:
    """The rows of a model."""
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def fill(session: Session, size: Size = SMALL, **options: object) -> None:
    """Load into the session's database."""
    load(session.connection(), size, now=NOW, **options)
    session.commit()


def test_every_database_gets_the_numbers_asked_for(session: Session) -> None:
    heard: list[int] = []
    fill(session, progress=heard.append)
    assert (count(session, User), count(session, Article), count(session, Collection)) == (60, 1_500, 4_000)
    assert sum(heard) == SMALL.total


def test_a_record_made_afterwards_gets_a_number_of_its_own(session: Session) -> None:
    fill(session, Size(users=3, articles=4, collections=5))
    assert make_user(session).id > 3
    assert make_article(session).id > 4


def test_demo_users_cannot_sign_in(session: Session) -> None:
    fill(session)
    assert session.scalars(sa.select(User.password_hash).distinct()).all() == [None]


def test_texts_survive_the_database(session: Session) -> None:
    fill(session, Size(users=1, articles=40, collections=0))
    world = World(Size(users=1, articles=40, collections=0), NOW)
    stored = session.execute(sa.select(Article.title, Article.content).order_by(Article.id)).all()
    assert [tuple(row) for row in stored] == [(r["title"], r["content"]) for r in article_rows(world, 0, 0)]


def test_some_users_leave_out_name_or_address(session: Session) -> None:
    fill(session)
    without_name = session.scalar(sa.select(sa.func.count()).where(User.name.is_(None)))
    without_address = session.scalar(sa.select(sa.func.count()).where(User.address.is_(None)))
    assert 0 < without_name < without_address < 60


def test_appending_adds_beside_what_is_there(runner: FlaskCliRunner, session: Session) -> None:
    fill(session)
    command = ["demo", "load", "--users", "60", "--articles", "10", "--collections", "20"]
    refused = runner.invoke(args=command)
    assert refused.exit_code == 2
    assert "--append" in refused.stderr
    assert count(session, User) == 60
    added = runner.invoke(args=[*command, "--append"])
    assert added.exit_code == 0, added.output
    session.expire_all()
    assert (count(session, User), count(session, Article), count(session, Collection)) == (120, 1_510, 4_020)


def test_appending_onto_a_taken_name_says_so(runner: FlaskCliRunner, session: Session) -> None:
    taken = next(row for row in user_rows(World(Size(users=2), NOW), 1))["username"]
    session.add(User(id=1, username=taken, email="somebody@example.com"))
    session.commit()
    result = runner.invoke(args=["demo", "load", "--users=1", "--articles=0", "--collections=0", "--append"])
    assert result.exit_code == 2
    assert "taken" in result.stderr


@pytest.mark.sqlite_only
def test_a_load_without_a_commit_leaves_nothing(app: Flask) -> None:
    with app.app_context():
        with db.engine.connect() as connection:
            load(connection, SMALL, now=NOW)
        with db.engine.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(User)) == 0


@pytest.mark.sqlite_only
def test_production_gets_no_demo_data(make_app, session: Session) -> None:
    result = make_app(environment="production").test_cli_runner().invoke(args=["demo", "load"])
    assert result.exit_code == 2
    assert "production" in result.stderr
    assert count(session, User) == 0


def test_the_reader_has_ten_thousand_articles_and_nobody_else_comes_near() -> None:
    lengths: dict[int, int] = {}
    pairs: set[tuple[int, int]] = set()
    for row in collection_rows(World(Size(), NOW), 0, 0):
        lengths[row["user_id"]] = lengths.get(row["user_id"], 0) + 1
        pairs.add((row["user_id"], row["article_id"]))
    assert sum(lengths.values()) == len(pairs) == 150_000
    reader = next(row for row in user_rows(World(Size(), NOW), 0) if row["username"] == "reader")
    assert lengths.pop(reader["id"]) == 10_000
    assert max(lengths.values()) <= 5_000
    # Zipf: the longest tenth of the collections holds more than half.
    longest = sorted(lengths.values(), reverse=True)[: len(lengths) // 10]
    assert sum(longest) > 70_000


def test_a_few_authors_write_most_and_about_seventy_percent_is_published() -> None:
    size = Size(articles=20_000)
    rows = list(article_rows(World(size, NOW), 0, 0))
    written: dict[int | None, int] = {}
    for row in rows:
        written[row["user_id"]] = written.get(row["user_id"], 0) + 1
    assert 100 < written.pop(None) < 400
    assert sum(sorted(written.values(), reverse=True)[:20]) > 6_000
    published = sum(row["published_at"] is not None for row in rows)
    assert 0.67 < published / len(rows) < 0.73


def test_times_grow_towards_now_and_make_sense() -> None:
    world = World(SMALL, NOW)
    joined = {row["id"]: row["created_at"] for row in user_rows(world, 0)}
    articles = {row["id"]: row for row in article_rows(world, 0, 0)}
    for row in articles.values():
        assert joined.get(row["user_id"], row["created_at"]) <= row["created_at"] <= row["updated_at"] <= NOW
        assert row["published_at"] is None or row["created_at"] <= row["published_at"] <= NOW
    for row in collection_rows(world, 0, 0):
        assert joined[row["user_id"]] <= row["collected_at"] <= NOW
        assert articles[row["article_id"]]["created_at"] <= row["collected_at"]
    moments = [row["created_at"] for row in articles.values()]
    assert NOW - max(moments) < timedelta(days=7)
    assert timedelta(days=1000) < NOW - min(moments) < timedelta(days=1100)
    last_year = sum(moment > NOW - timedelta(days=365) for moment in moments)
    assert last_year > len(moments) * 0.4


def test_the_same_seed_makes_the_same_rows() -> None:
    size = Size(users=50, articles=200, collections=500)

    def rows(seed: int) -> list[object]:
        world = World(size, NOW, seed)
        return [*user_rows(world, 0), *article_rows(world, 0, 0), *collection_rows(world, 0, 0)]

    assert rows(1) == rows(1)
    assert rows(1) != rows(2)


@pytest.mark.parametrize(
    "size",
    [
        Size(users=0, articles=0, collections=0),
        Size(users=0, articles=5, collections=0),
        Size(users=1, articles=1, collections=1),
        Size(users=1, articles=30, collections=20),
        Size(users=2, articles=1, collections=2),
        Size(users=3, articles=7, collections=21),
        Size(users=40, articles=25, collections=1_000),
        Size(users=700, articles=3, collections=11),
    ],
)
def test_any_size_is_met_exactly_without_a_pair_twice(size: Size) -> None:
    world = World(size, NOW)
    assert len(list(user_rows(world, 0))) == size.users
    assert len(list(article_rows(world, 0, 0))) == size.articles
    pairs = [(row["user_id"], row["article_id"]) for row in collection_rows(world, 0, 0)]
    assert len(pairs) == len(set(pairs)) == size.collections
    assert all(1 <= user <= size.users and 1 <= article <= size.articles for user, article in pairs)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("size", [Size(users=2, articles=1, collections=3), Size(0, 0, 1), Size(0, 9, 1)])
def test_more_collections_than_pairs_are_refused(app: Flask, size: Size) -> None:
    with (
        app.app_context(),
        db.engine.connect() as connection,
        pytest.raises(BadInput, match="room for"),
    ):
        load(connection, size, now=NOW)
