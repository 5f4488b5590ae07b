"""What a value becomes in each kind of file."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import Kind, attribute
from backoffice.database.values import parse_value
from backoffice.models import User
from backoffice.records.exporting import FORMATS
from backoffice.records.exporting.values import FORMULA
from tests.everything import OTHER, PLAIN, Everything, everything
from tests.factories import make_article, make_user
from tests.records.exporting.shared import READABLE, content, lines, objects, source
from tests.workbooks import sheets


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


@pytest.mark.parametrize("sign", [";", "\t", ",", "\n"])
def test_a_cell_is_one_wherever_lists_are_parted_by_another_sign(
    session: Session, engine: sa.Engine, sign: str
) -> None:
    make_article(session, title=f"a{sign}=1+1")
    assert f'\r\n"a{sign}=1+1"\r\n' in content("csv", source(engine, "title")).decode()


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
