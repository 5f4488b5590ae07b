"""The search index follows every write, is made for rows that were there before, and tells where it went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from backoffice.database import reindexing, search_index
from backoffice.database.attributes import attributes
from backoffice.database.searching import is_indexed, matched
from backoffice.demo.load import load
from backoffice.demo.world import Size
from backoffice.models import Article, SearchIndex, Staff, User
from tests.factories import NOON, make_article, make_articles, make_staff, make_user
from tests.search.conftest import Ask, vocabulary

TITLES = vocabulary(Article, "title")


@pytest.fixture(autouse=True)
def ask_anew() -> Iterator[None]:
    """What one test makes of an index is not remembered in the next."""
    search_index.forget_completeness()
    yield
    search_index.forget_completeness()


@pytest.fixture
def index(session: Session) -> Iterator[sa.Engine]:
    """The database, whose article index may be taken away: it is there again afterwards."""
    engine = session.get_bind().engine
    yield engine
    session.rollback()
    search_index.create(engine, Article.__table__)


def spoil(session: Session, *articles: Article, tokens: str | None = None) -> None:
    """Give articles tokens that are not theirs, as a program would that knows nothing of them."""
    keys = [article.id for article in articles]
    session.execute(sa.update(Article).where(Article.id.in_(keys)).values(search_tokens=tokens))
    session.commit()


def unfinish(session: Session) -> None:
    """As after an upgrade of a table with rows."""
    session.execute(sa.delete(SearchIndex).where(SearchIndex.table_name == "article"))
    session.commit()
    search_index.forget_completeness()


# -- writing ----------------------------------------------------------------------------------------------------------


def test_a_fresh_database_is_indexed(session: Session) -> None:
    assert is_indexed(session, TITLES)
    assert is_indexed(session, vocabulary(User, "username", "email", "name"))
    assert is_indexed(session, vocabulary(Staff, "email"))


def test_every_way_of_inserting_brings_tokens(session: Session, by_index: Ask) -> None:
    table = Article.__table__
    one = make_article(session, title="first comet").id
    session.execute(sa.insert(Article), [{"title": f"comet {n}", "content": ""} for n in range(3)])
    session.execute(sa.insert(table), [{"title": f"{n} comet", "content": ""} for n in range(3)])
    session.execute(sa.insert(table).values([{"title": "comet a", "content": ""}, {"title": "b comet", "content": ""}]))
    session.execute(sa.insert(table).values(title="comet alone", content=""))
    session.execute(sa.insert(Article).values(title="other"))
    session.commit()
    assert one in by_index("comet", Article, "title")
    assert len(by_index("comet", Article, "title")) == 10
    assert len(by_index("oth", Article, "title")) == 1


def test_saving_a_record_moves_it_in_the_index(session: Session, by_index: Ask) -> None:
    user = make_user(session, username="ada", name="Ada")
    user.name = "Grace 三体"
    session.commit()
    user.name = "GRACE 三体"
    session.commit()
    assert by_index("grace 体", User, "name") == {user.id}
    assert by_index("ada", User, "username", "name") == {user.id}
    assert by_index("ada", User, "name") == set()
    user.name = None
    session.commit()
    assert by_index("grace", User, "name") == set()


def test_a_save_of_something_else_leaves_the_tokens_alone(
    session: Session, count_statements: Callable[[], click.Context]
) -> None:
    article = make_article(session, title="same")
    article.content = "new"
    with count_statements() as statements:
        session.commit()
    assert statements
    assert not any("search_tokens" in statement for statement in statements)


def test_a_deleted_record_is_found_no_more(session: Session, by_index: Ask) -> None:
    articles = make_articles(session, 3)
    session.delete(articles[0])
    session.execute(sa.delete(Article).where(Article.id == articles[1].id))
    session.commit()
    assert by_index("article", Article, "title") == {articles[2].id}


def upsert(session: Session, row: dict[str, Any], **changes: Any) -> sa.Insert:
    """An INSERT that changes the row that is there already, in the words of each database."""
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        return sqlite.insert(Article).values(row).on_conflict_do_update(index_elements=["id"], set_=changes)
    if dialect == "postgresql":
        return postgresql.insert(Article).values(row).on_conflict_do_update(index_elements=["id"], set_=changes)
    return mysql.insert(Article).values(row).on_duplicate_key_update(**changes)


def test_a_statement_that_would_miss_the_tokens_is_refused(session: Session, by_index: Ask) -> None:
    article = make_article(session, title="before")
    table = Article.__table__
    for statement in (
        sa.update(Article).values(title="after"),
        sa.update(table).values(title=sa.func.upper(table.c.title)),
        sa.insert(table).values(title=sa.func.upper("x"), content=""),
        sa.insert(table).from_select(["title", "content"], sa.select(table.c.title, table.c.content)),
    ):
        with pytest.raises(TypeError, match="search_tokens"):
            session.execute(statement)
        session.rollback()
    with pytest.raises(TypeError, match="search_tokens"):
        session.execute(sa.update(Article), [{"id": article.id, "version": 1, "title": "after"}])
    session.rollback()
    with pytest.raises(TypeError, match="search_tokens"):
        session.execute(upsert(session, {"id": article.id, "title": "x", "content": ""}, title="after"))
    session.rollback()
    session.execute(upsert(session, {"id": article.id, "title": "x", "content": ""}, content="after"))
    article.title = sa.func.upper("x")
    with pytest.raises(TypeError, match="search_tokens"):
        session.commit()
    session.rollback()
    tokens = Article.tokens_of({"title": "after"})
    session.execute(sa.update(Article).values(title="after", search_tokens=tokens))
    session.execute(sa.update(Article).values(content="anything"))
    session.commit()
    assert by_index("after", Article, "title") == {article.id}


def test_demo_data_can_be_searched(session: Session, by_index: Ask) -> None:
    load(session.connection(), Size(users=5, articles=60, collections=5), now=NOON)
    session.commit()
    title = session.scalars(sa.select(Article.title).limit(1)).one()
    assert by_index(title, Article, "title")
    assert reindexing.drift(session.connection(), Article).wrong == ()


@pytest.mark.sqlite_only
def test_tokens_are_on_no_page() -> None:
    assert not any("search_tokens" in attributes(model) for model in (Article, User, Staff))


# -- making the index anew --------------------------------------------------------------------------------------------


def test_rows_without_tokens_are_searched_plainly_until_they_are_indexed(
    session: Session, index: sa.Engine, by_index: Ask
) -> None:
    articles = make_articles(session, 3)
    spoil(session, *articles)
    unfinish(session)
    assert not is_indexed(session, TITLES)
    before = session.execute(sa.select(Article.version, Article.updated_at).order_by(Article.id)).all()
    session.commit()
    heard: list[int] = []
    assert reindexing.reindex(index, Article, progress=heard.append) == sum(heard) == 3
    session.expire_all()
    assert by_index("article", Article, "title") == {article.id for article in articles}
    assert session.execute(sa.select(Article.version, Article.updated_at).order_by(Article.id)).all() == before


def test_the_index_itself_is_made_where_there_is_none(session: Session, index: sa.Engine, by_index: Ask) -> None:
    [article] = make_articles(session, 1)
    unfinish(session)
    remove(index)
    reindexing.reindex(index, Article)
    assert by_index("article", Article, "title") == {article.id}
    make_article(session, title="article afterwards")
    assert len(by_index("article", Article, "title")) == 2


def remove(engine: sa.Engine) -> None:
    """Take the article index away."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(sa.text("DROP TRIGGER search_index_article_added"))
        else:
            on = " ON article" if engine.dialect.name != "postgresql" else ""
            connection.execute(sa.text(f"DROP INDEX ix_article_search_tokens{on}"))


def test_what_was_stopped_goes_on_where_it_was(
    session: Session, index: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "CHUNK", 2)
    monkeypatch.setattr(reindexing._chunk, "__defaults__", (2,))
    spoil(session, *make_articles(session, 7))
    unfinish(session)

    def stop(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindexing.reindex(index, Article, progress=stop)
    assert not is_indexed(session, TITLES)
    session.rollback()
    with index.connect() as connection:
        assert reindexing.remaining(connection, Article) == 5
        assert reindexing.remaining(connection, Article, restart=True) == 7
    heard: list[int] = []
    assert reindexing.reindex(index, Article, progress=heard.append) == sum(heard) == 5
    assert is_indexed(session, TITLES)
    assert reindexing.drift(session.connection(), Article) == reindexing.Drift(7, ())


def test_a_change_made_meanwhile_is_not_overwritten(
    session: Session, index: sa.Engine, by_index: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing._chunk, "__defaults__", (1,))
    first, second, third = make_articles(session, 3)
    spoil(session, first, second, third)
    unfinish(session)

    def change(_done: int) -> None:
        first.title, third.title = "changed behind", "changed before"
        session.commit()
        session.expire_all()

    reindexing.reindex(index, Article, progress=change)
    assert by_index("changed", Article, "title") == {first.id, third.id}
    assert by_index("article", Article, "title") == {second.id}
    assert reindexing.drift(session.connection(), Article).wrong == ()


def test_another_recipe_makes_the_index_due(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not reindexing.is_due(session.connection(), Article)
    monkeypatch.setattr(Article, "__search__", ("title", "content"))
    assert reindexing.is_due(session.connection(), Article)
    assert not is_indexed(session, TITLES)


# -- drift and the commands -------------------------------------------------------------------------------------------


def test_drift_is_found_and_mended(runner: FlaskCliRunner, session: Session, index: sa.Engine, by_index: Ask) -> None:
    right, missing, wrong = make_articles(session, 3)
    make_staff(session)
    assert runner.invoke(args=["search", "check"]).exit_code == 0
    spoil(session, missing)
    spoil(session, wrong, tokens=" axelse ")
    found = runner.invoke(args=["search", "check", "article"])
    assert found.exit_code == 1
    assert f"2 of 3 rows cannot be found as they are: {missing.id}, {wrong.id}" in found.output
    assert "flask search reindex --restart article" in found.output
    assert runner.invoke(args=["search", "check", "article", "--sample", "500"]).exit_code == 1
    assert by_index("article", Article, "title") == {right.id}
    session.rollback()
    mended = runner.invoke(args=["search", "reindex", "article"])
    assert mended.exit_code == 0, mended.output
    assert "3 rows gone through, 2 indexed anew" in mended.output
    assert runner.invoke(args=["search", "check"]).exit_code == 0
    assert by_index("article", Article, "title") == {right.id, missing.id, wrong.id}


def test_a_missing_index_is_found(runner: FlaskCliRunner, session: Session, index: sa.Engine) -> None:
    session.rollback()
    remove(index)
    found = runner.invoke(args=["search", "check"])
    assert found.exit_code == 1
    assert "article has no index" in found.output
    assert runner.invoke(args=["search", "reindex"]).exit_code == 0
    assert runner.invoke(args=["search", "check"]).exit_code == 0


def test_an_index_that_misses_rows_is_found_and_made_anew(
    runner: FlaskCliRunner, session: Session, index: sa.Engine, by_index: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    [article] = make_articles(session, 1)
    monkeypatch.setattr(search_index, "matching", lambda *_asked: sa.false())
    found = runner.invoke(args=["search", "check", "article"])
    assert found.exit_code == 1
    assert "article has an index that misses rows" in found.output
    monkeypatch.undo()
    assert runner.invoke(args=["search", "reindex", "article", "--restart"]).exit_code == 0
    assert by_index("article", Article, "title") == {article.id}


def test_an_unknown_table_is_named(runner: FlaskCliRunner, app: Flask) -> None:
    result = runner.invoke(args=["search", "reindex", "nothing"])
    assert result.exit_code == 2
    assert "article, staff, user" in result.stderr


# -- the statement itself ---------------------------------------------------------------------------------------------


def test_a_search_uses_the_index(session: Session) -> None:
    make_articles(session, 50)
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    statement = sa.select(Article.id).where(matched("Article", TITLES, dialect.name, indexed=True))
    compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    plan = str(session.connection().exec_driver_sql(f"{explain} {compiled}".replace("%", "%%")).all())
    assert "search_index_article" in plan if dialect.name == "sqlite" else "ix_article_search_tokens" in plan
