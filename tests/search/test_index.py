"""The search index follows every write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from backoffice.database import reindexing
from backoffice.database.attributes import attributes
from backoffice.database.searching import is_indexed, matched
from backoffice.demo.load import load
from backoffice.demo.world import Size
from backoffice.models import Article, Staff, User
from tests.factories import NOON, make_article, make_articles, make_user
from tests.search.conftest import Ask, vocabulary

TITLES = vocabulary(Article, "title")


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


def test_a_search_uses_the_index(session: Session) -> None:
    make_articles(session, 50)
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    statement = sa.select(Article.id).where(matched("Article", TITLES, dialect.name, indexed=True))
    compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    plan = str(session.connection().exec_driver_sql(f"{explain} {compiled}".replace("%", "%%")).all())
    assert ("ix_article_search_tokens" if dialect.name == "postgresql" else "search_index_article") in plan
