"""Workbooks, as a spreadsheet reads them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.records.exporting import export, xlsx_file
from tests.everything import PLAIN, Everything, everything
from tests.factories import make_article, make_articles
from tests.records.exporting.shared import READABLE, content, source
from tests.workbooks import sheets


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
