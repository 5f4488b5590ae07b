"""Imports of what somebody sends who means no good, or whose program went astray."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from backoffice.errors import BadInput
from backoffice.extensions import db
from backoffice.models import Article, ImportRow, Job, JobOutcome, User
from backoffice.records.importing import Bounds, Row, detect, rows, xlsx_file
from backoffice.records.importing.archives import Archive
from backoffice.records.importing.reading import kept_row
from backoffice.records.importing.sheets import Cells, SheetRow
from tests.admin.importing import apply, check, csv, mapping_of, rows_of, upload, verdicts
from tests.records.importing.workbooks import HEADER, cell, packed, parts, sheet

Client = FlaskClient


@pytest.mark.sqlite_only
@pytest.mark.parametrize("field", [{}, {"to-0": ["no such"]}])
def test_a_number_of_thousands_of_digits_is_no_column(admin: Client, field: dict[str, list[str]]) -> None:
    uploaded = upload(admin, csv("username,email", "a,a@example.com"))
    sent = mapping_of(admin.get(uploaded.location).text)
    answer = admin.post("/admin/user/import/", data={**sent, **field, "tells": ["1" * 5000, "-1", "٣"]})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "line",
    [
        r'{"username":"a\ud83d","email":"a@example.com"}',
        r'{"username":["\ud800"],"email":"a@example.com"}',
        r'{"username":"a","email":"a@example.com","name":{"\ud800":[{"\udfff":1}]}}',
    ],
)
def test_half_a_character_is_told_of_its_row(admin: Client, session: Session, line: str) -> None:
    good = '{"username":"b","email":"b@example.com"}'
    job = check(admin, f"{line}\n{good}".encode(), "a.jsonl")
    assert verdicts(session, job) == ["wrong", "new"]
    assert "half a character" in rows_of(session, job)[0].reason
    for page in ("details", "failed"):
        assert "half a character" in admin.get(f"/admin/job/{page}/?id={job}").text


def test_half_a_character_behind_the_telling_rows_is_told_as_well(
    admin: Client, session: Session, runner: FlaskCliRunner
) -> None:
    good = [f'{{"username":"u{n}","email":"u{n}@example.com"}}' for n in range(1000)]
    bad = [
        r'{"username":"y","email":"y@example.com","\ud800":{"\ud800":"\udfff"}}',
        r'{"username":"z\ud800"}',
        "{\ud800",
    ]
    content = "\n".join([*good, *bad]).encode("utf-8", "replace")
    job = check(admin, content, "a.jsonl")
    runner.invoke(args=["jobs", "work", "--until-idle"])
    assert verdicts(session, job)[999:] == ["new", "wrong", "wrong", "wrong"]


@pytest.mark.sqlite_only
def test_a_number_in_a_list_is_not_rounded_without_a_word(admin: Client, session: Session) -> None:
    lines = b'{"username":"a","name":[1.00000000000000000001]}\n{"username":"b","email":"b@example.com"}'
    job = check(admin, lines, "a.jsonl")
    assert verdicts(session, job) == ["wrong", "new"]
    assert "would be rounded" in rows_of(session, job)[0].reason


@pytest.mark.parametrize(("name", "shown"), [("_xD800_", "\ufffd"), ("a_xDC00_b", "a\ufffdb")])
def test_a_sheet_may_be_called_by_half_a_character(
    admin: Client, session: Session, tmp_path: Path, name: str, shown: str
) -> None:
    found = parts(*[sheet(f'<row r="2">{cell("A2", "ada", "str")}</row>')] * 2)
    found = {part: text.replace(">a<", ">username<").replace('"Two"', f'"{name}"') for part, text in found.items()}
    content = packed(tmp_path / "a.xlsx", found).read_bytes()
    uploaded = upload(admin, content, "a.xlsx")
    assert uploaded.status_code == 302, uploaded.text
    page = admin.get(uploaded.location).text
    assert shown in page
    sent = {**mapping_of(page), "sheet": shown}
    started = admin.post("/admin/user/import/", data=sent)
    assert started.status_code == 302, started.text
    assert len(session.scalars(sa.select(ImportRow)).all()) == 1


def check_large(client: Client, content: bytes) -> int:
    """As `check`, without the temporary file that the client would leave open for a large body."""
    identity = re.search(r'name="form_id" value="([^"]+)"', client.get("/admin/user/import/").text)
    assert identity
    boundary, body = encode_multipart({"form_id": identity[1], "upload": FileStorage(io.BytesIO(content), "a.csv")})
    kind = f"multipart/form-data; boundary={boundary}"
    uploaded = client.post("/admin/user/import/", data=body, content_type=kind)
    started = client.post("/admin/user/import/", data=mapping_of(client.get(uploaded.location).text))
    return int(started.location.rpartition("=")[2])


def test_a_row_longer_than_a_statement_is_told_and_cut(admin: Client, session: Session) -> None:
    """Backslashes are doubled in JSON and once more in a statement."""
    long = chr(92) * 1_000_000
    job = check_large(admin, csv("username,email,name,x,y", ",".join(["bad", *[long] * 4]), "good,good@example.com,,,"))
    bad, _good = rows_of(session, job)
    assert verdicts(session, job) == ["wrong", "new"]
    assert "at most 1,000,000 characters are taken of a row" in bad.reason
    assert {len(cell) for cell in bad.cells.values()} == {3, 1001}
    assert admin.get(f"/admin/job/details/?id={job}").status_code == 200


@pytest.mark.sqlite_only
def test_objects_in_no_column_are_cut(app: Flask) -> None:
    many = ",".join(f'"{n}":["{n}"]' for n in range(100_000))
    found = Row(7, {"a": ["x" * 5_000]}, None, tuple(json.loads(f"{{{many}}}").values()))
    with app.test_request_context():
        row = kept_row(found, Bounds())
    assert "too long" in str(row.problem)
    assert len(row.beyond) == 200
    assert len(str(row.values["a"])) == 1001


def test_long_rows_are_written_in_statements_of_four_megabytes(admin: Client, session: Session, app: Flask) -> None:
    lines = [f"u{n},u{n}@example.com,,{'真' * 300_000}" for n in range(10)]
    sizes = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO import_row"):
            sizes.append(len(str(parameters).encode()))

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    job = check_large(admin, csv("username,email,name,other", *lines))
    sa.event.remove(engine, "before_cursor_execute", note)
    assert len(rows_of(session, job)) == 10
    assert len(sizes) > 1
    assert max(sizes) < 4 * 1024**2


@pytest.mark.sqlite_only
def test_sheets_that_share_an_empty_part_are_read_once(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    rows_of_sheet = xlsx_file.sheet_rows

    def noted(archive: Archive, part: str, cells: Cells) -> Iterator[SheetRow]:
        read.append(part)
        return rows_of_sheet(archive, part, cells)

    monkeypatch.setattr(xlsx_file, "sheet_rows", noted)
    with app.test_request_context(), pytest.raises(BadInput, match="Nothing stands on the sheets"):
        detect(_workbook(tmp_path, 200, "<row/>" * 9_999), "a.xlsx")
    assert len(read) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("sheets", "rows", "words"),
    [(256, "", "more than 255 sheets"), (1, "<row/>" * 10_001, "more than 10,000 rows in which nothing stands")],
)
def test_a_workbook_of_nothing_has_a_bound(app: Flask, tmp_path: Path, sheets: int, rows: str, words: str) -> None:
    with app.test_request_context(), pytest.raises(BadInput, match=words):
        detect(_workbook(tmp_path, sheets, rows), "a.xlsx")


@pytest.mark.sqlite_only
def test_empty_rows_below_the_first_have_a_bound(app: Flask, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.xlsx", parts(sheet("<row/>" * 101)))
    with app.test_request_context(), pytest.raises(BadInput, match="more than 100 rows in which nothing stands"):
        list(rows(path, detect(path, "a.xlsx"), Bounds(blank=100)))
    with app.test_request_context():
        assert list(rows(path, detect(path, "a.xlsx"), Bounds(blank=101))) == []


def _workbook(folder: Path, sheets: int, rows: str) -> Path:
    """Sheets that all are the same part, in which nothing stands."""
    found = parts(sheet("").replace(HEADER, rows))
    one = re.search(r"<sheet [^>]*/>", found["xl/workbook.xml"])
    assert one
    named = "".join(one[0].replace("One", f"s{n}") for n in range(sheets))
    found["xl/workbook.xml"] = found["xl/workbook.xml"].replace(one[0], named)
    return packed(folder / "a.xlsx", found)


@pytest.mark.sqlite_only
def test_a_row_that_was_imported_is_not_imported_again(admin: Client, session: Session, runner: FlaskCliRunner) -> None:
    """Nothing tells the record here: that its row was done is known by its note alone."""
    dry_run = check(admin, csv("title", "one"), model="article", mode="create", tells=[])
    apply(admin, dry_run)
    done = session.scalars(sa.select(Job).where(Job.kind == "import")).one()
    done.failed = 1
    session.add(JobOutcome(job_id=done.id, position=0, key="0", outcome="failed", reason="It did not seem to go."))
    session.commit()
    assert admin.post(f"/admin/job/retry/?id={done.id}").status_code == 302
    runner.invoke(args=["jobs", "work", "--until-idle"])
    session.expire_all()
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 1
    left = session.scalars(sa.select(JobOutcome).where(JobOutcome.job_id > done.id)).one()
    assert (left.outcome, left.reason) == ("skipped", "This row has been imported already.")


def test_texts_that_the_database_holds_equal_tell_the_same_record(
    admin: Client, session: Session, backend: str
) -> None:
    lines = ["Ada,a@example.com", "ada,b@example.com", "ÁDA ,c@example.com", "adam,d@example.com"]
    job = check(admin, csv("username,email", *lines), tells=["0"])
    folds = backend == "mysql"
    assert verdicts(session, job) == (["new", "wrong", "wrong", "new"] if folds else ["new"] * 4)
    if folds:
        assert rows_of(session, job)[2].reason == "The row in line 2 is about the same record."
        apply(admin, job)
        assert session.scalars(sa.select(User.username).order_by(User.username)).all() == ["Ada", "adam"]


@pytest.mark.sqlite_only
def test_what_needs_no_telling_column_is_said(admin: Client) -> None:
    uploaded = upload(admin, csv("title", "one"), model="article")
    sent = mapping_of(admin.get(uploaded.location).text)
    answer = admin.post("/admin/article/import/", data={**sent, "mode": "both", "tells": []})
    assert answer.status_code == 400
    assert "with “Only create”" in answer.text


@pytest.mark.sqlite_only
@pytest.mark.parametrize("end", ["", "\r\n", "\r\nb,b@example.com,x\r\nc,c@example.com,x"])
def test_a_quote_that_never_closes_is_told_with_its_line(admin: Client, session: Session, end: str) -> None:
    job = check(admin, csv("username,email,name", "good,good@example.com,x", 'a,a@example.com,"x' + end))
    good, bad = rows_of(session, job)
    assert (good.verdict, bad.verdict, bad.line) == ("new", "wrong", 3)
    assert "never closed" in bad.reason
