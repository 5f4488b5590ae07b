"""Form fields: what is read, what is refused, and that an untouched form changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import Length

from backoffice.admin.fields import changed_value, changes, field_for
from backoffice.database.attributes import attribute
from backoffice.models import Article
from tests.admin.browser import sent_by_browser
from tests.admin.forms import COLUMNS, after, drawn, field_text, form_of, record_with, refused
from tests.everything import PLAIN, Base, Colour, Everything, everything
from tests.factories import NOON

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")


TYPED = [name for name in COLUMNS if not name.startswith(("pickle", "binary"))]


EDGES: dict[str, list[Any]] = {
    "integer": [0, -(2**31), 2**31 - 1],
    "small": [-(2**15)],
    "big": [2**63 - 1, -(2**63)],
    "string": ["", " ", " a ", "a\nb", "\ra", "三体 😀", "\"<&'", "null"],
    "text": ["", "\n", "\r\n", "a\r\nb", "a\nb\n", "\n\na", "a\rb", "  ", "😀", "</textarea>"],
    "date": [date(1, 1, 1), date(9999, 12, 31)],
    "time": [time(0), time(23, 59, 59)],
    "naive": [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)],  # noqa: DTZ001 - the column keeps no zone
    "moment": [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 31, 18, 30, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
    "interval": [timedelta(0), timedelta(seconds=-1), timedelta(days=-1, hours=3), timedelta(days=2_932_896)],
    "float": [0.0, -1.5, 3.0e38],
    "double": [0.1 + 0.2, 5e-324, 1.7976931348623157e308, 1e16],
    "numeric": [Decimal("-0.00"), Decimal("0.5"), Decimal("999999999.999")],
    "boolean": [True, False],
    "colour": list(Colour),
    "state": ["done"],
    "json": [[], 0, False, "", {}, 1.0, "null", {"三": [None, 1e300]}, [[]], "a\nb"],
    "uuid": [],
    "pickle": [None, [], {"a": {1}}],
    "binary": [b"", b"a\r\nb"],
}


@pytest.fixture
def table(app: Flask, session: Session) -> Iterator[None]:
    """The table of everything, for one test."""
    engine = session.get_bind()
    Base.metadata.create_all(engine)
    yield
    session.close()
    Base.metadata.drop_all(engine)
    # A connection may hold a statement prepared for this table, and PostgreSQL refuses it for the next one.
    engine.dispose()


def stored_row(session: Session, record_id: int) -> tuple[Any, ...]:
    """The row as the database has it: SQL NULL and JSON's null differ, and so do all texts of one value."""
    columns = Everything.__table__.columns
    raw = [sa.cast(c, sa.Text) if isinstance(c.type, sa.JSON) else c for c in columns]
    return tuple(session.execute(sa.select(*raw).where(columns.id == record_id)).one())


@pytest.mark.usefixtures("table")
def test_an_untouched_form_changes_nothing_whatever_the_record_holds(app: Flask, session: Session) -> None:
    records = [everything(), everything(**PLAIN), everything(json=sa.null(), json_needed=sa.JSON.NULL)]
    for name, edges in EDGES.items():
        records += [everything(**{name: edge, f"{name}_needed": edge}) for edge in edges if edge is not None]
    session.add_all(records)
    session.commit()
    made_form = form_of(Everything, *COLUMNS)
    for record in records:
        before = stored_row(session, record.id)
        with app.test_request_context():
            sent = sent_by_browser(drawn(made_form(obj=record)))
            form = made_form(sent, obj=record)
            assert form.validate(), form.errors
            assert changes(form, record) == {}
            form.populate_obj(record)
        assert not session.dirty
        session.commit()
        assert stored_row(session, record.id) == before


@pytest.mark.usefixtures("table")
def test_every_value_that_can_be_typed_is_kept_by_every_database(app: Flask, session: Session) -> None:
    record = everything()
    session.add(record)
    session.commit()
    for name in (name for name in TYPED if not name.endswith("_needed")):
        for value in (PLAIN[name], *EDGES[name]):
            text = field_text(name, value)
            with app.test_request_context():
                form = form_of(Everything, name)(MultiDict({name: text}), obj=record)
                assert form.validate(), (name, text, form.errors)
                for changed, new in changes(form, record).items():
                    setattr(record, changed, new)
            session.commit()
            assert getattr(record, name) == form[name].data or text in ("", '""'), (name, text)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30), multiline=st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_survives_a_browser(text: str, multiline: bool) -> None:
    name = "text" if multiline else "string"
    record = record_with(**{name: text})
    made_form = form_of(Everything, name)
    form = made_form(sent_by_browser(drawn(made_form(obj=record))), obj=record)
    assert changes(form, record) == {}


def test_a_field_that_was_not_sent_stays_as_it_is() -> None:
    record = record_with(**PLAIN)
    form = form_of(Everything, *COLUMNS)(MultiDict({"unrelated": "1"}), obj=record)
    assert form.validate(), form.errors
    assert changes(form, record) == {}


def test_only_changed_attributes_are_named_in_the_forms_order() -> None:
    record = record_with(integer=1, string="a", boolean=None)
    form = form_of(Everything, "string", "boolean", "integer")(
        MultiDict({"integer": "2", "boolean": "false", "string": "a"}), obj=record
    )
    assert form.validate()
    assert list(changes(form, record).items()) == [("boolean", False), ("integer", 2)]
    assert changed_value(form["integer"], record)
    assert not changed_value(form["string"], record)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("numeric", Decimal("1.500"), "1.5"),
        ("integer", 5, " 5 "),
        ("time", time(18, 30), "18:30"),
        ("time", time(18, 30, 0, 1), "18:30"),
        ("naive", datetime(2026, 1, 31, 18, 30), "2026-01-31T18:30"),  # noqa: DTZ001 - the column keeps no zone
        ("moment", datetime(2026, 1, 31, 18, 30, 0, 123, tzinfo=UTC), "2026-01-31T18:30:00"),
        ("json", {"a": [1, 2]}, '{"a":[1,2]}'),
        ("uuid", PLAIN["uuid"], "00000000000000000000000000000007"),
        ("boolean", None, ""),
        ("string", None, ""),
        ("string", "", ""),
        ("text", "a\r\nb\nc\r", "a\nb\r\nc\n"),
        ("interval", timedelta(hours=26), "26:00"),
    ],
)
def test_another_writing_of_the_present_value_is_no_change(name: str, value: Any, text: str) -> None:
    assert after(name, value, text) == {}


@pytest.mark.parametrize(
    ("name", "value", "text", "new"),
    [
        ("string", "a", "", None),
        ("string", None, "a", "a"),
        ("text", "a", "x\r\ny\rz", "x\ny\nz"),
        ("text_needed", "a", "b ", "b "),
        ("integer", 5, "", None),
        ("boolean", True, "", None),
        ("boolean", None, "false", False),
        ("json", 1, "true", True),
        ("json", True, "1", 1),
        ("json", 1, "1.0", 1.0),
        ("json", [], "null", sa.JSON.NULL),
        ("json", None, "null", sa.JSON.NULL),
        ("colour", None, "RED", Colour.RED),
        ("moment", NOON.replace(microsecond=7), "2026-01-15T12:01", NOON.replace(minute=1)),
    ],
)
def test_a_new_value_is_read(name: str, value: Any, text: str, new: Any) -> None:
    found = after(name, value, text)[name]
    assert (found, type(found)) == (new, type(new))


def test_emptied_json_becomes_sql_null_not_jsons() -> None:
    assert isinstance(after("json", [1], "")["json"], sa.sql.elements.Null)


def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_stays() -> None:
    assert refused("integer", "abc", record_with(integer=5)) == "“abc” is not a whole number."
    assert "2147483647" in refused("integer", "2147483648")
    assert "JSON" in refused("json", "{", record_with(json={}))
    assert "80" in refused("string", "x" * 81)
    assert "year" not in refused("date", "0000-00-00")


@pytest.mark.parametrize("name", [n for n in TYPED if n.endswith("_needed") and not n.startswith("boolean")])
def test_what_may_not_be_null_is_asked_for(name: str) -> None:
    assert refused(name, "") == "This field is required."
    assert refused(name, "", record_with()) == "This field is required."
    assert form_of(Everything, name)()[name].flags.required


def test_a_new_record_has_to_be_given_what_it_needs() -> None:
    form = form_of(Everything, "integer_needed", "boolean_needed", "binary_needed")(MultiDict({"x": "1"}))
    assert not form.validate()
    assert set(form.errors) == {"integer_needed", "binary_needed"}
    assert changes(form, None)["boolean_needed"] is False


def test_a_new_record_leaves_defaults_to_the_model() -> None:
    made_form = form_of(Article, "title", "content", "created_at", "published_at")
    blank = made_form()
    assert blank["content"]._value() == ""
    assert blank["created_at"]._value() == ""
    form = made_form(MultiDict({"title": "T", "content": "", "created_at": "", "published_at": ""}))
    assert form.validate(), form.errors
    assert changes(form, None) == {"title": "T"}


def test_text_that_may_be_empty_is_told_from_null() -> None:
    content = attribute(Article, "content")
    made_form = type("ContentForm", (Form,), {"content": field_for(content, label="Content")})
    record = SimpleNamespace(content="old")
    form = made_form(MultiDict({"content": ""}), obj=record)
    assert form.validate()
    assert changes(form, record) == {"content": ""}


def test_a_value_that_older_rules_let_in_can_stay() -> None:
    record = record_with(string_needed="", string="x" * 200, integer_needed=2**40)
    made_form = form_of(Everything, "string_needed", "string", "integer_needed", validators=[Length(max=5)])
    form = made_form(sent_by_browser(drawn(made_form(obj=record))), obj=record)
    assert form.validate(), form.errors
    assert changes(form, record) == {}
