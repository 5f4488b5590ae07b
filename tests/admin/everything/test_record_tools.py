"""A record of every column type as JSON, and as the beginning of another."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.admin.everything.shared import COLUMNS, page_of
from tests.everything import OTHER, PLAIN, Everything, Parcel, everything
from tests.pages import field_value

AS_JSON: dict[str, Any] = {
    "integer": 5, "small": -6, "big": 2**40, "string": "Ada", "text": "one\ntwo", "date": "2026-01-31",
    "time": "18:30:00", "naive": "2026-01-31T18:30:00", "moment": "2026-01-31T18:30:00Z", "interval": "1 02:00:00",
    "float": 1.5, "double": 0.1, "numeric": "12.500", "boolean": True, "colour": "DEEP_BLUE", "state": "draft",
    "json": {"a": [1, "二"]}, "uuid": "00000000-0000-0000-0000-000000000007", "pickle": "(set)", "binary": {"bytes": 2},
}  # fmt: skip


def json_of(admin: FlaskClient, record: Any, endpoint: str = "everything") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page_of(admin, f"/admin/{endpoint}/json/?id={record.id}"))
    return found


def test_every_column_has_its_json(admin: FlaskClient, rows: Session, three: list[Everything]) -> None:
    empty, plain, other = three
    parcel = Parcel(name="Box")
    rows.add(parcel)
    rows.flush()
    plain.parcel_id = parcel.id
    rows.commit()
    found = json_of(admin, plain)
    assert {name: found[name] for name in PLAIN} == AS_JSON
    assert found["parcel"] == {"key": str(parcel.id), "label": "Box"}
    assert set(found) >= {"id", *COLUMNS, "parcel"}
    nothing = json_of(admin, empty)
    assert {nothing[name] for name in (*PLAIN, "parcel")} == {None}
    assert json_of(admin, other)["text"] == OTHER["text"]
    assert json_of(admin, parcel, "parcel") == {"id": str(parcel.id), "name": "Box"}


def test_numbers_that_json_lacks_are_texts(admin: FlaskClient, rows: Session, backend: str) -> None:
    if backend == "mysql":
        return  # it keeps none of them
    record = everything(double=float("inf"))
    rows.add(record)
    rows.commit()
    assert json_of(admin, record)["double"] == "inf"


def test_every_type_begins_a_copy_but_files_and_what_is_never_read(
    admin: FlaskClient, rows: Session, three: list[Everything]
) -> None:
    plain = three[1]
    edit = page_of(admin, f"/admin/everything/edit/?id={plain.id}")
    copy = page_of(admin, f"/admin/everything/new/?copy={plain.id}")
    shown = [name for name in COLUMNS if not name.startswith(("pickle", "binary", "boolean", "colour", "state"))]
    assert {name: field_value(copy, name) for name in shown} == {name: field_value(edit, name) for name in shown}
    assert "Not copied: Pickle, Binary, Binary needed" in copy.replace("Pickle, Pickle needed", "Pickle")
    assert "2 bytes" not in copy
    parcel = Parcel(name="Red box")
    rows.add(parcel)
    rows.commit()
    assert field_value(page_of(admin, f"/admin/parcel/new/?copy={parcel.id}"), "name") == "Red box (copy)"
