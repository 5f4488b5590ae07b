"""A model with every column type in the browser's eyes: listed, filtered, sorted, made, edited, exported."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from backoffice.admin import add_view
from backoffice.admin.record_view import RecordView
from backoffice.database.attributes import Kind, attribute
from backoffice.database.operators import operators_of
from backoffice.database.values import print_value
from backoffice.extensions import db
from tests.admin.browser import sent_by_browser
from tests.everything import NEEDED, OTHER, PLAIN, Base, Everything, Parcel, everything
from tests.pages import field_value, listed, row_keys

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")
COLUMNS = [*PLAIN, *NEEDED]
APPS: dict[str, Flask] = {}
LIST, BARE = "/admin/everything/", "/admin/bare/"


class EverythingView(RecordView):
    """All columns everywhere."""

    column_list = ("id", *COLUMNS, "parcel")
    column_searchable_list = ("string", "text", "integer", "uuid")
    column_filters = (*COLUMNS, "parcel")
    page_size = 100


class BareView(RecordView):
    """Can be asked everything and shows nothing but the key."""

    column_list = ("id",)
    column_filters = tuple(PLAIN)


class ParcelView(RecordView):
    """A UUID as key."""

    column_searchable_list = ("name",)
    column_filters = ("id", "name")


@pytest.fixture
def site(backend: str, make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The application with two more views, and their tables for one test."""
    if backend not in APPS:
        APPS[backend] = make_app()
        [admin] = APPS[backend].extensions["admin"]
        add_view(APPS[backend], admin, EverythingView(Everything, db))
        add_view(APPS[backend], admin, ParcelView(Parcel, db))
        add_view(APPS[backend], admin, BareView(Everything, db, endpoint="bare"))
    with APPS[backend].app_context():
        engine = db.engine
    Base.metadata.create_all(engine)
    yield APPS[backend]
    Base.metadata.drop_all(engine)


@pytest.fixture
def admin(site: Flask, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in("admin", app=site)


@pytest.fixture
def rows(site: Flask) -> Iterator[Session]:
    with site.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def three(rows: Session) -> list[Everything]:
    """Records with no values, with the first of each column and with the second."""
    needed = {f"{name}_needed": value for name, value in OTHER.items()}
    records = [
        everything(json=sa.null()),
        everything(**PLAIN),
        everything(**{**OTHER, **needed, "binary": b"", "binary_needed": b"", "pickle": [], "pickle_needed": None}),
    ]
    for record in records:
        rows.add(record)
        rows.commit()
    for record in records:
        rows.refresh(record)
    return records


def page_of(admin: FlaskClient, path: str, **arguments: Any) -> str:
    response = admin.get(path, query_string=arguments or None)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_data(as_text=True)


def keys(records: list[Everything]) -> set[str]:
    return {str(record.id) for record in records}


def raw_row(rows: Session, record_id: int) -> tuple[Any, ...]:
    """The row as the database has it, JSON as its very text."""
    columns = Everything.__table__.columns
    exact = [sa.cast(c, sa.Text) if isinstance(c.type, sa.JSON) else c for c in columns]
    row = tuple(rows.execute(sa.select(*exact).where(columns.id == record_id)).one())
    rows.rollback()
    return row


def test_the_list_and_the_details_show_every_type(admin: FlaskClient, three: list[Everything]) -> None:
    page = page_of(admin, LIST)
    assert row_keys(page) == [str(record.id) for record in reversed(three)]
    for shown in ("value-null", "value-number", "value-json", "value-binary", "value-opaque", "value-time"):
        assert shown in page, shown
    assert "b&#39;" not in page
    for record in three:
        details = page_of(admin, f"{LIST}details/", id=record.id)
        assert "value-opaque" in details


MEANING: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, operand: value == operand,
    "is": lambda value, operand: value == operand,
    "in": lambda value, operand: value in operand,
    "greater": lambda value, operand: value > operand,
    "at_least": lambda value, operand: value >= operand,
    "less": lambda value, operand: value < operand,
    "at_most": lambda value, operand: value <= operand,
    "between": lambda value, operand: operand[0] <= value <= operand[1],
    "contains": lambda value, operand: operand.lower() in value.lower(),
    "starts_with": lambda value, operand: value.lower().startswith(operand.lower()),
    "ends_with": lambda value, operand: value.lower().endswith(operand.lower()),
    "on": lambda value, operand: value.date() == operand,
    "empty": lambda value, _: value == "",
    "null": lambda _value, _operand: False,
}


def holds(operator: str, value: Any, operand: Any) -> bool:
    """What a filter means, said in Python: no value is only `null` and `empty`; `not_` is every other row."""
    positive = operator.removeprefix("not_")
    found = positive in ("null", "empty") if value is None else MEANING[positive](value, operand)
    return found is (positive == operator)


def operand_for(name: str, operator: str, value: Any) -> tuple[Any, list[Any]]:
    """An operand as Python has it, and what follows the operator in an address."""
    found = attribute(Everything, name)
    written = print_value(found, value)
    if operator == "between":
        bounds = sorted([PLAIN[name], OTHER[name]])
        return bounds, [[print_value(found, bound) for bound in bounds]]
    if operator in ("in", "not_in"):
        return [value], [[written]]
    if operator == "on":
        return value.date(), [value.date().isoformat()]
    return value, [written]


def questions() -> list[tuple[str, str]]:
    compared = [name for name in PLAIN if attribute(Everything, name).kind is not Kind.JSON]
    return [(name, operator) for name in compared for operator in operators_of(attribute(Everything, name))]


def test_each_type_answers_each_of_its_comparisons(admin: FlaskClient, three: list[Everything]) -> None:
    for name, operator in questions():
        alone = operator.removeprefix("not_") in ("null", "empty")
        for value in [None] if alone else [PLAIN[name], OTHER[name]]:
            operand, written = (None, []) if alone else operand_for(name, operator, value)
            condition = [name, operator, *written]
            expected = {str(r.id) for r in three if holds(operator, getattr(r, name), operand)}
            answer = listed(admin, BARE, where=json.dumps({"all": [condition]}))
            assert set(answer) == expected, condition


def test_json_is_searched_as_text_and_null_is_found(admin: FlaskClient, three: list[Everything]) -> None:
    nothing, plain, other = (str(record.id) for record in three)
    for condition, expected in (
        (["json", "null"], [nothing]),
        (["json", "not_null"], [other, plain]),
        (["json", "contains", '"a"'], [plain]),
        (["json", "contains", "[]"], [other]),
        (["json", "not_contains", "1"], [other, nothing]),
    ):
        assert listed(admin, LIST, where=json.dumps({"all": [condition]})) == expected, condition


WRONG = ["abc", "", "99999999999999999999999", "0000-00-00", "\ud800", "\0", None, [], {}, True, 1e400, -0.0]


def test_operands_no_column_can_hold_are_refused_in_words(admin: FlaskClient, three: list[Everything]) -> None:
    assert three
    for name in PLAIN:
        # The panel of one column suffices: what is asked is the grammar and the database.
        for operand, operator in itertools.product(WRONG, operators_of(attribute(Everything, name))[:2]):
            response = admin.get(BARE, query_string={"where": json.dumps({"all": [[name, operator, operand]]})})
            assert response.status_code in (200, 400), (name, operator, operand)


def test_each_sortable_type_sorts_alike_on_every_database(admin: FlaskClient, three: list[Everything]) -> None:
    assert three
    unordered = (Kind.JSON, Kind.BINARY, Kind.OPAQUE)
    for name in (n for n in PLAIN if attribute(Everything, n).kind not in unordered):
        kind = attribute(Everything, name).kind
        nothing, *others = three
        if kind in (Kind.ENUM, Kind.UUID, Kind.TEXT):
            expected = None
        else:
            expected = keys_in_order([nothing, *sorted(others, key=lambda r: getattr(r, name))])
        ascending = listed(admin, LIST, sort=name)
        assert ascending[0] == str(nothing.id), name
        assert listed(admin, LIST, sort=f"-{name}") == ascending[::-1], name
        assert expected in (None, ascending), name


def keys_in_order(records: list[Everything]) -> list[str]:
    return [str(record.id) for record in records]


def test_search_reads_words_as_each_column_would(admin: FlaskClient, three: list[Everything]) -> None:
    _, plain, other = (str(record.id) for record in three)
    for text, expected in (
        ("-7", [other]),
        ("lovelace 100%", [other]),
        ("三体", [other]),
        (str(PLAIN["uuid"]), [plain]),
        ("nothing of the kind", []),
    ):
        assert listed(admin, LIST, search=text) == expected, text


def with_values(sent: MultiDict[str, Any], values: dict[str, Any]) -> MultiDict[str, Any]:
    """What is sent where somebody filled in these fields."""
    changed = sent.copy()
    for name, value in values.items():
        changed[name] = value
    return changed


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
    assert admin.post(path, data=with_values(sent, {"binary__remove": "true"})).status_code == 302
    assert admin.get(f"{LIST}download/", query_string={"id": record.id, "name": "binary"}).status_code == 404
    too_large = admin.post(path, data=with_values(sent, {"binary_needed": (io.BytesIO(b"x" * 70_000), "x.bin")}))
    rows.expire_all()
    if rows.get_bind().dialect.name == "mysql":
        assert too_large.status_code == 422
        assert record.binary_needed == PLAIN["binary"]
    else:
        assert len(record.binary_needed) == 70_000
    for name in ("pickle", "id", "nothing", ""):
        assert admin.get(f"{LIST}download/", query_string={"id": record.id, "name": name}).status_code == 404


def test_the_export_has_every_type(admin: FlaskClient, three: list[Everything]) -> None:
    response = admin.get(f"{LIST}export/csv/", query_string={"sort": "id"})
    assert response.status_code == 200
    titles, *lines = csv.reader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff")))
    assert len(titles) == len(COLUMNS) + 2
    assert len(lines) == 3
    cells = dict(zip(["id", *COLUMNS, "parcel"], lines[1], strict=True))
    assert cells["id"] == str(three[1].id)
    assert cells["moment"] == "2026-01-31T18:30:00Z"
    assert cells["json"] == '{"a":[1,"二"]}'
    assert cells["binary"] == "AP8="
    assert cells["pickle"] == "(set)"
    assert cells["colour"] == "DEEP_BLUE"
    assert cells["text"] == "one\ntwo"
    assert cells["numeric"] == "12.500"
    empty = dict(zip(["id", *COLUMNS, "parcel"], lines[0], strict=True))
    assert {empty[name] for name in PLAIN} == {""}


@pytest.mark.parametrize(
    "key",
    [
        "",
        "0",
        "-1",
        "1,2",
        "abc",
        "1e3",
        "1.0",
        "99999999999999999999",
        "१",
        "\0",
        "'",
        "1;",
        "%00",
        "None",
        "1 OR 1=1",
    ],
)
def test_crafted_keys_are_not_found(admin: FlaskClient, key: str) -> None:
    for path in (LIST, "/admin/parcel/"):
        for page in ("details/", "edit/", "delete/", "download/"):
            response = admin.get(path + page, query_string={"id": key, "name": "binary"})
            assert response.status_code in (400, 404, 405), (path, page)
        for page in ("edit/", "delete/"):
            response = admin.post(path + page, query_string={"id": key}, data={"id": key})
            assert response.status_code in (400, 404), (path, page)


def test_a_record_whose_key_is_a_uuid_has_all_pages(admin: FlaskClient, rows: Session) -> None:
    assert admin.post("/admin/parcel/new/", data={"name": "First", "id": ""}).status_code == 302
    [parcel] = rows.scalars(sa.select(Parcel))
    assert listed(admin, "/admin/parcel/") == [str(parcel.id)]
    assert listed(admin, "/admin/parcel/", sort="-id") == [str(parcel.id)]
    asked = {"all": [["id", "in", [str(parcel.id), str(uuid.UUID(int=1))]]]}
    assert listed(admin, "/admin/parcel/", where=json.dumps(asked)) == [str(parcel.id)]
    assert "First" in page_of(admin, "/admin/parcel/details/", id=parcel.id)
    path = f"/admin/parcel/edit/?id={parcel.id}"
    assert admin.post(path, data={"name": "Second"}).status_code == 302
    found = admin.get("/admin/parcel/lookup/", query_string={"query": "seco"}).get_json()
    assert [option["id"] for option in found["results"]] == [str(parcel.id)]
    by_key = admin.get("/admin/parcel/lookup/", query_string={"query": str(parcel.id)}).get_json()
    assert [option["label"] for option in by_key["results"]] == ["Second"]
    assert "Second" in page_of(admin, "/admin/parcel/delete/", id=parcel.id)
    assert admin.post("/admin/parcel/delete/", data={"id": str(parcel.id)}).status_code == 302
    assert rows.scalars(sa.select(Parcel.name)).all() == []


def test_a_relation_follows_a_uuid(admin: FlaskClient, rows: Session, three: list[Everything]) -> None:
    parcel = Parcel(name="First")
    rows.add(parcel)
    rows.commit()
    record = three[1]
    path = f"{LIST}edit/?id={record.id}"
    sent = sent_by_browser(page_of(admin, path))
    for text, expected in ((str(parcel.id), parcel.id), ("", None), ("First", parcel.id)):
        assert admin.post(path, data=with_values(sent, {"parcel": text})).status_code == 302, text
        rows.expire_all()
        assert record.parcel_id == expected
    assert admin.post(path, data=with_values(sent, {"parcel": "Nowhere"})).status_code == 422
    asked = {"all": [["parcel", "in", [str(parcel.id)]]]}
    assert listed(admin, LIST, where=json.dumps(asked)) == [str(record.id)]
    assert re.search(r'class="value-link" href="[^"]*' + str(parcel.id), page_of(admin, LIST))


def test_dates_at_both_ends_of_the_calendar_are_listed_filtered_and_sorted(admin: FlaskClient, rows: Session) -> None:
    ends = [everything(date=day, moment=datetime(day.year, 6, 1, tzinfo=UTC)) for day in (date.min, date.max)]
    rows.add_all(ends)
    rows.commit()
    assert listed(admin, LIST, sort="date") == keys_in_order(ends)
    for name, operand in (("moment", "0001-06-01"), ("moment", "9999-06-01")):
        asked = {"all": [[name, "on", operand]]}
        assert len(listed(admin, LIST, where=json.dumps(asked))) == 1
    assert listed(admin, LIST, where=json.dumps({"all": [["moment", "on", "9999-12-31"]]})) == []
    assert keys(ends) == set(listed(admin, LIST))
