"""A record's values as JSON keeps them, to be compared, shown and put back: canonical texts, and None for none."""

from __future__ import annotations

import base64
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import ColumnProperty, Mapper

from backoffice.database.attributes import Attribute, Kind, attributes, is_secret, version_attribute
from backoffice.database.values import parse_value, print_value
from backoffice.models import Timestamped

# What a history may tell of a secret: that it is there.
HIDDEN = {"hidden": True}


def encode(found: Attribute, value: Any) -> Any:
    """A column's value for JSON; `decode` gives it back, save for secrets and what only a program can make."""
    if value is None:
        return None
    if is_secret(found):
        return HIDDEN
    if found.kind is Kind.BINARY:
        return {"base64": base64.b64encode(value).decode()}
    if found.kind is Kind.OPAQUE:
        return {"opaque": type(value).__name__}
    return print_value(found, value)


def decode(found: Attribute, kept: Any) -> Any:
    """The value that `encode` kept; LookupError for one whose value is not kept."""
    if kept is None:
        return sa.null() if found.kind is Kind.JSON else None
    if isinstance(kept, dict):
        if "base64" not in kept:
            raise LookupError(f"the value of {found.name} is not kept")
        return base64.b64decode(kept["base64"])
    return kept if found.kind is Kind.TEXT else parse_value(found, kept)


def audited_columns(model: type[Any], *, changed: bool) -> dict[str, Attribute]:
    """The columns whose values a history keeps; of a change not those that change with every one."""
    left_out = set(getattr(model, "__unaudited__", ()))
    if changed:
        left_out |= {version_attribute(model) or ""}
        left_out |= {"created_at", "updated_at"} if issubclass(model, Timestamped) else set()
    mapper: Mapper[Any] = sa.inspect(model)
    return {
        name: found
        for name, found in attributes(model).items()
        if isinstance(mapper.attrs.get(name), ColumnProperty) and name not in left_out
    }


def values_of(record: Any) -> dict[str, Any]:
    """All that a record holds now, without what is None; values the database has not been asked for are loaded."""
    columns = audited_columns(type(record), changed=False)
    found = {name: encode(column, getattr(record, name)) for name, column in columns.items()}
    return {name: value for name, value in found.items() if value is not None}
