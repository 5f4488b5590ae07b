"""Exports: exact, in one snapshot, in constant memory, and ended at once when nobody wants the rest."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from time import monotonic, sleep
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backoffice.database.attributes import Kind, attribute
from backoffice.database.time_limits import TooBroad
from backoffice.database.values import parse_value
from backoffice.extensions import db
from backoffice.models import Article, Model, User
from backoffice.records.exporting import FORMATS, Column, Source, export, rows, xlsx_file
from backoffice.records.exporting.values import FORMULA
from tests.everything import OTHER, PLAIN, Base, Everything, everything
from tests.factories import NOON, make_article, make_articles, make_user
from tests.slowness import slow_condition
from tests.workbooks import sheets

# What only a program can read is named by its type, and never read back.
READABLE = [name for name in PLAIN if name != "pickle"]


@pytest.fixture
def engine(app: Flask) -> Iterator[sa.Engine]:
    """The application's own engine, in a request: messages want a language."""
    with app.test_request_context():
        yield db.engine


def columns(model: type[Any], *names: str) -> list[Column]:
    return [Column(name, name.capitalize(), attribute(model, name)) for name in names]


def source(engine: sa.Engine, *names: str, model: type[Any] = Article, **given: Any) -> Source:
    statement = given.pop("statement", sa.select(model).order_by(model.id))
    return Source(engine, statement, model, given.pop("columns", columns(model, *names)), **given)


def content(kind: str, asked: Source) -> bytes:
    return b"".join(export(kind, asked, "Articles"))


def objects(asked: Source) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content("jsonl", asked).decode().splitlines()]


def lines(asked: Source) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content("csv", asked).decode().removeprefix("\ufeff"), newline="")))


def busy(engine: sa.Engine) -> int:
    """How many connections are out of the pool."""
    return engine.pool.checkedout()  # type: ignore[attr-defined]  # of every pool that the product uses


# -- what a value becomes ----------------------------------------------------------------------------------------


@pytest.fixture
def three(engine: sa.Engine) -> Iterator[list[Everything]]:
    """Records with no values, with the first of each column and with the second."""
    Base.metadata.create_all(engine)
    made = [everything(json=sa.null()), everything(**PLAIN), everything(**OTHER)]
    with Session(engine, expire_on_commit=False) as session:
        session.add_all(made)
        session.commit()
        for record in made:
            session.refresh(record)
    yield made
    Base.metadata.drop_all(engine)


def plain(text: str) -> str:
    """A text as it was before its formula was escaped."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


def same(name: str, text: str | None, record: Everything, dialect: str) -> bool:
    """Whether a text of the file is read back as the value that the record keeps."""
    found, value = attribute(Everything, name), getattr(record, name)
    if text is None or (value is None and text == ""):
        return value is None and not text
    if found.kind is Kind.BINARY:
        return base64.b64decode(plain(text)) == value
    if found.kind is Kind.DATETIME:
        assert text.endswith("Z") is (name == "moment")
        text = text.removesuffix("Z")
    return bool(parse_value(found, plain(text), dialect) == value)


def test_csv_is_read_back_as_what_was_kept(engine: sa.Engine, three: list[Everything]) -> None:
    titles, *found = lines(source(engine, "id", *READABLE, model=Everything))
    assert titles == ["Id", *(name.capitalize() for name in READABLE)]
    for record, line in zip(three, found, strict=True):
        assert line[0] == str(record.id)
        wrong = [
            n for n, text in zip(READABLE, line[1:], strict=True) if not same(n, text, record, engine.dialect.name)
        ]
        assert wrong == []


def test_json_lines_have_every_value_in_json_own_kinds(engine: sa.Engine, three: list[Everything]) -> None:
    _, first, second = objects(source(engine, *READABLE, model=Everything))
    for found, given in ((first, PLAIN), (second, OTHER)):
        assert found["json"] == given["json"]
        assert found["boolean"] is given["boolean"]
        assert (found["integer"], found["big"]) == (given["integer"], given["big"])
        assert (found["string"], found["text"]) == (given["string"], given["text"])
        assert found["double"] == given["double"]
    assert first["numeric"] == "12.500", "a decimal keeps its scale"
    assert first["moment"] == "2026-01-31T18:30:00Z"
    assert second["moment"] == "2026-01-31T18:30:00.000001Z"
    assert first["naive"] == "2026-01-31T18:30:00"
    assert second["interval"] == "-0 00:00:01"


def test_json_lines_tell_no_value_from_the_empty_text(engine: sa.Engine, three: list[Everything]) -> None:
    with Session(engine) as session:
        session.add(everything(string="", text=None))
        session.commit()
    nothing, *_others, empty = objects(source(engine, "string", "text", "json", "boolean", model=Everything))
    assert nothing == {"string": None, "text": None, "json": None, "boolean": None}
    assert (empty["string"], empty["text"]) == ("", None)


def test_csv_writes_no_value_as_nothing_and_the_empty_text_as_quotes(session: Session, engine: sa.Engine) -> None:
    make_user(session, username="a", email="b", name=None, address="")
    found = content("csv", source(engine, "username", "name", "address", "email", model=User)).decode()
    assert found == '\ufeffUsername,Name,Address,Email\r\na,,"",b\r\n'


def test_a_single_column_has_a_line_for_every_row(session: Session, engine: sa.Engine) -> None:
    for name in (None, "", "x"):
        make_user(session, name=name)
    assert content("csv", source(engine, "name", model=User)).decode() == '\ufeffName\r\n""\r\n""\r\nx\r\n'


def test_csv_is_what_the_standard_reader_reads(session: Session, engine: sa.Engine) -> None:
    texts = ['a,b "c"', "one\ntwo\r\nthree\rfour", ' "', "三体", "😀", "tab\tin it", "trailing ", "1,5", ";"]
    for text in texts:
        make_article(session, title=text, content=text)
    assert lines(source(engine, "title", "content"))[1:] == [[text, text] for text in texts]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_formula_is_left_to_run(session: Session, engine: sa.Engine, kind: str) -> None:
    texts = ['=HYPERLINK("x")', "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1", "'=1", "| calc", "a=1", "'a"]
    for text in texts:
        make_article(session, title=text, user=make_user(session, username=text))
    asked = source(engine, "title", "user")
    if kind == "csv":
        found = lines(asked)[1:]
    else:
        found = [[row["A"], row["B"]] for row in sheets(content("xlsx", asked))["Articles"][1:]]
    expected = ["'" + text if FORMULA.match(text) else text for text in texts]
    assert expected[-2:] == texts[-2:]
    assert found == [[text, text] for text in expected]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_in_base64_is_no_formula(engine: sa.Engine, three: list[Everything], kind: str) -> None:
    value = base64.b64decode("+A1/B2==")
    with Session(engine) as session:
        session.execute(sa.delete(Everything))
        session.add(everything(binary=value, numeric=Decimal("-1.500")))
        session.commit()
    asked = source(engine, "binary", "numeric", model=Everything)
    text = base64.b64encode(value).decode()
    if kind == "jsonl":
        assert objects(asked) == [{"binary": text, "numeric": "-1.500"}]
    elif kind == "csv":
        assert lines(asked)[1:] == [["'" + text, "-1.500"]]
    else:
        [_head, row] = sheets(content("xlsx", asked))["Articles"]
        assert (row["A"], row["B"].written) == ("'" + text, "-1.500")


def test_the_readers_of_json_get_texts_as_they_are(session: Session, engine: sa.Engine) -> None:
    make_article(session, title="=1+1")
    assert objects(source(engine, "title")) == [{"title": "=1+1"}]


# -- workbooks ---------------------------------------------------------------------------------------------------


def test_a_workbook_keeps_numbers_days_and_booleans_as_such(engine: sa.Engine, three: list[Everything]) -> None:
    names = ["id", *READABLE]
    _head, nothing, first, second = sheets(content("xlsx", source(engine, *names, model=Everything)))["Articles"]
    letters = dict(zip(names, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False))
    assert set(nothing) == {"A"}, "no value is no cell"
    assert first[letters["integer"]].written == "5"
    assert first[letters["numeric"]].written == "12.500"
    assert second[letters["double"]].written == "1e+300"
    assert [row[letters["boolean"]] for row in (first, second)] == [True, False]
    day = first[letters["date"]]
    assert day.is_day
    assert date(1899, 12, 30) + timedelta(days=int(day.written)) == PLAIN["date"]
    assert second[letters["date"]] == "0001-01-01", "before Excel's calendar"
    assert second[letters["moment"]] == "2026-01-31T18:30:00.000001Z", "Excel would round it"
    assert first[letters["text"]] == "one\ntwo"


def test_a_workbook_writes_numbers_that_a_spreadsheet_would_round_as_text(
    engine: sa.Engine, three: list[Everything]
) -> None:
    digits = (2**53 + 1, 10**15, 10**15 - 1, -(10**14))
    with Session(engine) as session:
        session.execute(sa.delete(Everything))
        session.add_all([everything(big=number, double=number / 7) for number in digits])
        session.commit()
    found = [row["A"] for row in sheets(content("xlsx", source(engine, "big", model=Everything)))["Articles"][1:]]
    assert found[:2] == [str(number) for number in digits[:2]]
    assert [each.written for each in found[2:]] == [str(number) for number in digits[2:]]
    for row in sheets(content("xlsx", source(engine, "double", model=Everything)))["Articles"][1:]:
        assert isinstance(row["A"], str), "a seventh has more than fifteen digits"


def test_a_workbook_holds_what_xml_cannot(session: Session, engine: sa.Engine) -> None:
    texts = ["bell \x07", "_x0041_ stays", "<&>\"'", "  spaces  ", "a\r\nb", "\ufffe", "😀", "x_x"]
    for text in texts:
        make_article(session, title=text)
    found = sheets(content("xlsx", source(engine, "title")))["Articles"]
    assert [row["A"] for row in found[1:]] == texts


def test_more_rows_than_a_sheet_holds_go_on_on_the_next(
    session: Session, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_articles(session, 50)
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 21)
    found = sheets(content("xlsx", source(engine, "title")))
    assert list(found) == ["Articles", "Articles 2", "Articles 3"]
    assert [len(each) for each in found.values()] == [21, 21, 11]
    assert all(each[0] == {"A": "Title"} for each in found.values())
    titles = [row["A"] for each in found.values() for row in each[1:]]
    assert titles == [f"Article {n}" for n in range(1, 51)]


def test_a_text_longer_than_a_cell_is_cut_and_said_so(session: Session, engine: sa.Engine) -> None:
    for text in ("字" * 32_767, "😀" * 16_384, "a" * 40_000):
        make_article(session, content=text)
    found = sheets(content("xlsx", source(engine, "content")))
    whole, emoji, letters = [row["A"] for row in found["Articles"][1:]]
    assert whole == "字" * 32_767
    assert (len(emoji.encode("utf-16-le")), emoji[-1]) == (32_767 * 2, "…")
    assert (len(letters), letters[-1]) == (32_767, "…")
    assert found["Note"][0]["A"].startswith("2 texts are longer than a cell can hold")
    assert content("csv", source(engine, "content")).decode().count("a") == 40_000


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("title", "names"), [("Note", ["Note", "Note 2"]), ("NOTE", ["NOTE", "Note 2"]),
                                              ("note 2", ["note 2", "Note"])])  # fmt: skip
def test_no_two_sheets_have_one_name(session: Session, engine: sa.Engine, title: str, names: list[str]) -> None:
    make_article(session, content="a" * 40_000)
    found = sheets(b"".join(export("xlsx", source(engine, "content"), title)))
    assert list(found) == names
    assert found[names[1]][0]["A"].startswith("1 text is longer")


@pytest.mark.sqlite_only
def test_no_two_sheets_have_one_name_where_there_are_many(
    session: Session, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_articles(session, 3, content="a" * 40_000)
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 2)
    assert list(sheets(b"".join(export("xlsx", source(engine, "content"), "note")))) == [
        "note", "note 2", "note 3", "Note 4",
    ]  # fmt: skip


@pytest.mark.sqlite_only
@pytest.mark.parametrize("title", ["All [of]: it's *?/\\", "三" * 40, "", "'"])
def test_a_sheet_has_a_name_that_excel_takes(session: Session, engine: sa.Engine, title: str) -> None:
    make_article(session)
    [name] = sheets(b"".join(export("xlsx", source(engine, "id"), title)))
    assert 0 < len(name) <= 31
    assert not set(name) & set("[]:*?/\\'")


# -- rows --------------------------------------------------------------------------------------------------------


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
