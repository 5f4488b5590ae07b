"""Every type listed, filtered, sorted, searched and exported."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.database.attributes import Kind, attribute
from backoffice.database.operators import operators_of
from backoffice.database.values import print_value
from tests.admin.everything.shared import BARE, COLUMNS, LIST, keys, keys_in_order, page_of
from tests.everything import OTHER, PLAIN, Everything, everything
from tests.pages import listed, row_keys

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")


def test_the_list_and_the_details_show_every_type(admin: FlaskClient, three: list[Everything]) -> None:
    page = page_of(admin, LIST)
    assert row_keys(page) == [str(record.id) for record in reversed(three)]
    for shown in ("value-null", "kind-number", "value-json", "value-binary", "value-opaque", "<time datetime="):
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
    # The only period asked for here has no ends.
    "during": lambda _value, _operand: True,
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
    if operator == "during":
        return operator, ["last 9999 years"]
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


def test_json_is_searched_as_text_and_either_null_is_found(
    admin: FlaskClient, rows: Session, three: list[Everything]
) -> None:
    null_of_json = everything(json=sa.JSON.NULL)
    rows.add(null_of_json)
    rows.commit()
    nothing, plain, other, null = keys_in_order([*three, null_of_json])
    for condition, expected in (
        (["json", "null"], [null, nothing]),
        (["json", "not_null"], [other, plain]),
        (["json", "contains", '"a"'], [plain]),
        (["json", "contains", "[]"], [other]),
        (["json", "not_contains", "1"], [null, other, nothing]),
    ):
        assert listed(admin, LIST, where=json.dumps({"all": [condition]})) == expected, condition


WRONG = ["abc", "99999999999999999999999", "0000-00-00", "\ud800", "\0", None, [], 1e400]


def test_operands_no_column_can_hold_are_refused_in_words(admin: FlaskClient, three: list[Everything]) -> None:
    assert three
    for name in PLAIN:
        operators = operators_of(attribute(Everything, name))
        asked = {operators[0], "greater"} & {*operators}
        for operand, operator in itertools.product(WRONG, asked):
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
