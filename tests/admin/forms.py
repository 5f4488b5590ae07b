"""Forms made of single columns, filled in by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form

from backoffice.admin.fields import changes, field_for
from backoffice.database.attributes import attribute
from tests.everything import NEEDED, PLAIN, Everything

COLUMNS = [*PLAIN, *NEEDED]


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


def field_text(name: str, value: Any) -> str:
    form = form_of(Everything, name)(obj=record_with(**{name: value}))
    shown: str = form[name].shown(value)
    return shown
