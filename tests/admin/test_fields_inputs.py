"""Form fields: the input each kind gets, and what files, boxes, choices, relations and passwords do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import Form
from wtforms.validators import Email, InputRequired, Length

from backoffice.admin.fields import PasswordField, RelationField, ValueField, changes, field_for
from backoffice.database.attributes import Attribute, Kind, attribute, attributes
from backoffice.models import Article, Staff
from tests.admin.forms import COLUMNS, after, field_text, form_of, record_with, refused
from tests.everything import PLAIN, Everything


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
