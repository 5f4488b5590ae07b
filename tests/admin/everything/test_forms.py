"""Every type made, edited, emptied and left alone through its forms."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.database.attributes import Kind, attribute
from backoffice.database.values import print_value
from backoffice.extensions import db
from tests.admin.browser import sent_by_browser
from tests.admin.everything.shared import COLUMNS, LIST, page_of, raw_row, with_values
from tests.everything import NEEDED, OTHER, PLAIN, Everything, Parcel, everything
from tests.pages import field_value, listed

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """What a person would send for these values."""
    sent: dict[str, Any] = {}
    for name, value in values.items():
        kind = attribute(Everything, name).kind
        if kind is Kind.BINARY:
            sent[name] = (io.BytesIO(value), "file.bin")
        elif kind is not Kind.OPAQUE:
            sent[name] = print_value(attribute(Everything, name), value)
    return sent


def test_a_record_is_made_of_every_type(admin: FlaskClient, rows: Session) -> None:
    for values in (PLAIN, OTHER):
        given = {**NEEDED, **values, **{f"{name}_needed": value for name, value in values.items()}}
        response = admin.post(f"{LIST}new/", data=typed(given))
        assert response.status_code == 302, response.get_data(as_text=True)
        made = rows.scalars(sa.select(Everything).order_by(Everything.id.desc())).first()
        for name, value in given.items():
            if not name.startswith("pickle"):
                assert getattr(made, name) == value, name
        assert made is not None
        assert made.pickle_needed == {}


def test_a_new_record_with_only_what_it_needs_has_sql_null_elsewhere(admin: FlaskClient, rows: Session) -> None:
    page = page_of(admin, f"{LIST}new/")
    sent = with_values(sent_by_browser(page), typed(NEEDED))
    assert admin.post(f"{LIST}new/", data=sent).status_code == 302
    [record_id] = rows.scalars(sa.select(Everything.id))
    row = dict(zip(Everything.__table__.columns.keys(), raw_row(rows, record_id), strict=True))
    assert {name for name in PLAIN if row[name] is not None} == set()
    assert row["json_needed"] is not None


def test_saving_an_untouched_page_writes_nothing(
    admin: FlaskClient, rows: Session, three: list[Everything], site: Flask
) -> None:
    with site.app_context():
        engine = db.engine
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "everything" in statement and not statement.startswith("SELECT"):
            written.append(statement)

    strange = everything(
        string="a\nb", text="\n a\r\nb\rc\n", json=sa.JSON.NULL, json_needed=sa.JSON.NULL, text_needed="", state=None
    )
    rows.add(strange)
    rows.commit()
    for record in (*three, strange):
        before = raw_row(rows, record.id)
        path = f"{LIST}edit/?id={record.id}"
        sent = sent_by_browser(page_of(admin, path))
        assert {*COLUMNS} - {"pickle", "pickle_needed", "binary", "binary_needed"} <= {*sent}
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            response = admin.post(path, data=sent)
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        assert response.status_code == 302, response.get_data(as_text=True)
        assert written == []
        assert raw_row(rows, record.id) == before


def test_one_changed_field_changes_one_column(admin: FlaskClient, rows: Session, three: list[Everything]) -> None:
    record = three[1]
    for name, value in OTHER.items():
        before = raw_row(rows, record.id)
        path = f"{LIST}edit/?id={record.id}"
        sent = sent_by_browser(page_of(admin, path))
        sent[name] = print_value(attribute(Everything, name), value)
        assert admin.post(path, data=sent).status_code == 302, name
        after = raw_row(rows, record.id)
        columns = Everything.__table__.columns.keys()
        changed = [c for c, old, new in zip(columns, before, after, strict=True) if old != new]
        assert changed == [name]
        rows.expire_all()
        assert getattr(record, name) == value


def test_what_is_emptied_becomes_null_and_what_is_needed_cannot_be(
    admin: FlaskClient, rows: Session, three: list[Everything]
) -> None:
    record = three[1]
    path = f"{LIST}edit/?id={record.id}"
    sent = sent_by_browser(page_of(admin, path))
    emptied = dict.fromkeys(OTHER, "")
    assert admin.post(path, data=with_values(sent, emptied)).status_code == 302
    row = dict(zip(Everything.__table__.columns.keys(), raw_row(rows, record.id), strict=True))
    assert {name for name in OTHER if row[name] is not None} == set()
    before = raw_row(rows, record.id)
    needed = {f"{name}_needed": "" for name in OTHER if name != "boolean"}
    response = admin.post(path, data=with_values(sent, needed))
    assert response.status_code == 422
    page = response.get_data(as_text=True)
    assert page.count("This field is required.") >= len(needed)
    assert raw_row(rows, record.id) == before


def test_what_cannot_be_read_stands_beside_its_field_and_is_not_lost(
    admin: FlaskClient, rows: Session, three: list[Everything]
) -> None:
    record = three[1]
    before = raw_row(rows, record.id)
    path = f"{LIST}edit/?id={record.id}"
    wrong = {name: "@wrong@" for name in OTHER if name not in ("string", "text", "boolean", "colour", "state")}
    response = admin.post(path, data=with_values(sent_by_browser(page_of(admin, path)), wrong))
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    for name in wrong:
        assert field_value(page, name) == "@wrong@", name
    assert raw_row(rows, record.id) == before


def test_files_go_in_come_out_and_are_taken_away(admin: FlaskClient, rows: Session, three: list[Everything]) -> None:
    record = three[1]
    path = f"{LIST}edit/?id={record.id}"
    page = page_of(admin, path)
    assert 'enctype="multipart/form-data"' in page
    assert "b&#39;" not in page
    sent = sent_by_browser(page)
    content = bytes(range(256))
    assert admin.post(path, data=with_values(sent, {"binary": (io.BytesIO(content), "x.bin")})).status_code == 302
    download = admin.get(f"{LIST}download/", query_string={"id": record.id, "name": "binary"})
    assert (download.data, download.mimetype) == (content, "application/octet-stream")
    assert download.headers["Content-Disposition"].startswith("attachment")
    sent = sent_by_browser(page_of(admin, path))
    assert admin.post(path, data=with_values(sent, {"binary__remove": "true"})).status_code == 302
    assert admin.get(f"{LIST}download/", query_string={"id": record.id, "name": "binary"}).status_code == 404
    sent = sent_by_browser(page_of(admin, path))
    too_large = admin.post(path, data=with_values(sent, {"binary_needed": (io.BytesIO(b"x" * 70_000), "x.bin")}))
    rows.expire_all()
    if rows.get_bind().dialect.name == "mysql":
        assert too_large.status_code == 422
        assert record.binary_needed == PLAIN["binary"]
    else:
        assert len(record.binary_needed) == 70_000
    for name in ("pickle", "id", "nothing", ""):
        assert admin.get(f"{LIST}download/", query_string={"id": record.id, "name": name}).status_code == 404


def test_a_relation_follows_a_uuid(admin: FlaskClient, rows: Session, three: list[Everything]) -> None:
    parcel = Parcel(name="First")
    rows.add(parcel)
    rows.commit()
    record = three[1]
    path = f"{LIST}edit/?id={record.id}"
    for text, expected in ((str(parcel.id), parcel.id), ("", None), ("First", parcel.id)):
        sent = sent_by_browser(page_of(admin, path))
        assert admin.post(path, data=with_values(sent, {"parcel": text})).status_code == 302, text
        rows.expire_all()
        assert record.parcel_id == expected
    sent = sent_by_browser(page_of(admin, path))
    assert admin.post(path, data=with_values(sent, {"parcel": "Nowhere"})).status_code == 422
    asked = {"all": [["parcel", "in", [str(parcel.id)]]]}
    assert listed(admin, LIST, where=json.dumps(asked)) == [str(record.id)]
    assert re.search(r'class="value-link" href="[^"]*' + str(parcel.id), page_of(admin, LIST))
