"""The search index is made for rows that were there before, and tells where it went wrong."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from backoffice.database import reindexing, search_index
from backoffice.database.searching import is_indexed
from backoffice.models import Article, SearchIndex
from tests.factories import make_article, make_articles, make_staff
from tests.search.conftest import Ask, vocabulary

TITLES = vocabulary(Article, "title")


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
        by_triggers = engine.dialect.name != "postgresql"
        index = "TRIGGER search_index_article_added" if by_triggers else "INDEX ix_article_search_tokens"
        connection.execute(sa.text(f"DROP {index}"))


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


def test_only_what_is_due_is_gone_through(runner: FlaskCliRunner, session: Session, index: sa.Engine) -> None:
    make_articles(session, 2)
    assert runner.invoke(args=["search", "reindex", "--due"]).output == ""
    unfinish(session)
    done = runner.invoke(args=["search", "reindex", "--due"])
    assert done.exit_code == 0
    assert "article: 2 rows gone through" in done.output
    assert "user" not in done.output
    assert is_indexed(session, TITLES)


def test_an_unknown_table_is_named(runner: FlaskCliRunner, app: Flask) -> None:
    result = runner.invoke(args=["search", "reindex", "nothing"])
    assert result.exit_code == 2
    assert "article, staff, user" in result.stderr
