"""The search index of MySQL and MariaDB holds each row's tokens, and nothing else, whatever wrote the row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Session

from backoffice.commands.search import reindex_what_is_due
from backoffice.database import reindexing, search_index, token_tables
from backoffice.database.searching import is_indexed
from backoffice.database.token_tables import TOKEN
from backoffice.extensions import db
from backoffice.models import Article, User
from backoffice.records.auditing import NOTED
from tests.databases import Databases, server
from tests.factories import make_article, make_articles, make_user
from tests.search.conftest import Ask, vocabulary

pytestmark = pytest.mark.mysql_only
TITLES = vocabulary(Article, "title")


def held(connection: Any, table: sa.Table) -> list[tuple[Any, ...]]:
    """What stands in the index, the key first."""
    index = token_tables.index_of(table)
    key = [column for column in index.columns if column.name != TOKEN]
    return sorted(tuple(row) for row in connection.execute(sa.select(*key, index.c[TOKEN])))


def due(connection: Any, table: sa.Table) -> list[tuple[Any, ...]]:
    """What has to stand there: each token of each row once."""
    rows = connection.execute(sa.select(*table.primary_key.columns, table.c.search_tokens))
    return sorted((*row[:-1], token) for row in rows for token in set((row[-1] or "").split()))


def test_every_write_is_followed(session: Session) -> None:
    table = Article.__table__
    make_articles(session, 5)
    one, two = make_article(session, title="foo foo 三体三体 100%"), make_article(session, title="")
    one.title, two.title = "foo 体三 'quoted' \\ \"both\"", "no longer empty"
    session.commit()
    session.delete(two)
    session.execute(sa.update(table).where(table.c.id < 3).values(title="a b", search_tokens=" axa axb "))
    session.execute(sa.update(table).where(table.c.id == 3).values(search_tokens=None))
    session.execute(sa.update(table).where(table.c.id == 4).values(id=4000))
    session.execute(sa.delete(table).where(table.c.id == 5))
    upsert = mysql.insert(table).values(id=4000, title="x", content="")
    session.execute(upsert.on_duplicate_key_update(title="upserted", search_tokens=Article.tokens_of({"title": "up"})))
    session.execute(sa.text("REPLACE INTO article (id, title, content, created_at, updated_at, search_tokens) "
                            "VALUES (4000, 'r', '', NOW(6), NOW(6), ' axr ')"))  # fmt: skip
    session.commit()
    assert due(session, table)
    assert held(session, table) == due(session, table)


def test_what_is_rolled_back_is_not_held(session: Session) -> None:
    make_articles(session, 2)
    before = held(session, Article.__table__)
    session.execute(sa.update(Article).values(title="other", search_tokens=" axother "))
    assert held(session, Article.__table__) != before, "a transaction finds its own writes"
    session.rollback()
    assert held(session, Article.__table__) == before


@pytest.fixture
def composite(session: Session) -> Iterator[sa.Table]:
    """A table whose key is a text and a number, and whose rows go with those of another."""
    metadata = sa.MetaData()
    shelf = sa.Table("shelf", metadata, sa.Column("name", sa.String(40), primary_key=True), mysql_charset="utf8mb4")
    table = sa.Table(
        "volume",
        metadata,
        sa.Column("shelf", sa.String(40), sa.ForeignKey("shelf.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("search_tokens", sa.Text),
        mysql_charset="utf8mb4",
    )
    metadata.create_all(session.connection())
    session.execute(sa.insert(shelf), [{"name": "科幻"}, {"name": "b"}])
    rows = [{"shelf": s, "number": n, "search_tokens": f" axfoo ax{n} "} for s in ("科幻", "b") for n in (1, 2)]
    session.execute(sa.insert(table), rows)
    session.commit()
    yield table
    session.rollback()
    for statement in token_tables.dropping("volume"):
        session.execute(sa.text(statement))
    metadata.drop_all(session.connection())


def test_a_key_may_be_of_several_columns_and_of_text(session: Session, composite: sa.Table) -> None:
    token_tables.create(session.connection(), composite)
    assert token_tables.exists(session.connection(), "volume")
    token_tables.fill(session.connection(), composite, [("科幻", 1), ("b", 2)])
    assert {row[:2] for row in held(session, composite)} == {("科幻", 1), ("b", 2)}
    token_tables.fill(session.connection(), composite)
    assert held(session, composite) == due(session, composite)
    session.execute(sa.update(composite).where(composite.c.number == 2).values(number=20, search_tokens=" axbar "))
    assert held(session, composite) == due(session, composite)
    found = session.execute(token_tables.keys(composite, [["axfo*", "bxfo*"], ["ax1"]]).distinct()).all()
    assert sorted(map(tuple, found)) == [("b", 1), ("科幻", 1)]


def test_rows_that_go_with_another_tables_leave_strays_that_can_be_removed(
    session: Session, composite: sa.Table
) -> None:
    assert not token_tables.counts_alone(composite)
    assert token_tables.counts_alone(Article.__table__)
    token_tables.create(session.connection(), composite)
    token_tables.fill(session.connection(), composite)
    session.execute(sa.text("DELETE FROM shelf WHERE name = 'b'"))
    session.commit()
    assert held(session, composite) != due(session, composite)
    assert token_tables.has_strays(session.connection(), composite, ["axfoo"])
    assert not token_tables.has_strays(session.connection(), composite, ["axbar"])
    token_tables.remove_strays(session.get_bind().engine, composite)
    session.rollback()
    assert held(session, composite) == due(session, composite)


def test_words_that_a_row_no_longer_has_are_found_and_removed(
    session: Session, runner: FlaskCliRunner, by_index: Ask
) -> None:
    one, other = make_article(session, title="one"), make_article(session, title="other")
    index = token_tables.index_of(Article.__table__)
    session.execute(sa.insert(index).values(search_token="axone", id=other.id))
    session.commit()
    assert by_index("one", Article, "title") == {one.id, other.id}
    checked = runner.invoke(args=["search", "check", "article"])
    assert checked.exit_code == 1
    assert "finds rows by words they no longer have" in checked.output
    assert runner.invoke(args=["search", "reindex", "--restart", "article"]).exit_code == 0
    session.rollback()
    assert by_index("one", Article, "title") == {one.id}
    assert held(session, Article.__table__) == due(session, Article.__table__)
    assert runner.invoke(args=["search", "check", "article"]).exit_code == 0


def test_a_search_by_relation_and_several_tables_finds_by_these(session: Session, by_index: Ask) -> None:
    ada = make_user(session, username="ada", name="Ada comet")
    mine, other = make_article(session, title="first comet", user=ada), make_article(session, title="x")
    assert by_index("comet ada", Article, "title", "user.username") == {mine.id}
    assert by_index("x", Article, "title", "user.username") == {other.id}
    assert by_index("comet", User, "username", "name") == {ada.id}


@pytest.fixture
def restricted(databases: Databases) -> Iterator[Callable[..., Flask]]:
    """`restricted("SELECT, INSERT, …")` makes the application on an empty database as one who may do so much."""
    name = f"backoffice_test_{uuid4().hex[:8]}"
    account = f"'{name}'@'%'"

    def make(rights: str) -> Flask:
        url = sa.make_url(databases.create("mysql"))
        with server("mysql").connect() as connection:
            connection.exec_driver_sql(f"CREATE USER IF NOT EXISTS {account.replace('%', '%%')} IDENTIFIED BY 'x'")
            connection.exec_driver_sql(f"GRANT {rights} ON {url.database}.* TO {account.replace('%', '%%')}")
        own = url.set(username=name, password="x")
        return databases.make_app(own.render_as_string(hide_password=False))

    yield make
    with server("mysql").connect() as connection:
        connection.exec_driver_sql(f"DROP USER IF EXISTS {account.replace('%', '%%')}")


def test_an_account_that_may_make_no_triggers_upgrades_and_searches_and_is_told_what_to_grant(
    restricted: Callable[..., Flask], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    app = restricted("SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES")
    with app.app_context():
        flask_migrate.upgrade()
        assert "article is not indexed for search" in caplog.text
        with Session(db.engine, info=NOTED) as session:
            found = make_article(session, title="comet").id
            assert not is_indexed(session, TITLES)
            assert set(session.scalars(sa.select(Article.id).where(Article.title.contains("comet")))) == {found}
            assert not token_tables.exists(session.connection(), "article")
    told = app.test_cli_runner().invoke(args=["search", "reindex"])
    assert told.exit_code != 0
    assert "Grant it TRIGGER" in told.output + told.stderr
    with app.app_context():
        reindex_what_is_due()
    assert "article is not indexed for search." in capsys.readouterr().err
    with server("mysql").connect() as connection:
        url = sa.make_url(app.extensions["backoffice"].database_url)
        connection.exec_driver_sql(f"GRANT TRIGGER ON {url.database}.* TO '{url.username}'@'%%'")
    with app.app_context():
        db.engine.dispose()
        mended = app.test_cli_runner().invoke(args=["search", "reindex"])
        assert mended.exit_code == 0, mended.output
        search_index.forget_completeness()
        with Session(db.engine, info=NOTED) as session:
            assert is_indexed(session, TITLES)
            assert held(session, Article.__table__) == [(found, "axcomet")]


def test_the_full_text_index_of_earlier_versions_gives_way(databases: Databases) -> None:
    app = databases.make_app(databases.create("mysql"))
    with app.app_context():
        flask_migrate.upgrade()
        with Session(db.engine, info=NOTED) as session:
            found = make_article(session, title="comet").id
        flask_migrate.downgrade(revision="0011")
        with Session(db.engine, info=NOTED) as session:
            for statement in token_tables.dropping("article"):
                session.execute(sa.text(statement))
            session.execute(sa.text("ALTER TABLE article ADD FULLTEXT INDEX ix_article_search_tokens (search_tokens)"))
            session.execute(sa.text("UPDATE alembic_version SET version_num = '0010'"))
            session.commit()
        flask_migrate.upgrade()
        search_index.forget_completeness()
        with Session(db.engine, info=NOTED) as session:
            assert not is_indexed(session, TITLES)
        assert app.test_cli_runner().invoke(args=["search", "reindex"]).exit_code == 0
        search_index.forget_completeness()
        with Session(db.engine, info=NOTED) as session:
            assert is_indexed(session, TITLES)
            assert held(session, Article.__table__) == [(found, "axcomet")]
            names = {index["name"] for index in sa.inspect(session.connection()).get_indexes("article")}
            assert "ix_article_search_tokens" not in names
        flask_migrate.downgrade(revision="0010")
        search_index.forget_completeness()
        with Session(db.engine, info=NOTED) as session:
            assert not is_indexed(session, TITLES)
            assert not any(token_tables.exists(session.connection(), name) for name in ("article", "user", "staff"))


def test_keys_that_grow_are_kept_whole(databases: Databases) -> None:
    app = databases.make_app(databases.create("mysql"))
    with app.app_context():
        flask_migrate.upgrade()
        with Session(db.engine, info=NOTED) as session:
            link = "ALTER TABLE info_user_collection DROP FOREIGN KEY fk_info_user_collection_article_id_article"
            session.execute(sa.text(link))
            session.execute(sa.text("ALTER TABLE article MODIFY id BIGINT NOT NULL AUTO_INCREMENT"))
            with pytest.raises(sa.exc.DataError):
                session.execute(sa.insert(Article), [{"id": 2**33, "title": "comet", "content": ""}])
            session.rollback()
            search_index.follow_migration(session.connection())
            session.execute(sa.insert(Article), [{"id": 2**33, "title": "comet", "content": ""}])
            session.commit()
            assert held(session, Article.__table__) == [(2**33, "axcomet")]


def test_a_table_in_long_use_is_left_alone_and_named(
    session: Session, index: sa.Engine, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_tables, "LOCK_SECONDS", 1)
    monkeypatch.setattr(token_tables, "LOCK_TRIES", 2)
    make_articles(session, 3)
    session.execute(sa.text("DROP TRIGGER search_index_article_added"))
    with index.connect() as reading:
        reading.execute(sa.select(Article.id)).all()
        told = runner.invoke(args=["search", "reindex", "article"])
        assert told.exit_code != 0
        assert "The table article is being read in a long transaction" in told.output + told.stderr
    make_article(session, title="unseen")
    assert runner.invoke(args=["search", "reindex", "article"]).exit_code == 0
    assert held(session, Article.__table__) == due(session, Article.__table__)


def test_a_change_that_fails_leaves_the_connection_as_patient_as_it_was(session: Session) -> None:
    connection = session.connection()
    with pytest.raises(sa.exc.DBAPIError):
        token_tables.execute_patiently(connection, "article", "DROP TABLE nowhere")
    assert connection.scalar(sa.text("SELECT @@SESSION.lock_wait_timeout = @@GLOBAL.lock_wait_timeout"))


def test_what_triggers_did_not_see_is_mended_while_the_index_stays(session: Session, index: sa.Engine) -> None:
    first, *_others = make_articles(session, 5)
    for suffix in token_tables.TRIGGERS:
        session.execute(sa.text(f"DROP TRIGGER search_index_article{suffix}"))
    first.title = "comet"
    session.delete(_others[0])
    session.commit()
    seen: list[int] = []
    index_rows = sa.select(sa.func.count()).select_from(token_tables.index_of(Article.__table__))
    with index.connect() as other:
        reindexing.reindex(index, Article, progress=lambda _done: seen.append(other.scalar(index_rows) or 0))
    assert min(seen) >= 5, "it is never empty: other processes ask it"
    assert held(session, Article.__table__) == due(session, Article.__table__)
