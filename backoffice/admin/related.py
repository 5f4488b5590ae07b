"""The other end of a relation: who may read it, and which record is meant by what was typed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import RelationshipProperty

from backoffice.admin.base import BaseRecordView, view_for
from backoffice.database.attributes import Attribute, Kind, attributes
from backoffice.database.keys import has_key, parse_key
from backoffice.database.reading import checked
from backoffice.errors import BadInput


def link_view(relation: RelationshipProperty[Any] | None) -> BaseRecordView | None:
    """The view of the table that links both ends of a relation to many, if it has one."""
    if relation is None or relation.secondary is None:
        return None
    views = current_app.extensions["admin"][0]._views
    return next((v for v in views if isinstance(v, BaseRecordView) and v.model.__table__ is relation.secondary), None)


def may_read(found: Attribute) -> bool:
    """Whether this person may read what stands at the end of an attribute's relations, and the links to it."""
    relations: list[Any] = [step.property for step in found.path]
    relations += [found.relationship] if found.relationship else []
    views = [view for r in relations for view in (view_for(r.mapper.class_), link_view(r)) if view is not None]
    return all(view.may("read") for view in views)


def find_related(model: type[Any], text: str) -> Any | None:
    """The record a relation field means: by its key, or by the exact text of a column that only one record has."""
    view = view_for(model)
    if view is None or not view.may("read"):
        return None
    try:
        key = parse_key(model, checked(text))
    except BadInput:
        return None
    for condition in ([has_key(model, [key])] if key else []) + _by_name(view, text):
        found = view.db_session.scalars(view.get_query().where(condition).limit(2)).all()
        if len(found) == 1:
            return found[0]
    return None


def naming_columns(view: BaseRecordView) -> list[Attribute]:
    """The columns whose whole text names a record: the unique ones, or else those that are searched."""
    unique = [a for a in attributes(view.model).values() if a.unique]
    return [a for a in unique or view.vocabulary.searchable.values() if a.kind is Kind.TEXT and not a.path]


def _by_name(view: BaseRecordView, text: str) -> list[sa.ColumnElement[bool]]:
    """Those columns as a condition on this very text."""
    names = naming_columns(view)
    return [sa.or_(*(a.expression == text for a in names))] if names else []
