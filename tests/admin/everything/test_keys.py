"""Keys of every kind in addresses, crafted ones among them."""

from __future__ import annotations

import json
import uuid

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.admin.everything.shared import LIST, page_of
from tests.everything import Parcel
from tests.pages import confirm, field_value, listed

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")


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
    version = field_value(page_of(admin, path), "version")
    assert admin.post(path, data={"name": "Second", "version": version}).status_code == 302
    found = admin.get("/admin/parcel/lookup/", query_string={"query": "seco"}).get_json()
    assert [option["id"] for option in found["results"]] == [str(parcel.id)]
    by_key = admin.get("/admin/parcel/lookup/", query_string={"query": str(parcel.id)}).get_json()
    assert [option["label"] for option in by_key["results"]] == ["Second"]
    assert "Second" in page_of(admin, "/admin/parcel/delete/", id=parcel.id)
    assert confirm(admin, f"/admin/parcel/delete/?id={parcel.id}").status_code == 302
    assert rows.scalars(sa.select(Parcel.name)).all() == []
