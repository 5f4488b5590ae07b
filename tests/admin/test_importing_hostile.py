"""Imports of what somebody sends who means no good, or whose program went astray."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy.orm import Session

from backoffice.models import ImportRow
from tests.admin.test_importing import check, csv, mapping_of, rows_of, upload, verdicts
from tests.records.importing.workbooks import cell, packed, parts, sheet

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
