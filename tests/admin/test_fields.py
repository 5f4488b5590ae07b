"""Form fields: each kind's input, what is refused, and that an untouched form changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
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
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import Form
from wtforms.validators import Email, InputRequired, Length

from backoffice.admin.fields import PasswordField, RelationField, ValueField, changed_value, changes, field_for
from backoffice.database.attributes import Attribute, Kind, attribute, attributes
from backoffice.models import Article, Staff
from tests.admin.browser import sent_by_browser
from tests.everything import NEEDED, PLAIN, Base, Colour, Everything, everything
from tests.factories import NOON

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite:sqlalchemy.exc.SAWarning")
COLUMNS = [*PLAIN, *NEEDED]
TYPED = [name for name in COLUMNS if not name.startswith(("pickle", "binary"))]


def form_of(model: type[Any], *names: str, **options: Any) -> type[Form]:
    fields = {name: field_for(attribute(model, name), label=name, **options) for name in names}
    return type("MadeForm", (Form,), fields)


def drawn(form: Form) -> str:
    return "".join(str(field()) for field in form)


def record_with(**values: Any) -> Any:
    return SimpleNamespace(**{**dict.fromkeys(COLUMNS), **NEEDED, **values})


def after(name: str, value: Any, text: str, **options: Any) -> dict[str, Any]:
    """What changes if `text` is sent for the column of a record that holds `value`."""
    record = record_with(**{name: value})
    form = form_of(Everything, name, **options)(MultiDict({name: text}), obj=record)
    assert form.validate(), form.errors
    return changes(form, record)


def refused(name: str, text: str, record: Any | None = None, **options: Any) -> str:
    form = form_of(Everything, name, **options)(MultiDict({name: text}), obj=record)
    assert not form.validate()
    assert form[name]._value() == text
    return " ".join(map(str, form[name].errors))


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


def field_text(name: str, value: Any) -> str:
    form = form_of(Everything, name)(obj=record_with(**{name: value}))
    shown: str = form[name].shown(value)
    return shown


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


def test_a_box_shows_what_the_database_would_choose() -> None:
    made_form = form_of(Staff, "active", "must_change_password")
    assert "checked" in str(made_form()["active"]())
    assert "checked" not in str(made_form()["must_change_password"]())
    form = made_form(MultiDict([("active", "false")]))
    assert changes(form, None) == {"active": False}


def test_a_box_counts_its_last_input_and_is_left_alone_where_it_is_absent() -> None:
    made_form = form_of(Everything, "boolean_needed")
    record = record_with(boolean_needed=False)
    ticked = made_form(MultiDict([("boolean_needed", "false"), ("boolean_needed", "true")]), obj=record)
    assert changes(ticked, record) == {"boolean_needed": True}
    record = record_with(boolean_needed=True)
    unticked = made_form(MultiDict([("boolean_needed", "false")]), obj=record)
    assert changes(unticked, record) == {"boolean_needed": False}
    absent = made_form(MultiDict({"other": "1"}), obj=record)
    assert changes(absent, record) == {}


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


def test_declared_checks_hold_for_what_was_changed_and_not_for_what_was_emptied() -> None:
    options = {"validators": [Email(message="no address")]}
    assert refused("string", "nobody", record_with(string="a@b.example"), **options) == "no address"
    assert after("string", "a@b.example", "", **options) == {"string": None}
    demanded = form_of(Everything, "string", validators=[InputRequired()])(MultiDict({"string": ""}))
    assert not demanded.validate()


def test_inputs_suit_their_kinds() -> None:
    form = form_of(Everything, *COLUMNS)(obj=record_with(**PLAIN))
    assert {field.kind for field in form} == {*Kind} - {Kind.ONE, Kind.MANY}
    assert 'inputmode="numeric"' in str(form["integer"]())
    assert 'type="text"' in str(form["double"]())
    assert 'type="date"' in str(form["date"]())
    assert 'type="time"' in str(form["time"]())
    assert 'type="datetime-local"' in str(form["moment"]())
    assert str(form["colour"]()).count("<option") == 3
    assert str(form["colour_needed"]()).count("<option") == 2
    assert str(form["boolean"]()).count("<option") == 3
    assert str(form["text"]()).startswith("<textarea")
    assert str(form["string"]()).startswith("<input")
    assert "style=" not in "".join(str(field()) for field in form)


def test_pickers_get_only_what_browsers_can_hold() -> None:
    made_form = form_of(Everything, "moment")
    for microsecond, shown, step in (
        (0, "18:30:00", "1"),
        (5, "18:30:00.000", "0.001"),
        (123_456, "18:30:00.123", "0.001"),
    ):
        moment = datetime(2026, 1, 31, 18, 30, 0, microsecond, tzinfo=UTC)
        html = str(made_form(obj=record_with(moment=moment))["moment"]())
        assert f'value="2026-01-31T{shown}"' in html
        assert f'step="{step}"' in html
    assert made_form()["moment"].in_utc
    assert not form_of(Everything, "naive")()["naive"].in_utc
    wrong = made_form(MultiDict({"moment": "tomorrow"}))
    assert 'type="text"' in str(wrong["moment"]())
    strange = form_of(Everything, "date")(obj=record_with(date="0000-00-00"))
    assert 'type="text"' in str(strange["date"]())


def test_a_line_end_in_a_short_text_gets_a_larger_input() -> None:
    form = form_of(Everything, "string")(obj=record_with(string="a\nb"))
    assert form["string"].multiline
    assert str(form["string"]()).startswith("<textarea")


def test_declared_choices_make_a_select_of_the_columns_own_values() -> None:
    options = {"choices": [("1", "One"), (2, "Two"), "3"]}
    assert after("integer", 1, "2", **options) == {"integer": 2}
    assert refused("integer", "4", **options) == "“4” is not one of the choices."
    stored = form_of(Everything, "integer", **options)(obj=record_with(integer=9))
    assert str(stored["integer"]()).count("<option") == 5
    assert stored["integer"]._value() == "9"
    assert after("integer", 9, "9", **options) == {}
    late = form_of(Everything, "integer", choices=lambda: ["7"])(MultiDict({"integer": "7"}))
    assert late.validate()


def test_choices_are_escaped() -> None:
    form = form_of(Everything, "string", choices=[('"><script>', "<script>")])()
    assert "<script>" not in str(form["string"]())


def test_what_only_programs_make_is_shown_and_never_read() -> None:
    record = record_with(pickle={1})
    form = form_of(Everything, "pickle", "pickle_needed")(MultiDict({"pickle": "cos\nsystem\n"}), obj=record)
    assert form["pickle"]._value() == "set"
    assert "readonly" in str(form["pickle"]())
    assert form.validate()
    assert changes(form, record) == {}
    assert "pickle" not in changes(form, None)


def file(content: bytes, name: str = "a.bin") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


def test_a_file_is_taken_kept_and_removed() -> None:
    made_form = form_of(Everything, "binary")
    record = record_with(binary=b"old")
    assert made_form(obj=record)["binary"].current_text == "3 bytes"
    assert made_form(obj=record)["binary"].removable
    cases: list[tuple[list[tuple[str, Any]], dict[str, Any]]] = [
        ([("binary", file(b"new"))], {"binary": b"new"}),
        ([("binary", file(b""))], {"binary": b""}),
        ([("binary", file(b"", name=""))], {}),
        ([("binary", "b'typed'")], {}),
        ([("other", "1")], {}),
        ([("binary__remove", "true")], {"binary": None}),
        ([("binary", file(b"", name="")), ("binary__remove", "true")], {"binary": None}),
        ([("binary", file(b"new")), ("binary__remove", "true")], {"binary": b"new"}),
        ([("binary", file(b"old"))], {}),
    ]
    for sent, changed in cases:
        form = made_form(MultiDict(sent), obj=record)
        assert form.validate(), form.errors
        assert changes(form, record) == changed
    assert "b'" not in str(made_form(obj=record)["binary"]())


def test_a_file_that_is_needed_cannot_be_removed_and_one_too_large_is_refused() -> None:
    made_form = form_of(Everything, "binary_needed")
    record = record_with()
    assert not made_form(obj=record)["binary_needed"].removable
    form = made_form(MultiDict({"binary_needed__remove": "true"}), obj=record)
    assert changes(form, record) == {}
    large = made_form(MultiDict({"binary_needed": file(b"x" * 65_536)}), obj=record)
    assert not large.validate()
    assert "65535" in str(large["binary_needed"].errors)


class Person:
    """A record to relate to."""

    def __init__(self, key: int, name: str) -> None:
        self.key, self.name = key, name


ADA, BOB = Person(5, "ada"), Person(6, "bob")


def relation(*, nullable: bool = True) -> type[Form]:
    by_text = {**{str(p.key): p for p in (ADA, BOB)}, **{p.name: p for p in (ADA, BOB)}}
    field = RelationField(
        "User", load=by_text.get, key_of=lambda p: str(p.key), label_of=lambda p: p.name, nullable=nullable
    )
    return type("RelationForm", (Form,), {"user": field})


@pytest.mark.parametrize(
    ("text", "changed"),
    [("5", {}), (" 5 ", {}), ("ada", {}), ("6", {"user": BOB}), ("bob", {"user": BOB}), ("", {"user": None})],
)
def test_a_relation_takes_a_key_or_an_exact_name(text: str, changed: dict[str, Any]) -> None:
    record = SimpleNamespace(user=ADA)
    form = relation()(MultiDict({"user": text}), obj=record)
    assert form.validate()
    assert changes(form, record) == changed


def test_a_relation_shows_key_and_name_and_keeps_what_could_not_be_found() -> None:
    record = SimpleNamespace(user=ADA)
    shown = relation()(obj=record)["user"]
    assert (shown.data_key, shown.data_label, shown.nullable) == ("5", "ada", True)
    form = relation()(MultiDict({"user": "xyz"}), obj=record)
    assert not form.validate()
    assert form["user"].errors == ["No user “xyz” was found. Choose one from the list."]
    assert (form["user"].data_key, form["user"].data_label) == ("xyz", "xyz")
    assert 'value="xyz"' in str(form["user"]())


def test_a_relation_that_is_needed_is_asked_for() -> None:
    for obj in (None, SimpleNamespace(user=ADA)):
        form = relation(nullable=False)(MultiDict({"user": " "}), obj=obj)
        assert not form.validate()
        assert form["user"].errors == ["This field is required."]
    absent = relation(nullable=False)(MultiDict({"x": "1"}), obj=SimpleNamespace(user=ADA))
    assert absent.validate()


def test_a_password_goes_in_and_never_comes_out() -> None:
    made_form = type("PasswordForm", (Form,), {"password": PasswordField("Password", validators=[Length(min=8)])})
    record = SimpleNamespace(password="old secret")
    assert "secret" not in str(made_form(obj=record)["password"]())
    kept = made_form(MultiDict({"password": ""}), obj=record)
    assert kept.validate()
    assert changes(kept, record) == {}
    short = made_form(MultiDict({"password": "short"}), obj=record)
    assert not short.validate()
    assert "short" not in str(short["password"]())
    new = made_form(MultiDict({"password": " a new secret "}), obj=record)
    assert new.validate()
    assert changes(new, record) == {"password": " a new secret "}


def test_relations_to_many_computed_columns_and_the_version_have_no_field() -> None:
    names = [a.name for a in attributes(Article).values() if field_for(a, label=a.name) is not None]
    assert "version" not in names
    assert "users" not in names
    assert "title" in names
    assert field_for(attribute(Article, "published"), label="Published") is None


def test_every_column_of_every_type_has_a_field() -> None:
    made: list[Attribute] = [a for a in attributes(Everything).values() if a.kind is not Kind.ONE]
    fields: list[Callable[..., Any]] = [field_for(a, label=a.name).field_class for a in made]
    assert all(issubclass(field, ValueField) for field in fields)


def test_json_of_a_record_is_spread_over_lines() -> None:
    text = field_text("json", {"三": [1, {"a": None}]})
    assert text.count("\n") > 3
    assert json.loads(text) == {"三": [1, {"a": None}]}
