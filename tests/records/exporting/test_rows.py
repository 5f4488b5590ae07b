"""Which rows a file has, of which moment, and how an export ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import count
from time import monotonic, sleep
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import attribute
from backoffice.database.time_limits import TooBroad
from backoffice.models import Article, Model, User
from backoffice.records.exporting import FORMATS, Column, export, rows
from tests.everything import Everything
from tests.factories import NOON, make_article, make_articles, make_user
from tests.records.exporting.shared import READABLE, busy, columns, content, objects, source
from tests.slowness import slow_condition
from tests.workbooks import sheets


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_of_nothing_is_a_whole_file(engine: sa.Engine, kind: str) -> None:
    found = content(kind, source(engine, "id", "title"))
    if kind == "xlsx":
        assert sheets(found) == {"Articles": [{"A": "Id", "B": "Title"}]}
    else:
        assert found == {"csv": b"\xef\xbb\xbfId,Title\r\n", "jsonl": b""}[kind]


def test_plain_columns_take_one_statement_and_no_record(
    session: Session,
    engine: sa.Engine,
    count_statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    ada = make_user(session, username="ada", email="ada@example.com")
    make_articles(session, 1_500, user=ada, published_at=NOON)
    make_article(session, title="nobody's")
    made: list[Any] = []
    for model in (Article, User):
        sa.event.listen(model, "load", lambda record, _context: made.append(record))
    with count_statements() as statements:
        found = objects(source(engine, "id", "title", "user", "user.email", "published_at"))
    assert made == []
    assert len([each for each in statements if "SELECT" in each]) == 1
    assert len(found) == 1_501
    assert {(each["user"], each["user.email"]) for each in found} == {("ada", "ada@example.com"), (None, None)}
    assert found[0]["published_at"] == "2026-01-15T12:00:00Z"


def test_what_only_a_record_can_tell_is_asked_of_records(session: Session, engine: sa.Engine) -> None:
    ada = make_user(session, username="ada")
    make_articles(session, 1_500, user=ada, published_at=NOON)
    shouted = Column("title", "Title", attribute(Article, "title"), read=lambda record: record.title.upper())
    chosen = [shouted, *columns(Article, "id", "published", "user", "user.email", "users")]
    found = objects(source(engine, columns=chosen))
    assert [each["title"] for each in found] == [f"ARTICLE {n}" for n in range(1, 1_501)]
    assert {(each["published"], each["user"], each["users"]) for each in found} == {(True, "ada", "")}


def test_both_ways_to_a_row_tell_the_same(engine: sa.Engine, three: list[Everything]) -> None:
    asked = ["id", *READABLE, "parcel"]
    by_columns = objects(source(engine, *asked, model=Everything))
    chosen = [*columns(Everything, *asked), Column("more", "More", None, read=str)]
    by_records = [
        {n: v for n, v in each.items() if n != "more"}
        for each in objects(source(engine, model=Everything, columns=chosen))
    ]
    assert by_columns == by_records


def test_a_record_is_called_by_its_label_column() -> None:
    """`__label__` promises what `__str__` gives."""
    labelled = [m.class_ for m in Model.registry.mappers if m.class_.__label__]
    assert {Article, User} <= set(labelled)
    for model in labelled:
        for text in ("  Some text\n", ""):
            assert str(model(**{model.__label__: text})) == text


@pytest.mark.parametrize("by_record", [False, True])
def test_the_rows_are_those_of_one_moment(session: Session, engine: sa.Engine, by_record: bool) -> None:
    articles = make_articles(session, 400, content="before")
    reader = (lambda record: str(record.content)) if by_record else None
    chosen = [Column("content", "Content", attribute(Article, "content"), read=reader)]
    running = export("csv", source(engine, columns=chosen), "Articles")
    found = [next(running), next(running)]
    session.execute(sa.update(Article).where(Article.id >= articles[200].id).values(content="changed"))
    session.add(Article(title="late", content="late"))
    session.commit()
    found += list(running)
    assert b"".join(found).decode().split()[1:] == ["before"] * 400


def test_deleted_rows_of_the_same_moment_are_still_there(session: Session, engine: sa.Engine) -> None:
    make_articles(session, 400)
    running = export("jsonl", source(engine, "id"), "Articles")
    found = next(running)
    session.execute(sa.delete(Article))
    session.commit()
    assert (found + b"".join(running)).count(b"\n") == 400


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("by_record", [False, True])
def test_an_export_that_is_left_ends_in_the_database_at_once(
    session: Session, engine: sa.Engine, kind: str, by_record: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_articles(session, 600, content="x" * 20_000)
    blocks = count()
    weigh = rows._weight
    monkeypatch.setattr(rows, "_weight", lambda found: (next(blocks), weigh(found))[1])
    reader = (lambda record: str(record.title)) if by_record else None
    chosen = [*columns(Article, "content"), Column("title", "Title", attribute(Article, "title"), read=reader)]
    before = busy(engine)
    running = export(kind, source(engine, columns=chosen), "Articles")
    while next(blocks) < 2:
        next(running)
    running.close()
    assert busy(engine) == before
    assert next(blocks) < 20, "it was read to its end"
    assert comes_to_rest(session)
    assert len(objects(source(engine, "id"))) == 600, "the pool goes on"


def comes_to_rest(session: Session) -> bool:
    """Whether no other connection to this database has a statement running, within a moment."""
    end = monotonic() + 20
    while at_work(session):
        if monotonic() > end:
            return False
        sleep(0.02)
    return True


def at_work(session: Session) -> int:
    """How many other connections to this database have a statement running."""
    asked = {
        "mysql": "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND command = 'Query' "
        "AND id <> CONNECTION_ID()",
        "postgresql": "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
        "AND pid <> pg_backend_pid()",
        "sqlite": "SELECT 0",
    }
    session.commit()
    return int(session.execute(sa.text(asked[session.get_bind().dialect.name])).scalar_one())


def test_an_export_ends_after_its_time(session: Session, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    make_articles(session, 100)
    moments = count(0, 10)
    monkeypatch.setattr(rows, "monotonic", lambda: next(moments))
    before = busy(engine)
    running = export("csv", source(engine, "id", seconds=15), "Articles")
    with pytest.raises(TooBroad):
        list(running)
    assert busy(engine) == before


def test_the_database_stops_a_statement_that_takes_too_long_to_begin(session: Session, engine: sa.Engine) -> None:
    make_article(session)
    asked = sa.select(Article).where(slow_condition(engine.dialect.name))
    with pytest.raises((TooBroad, sa.exc.DBAPIError)):
        content("csv", source(engine, "id", statement=asked, seconds=0.3))
    assert comes_to_rest(session)


def test_blocks_of_heavy_rows_are_small(session: Session, engine: sa.Engine) -> None:
    make_articles(session, 300, content="x" * 50_000)
    chunks = list(export("csv", source(engine, "content"), "Articles"))
    assert max(map(len, chunks)) < 3_000_000
    make_articles(session, 3_000)
    chunks = list(export("csv", source(engine, "id", statement=sa.select(Article).where(Article.content == "")), ""))
    assert len(chunks) < 12, "light rows come many at a time"
