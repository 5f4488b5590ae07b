"""Giving back what was handed over to others when its owner was deleted, once the owner is there again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import RelationshipDirection, RelationshipProperty, Session

from backoffice.database.attributes import attributes, version_attribute
from backoffice.database.keys import key_text, records_of
from backoffice.records.auditing import short_key
from backoffice.records.batches import Part
from backoffice.records.foreign_links import batches, remote_columns, value_of
from backoffice.records.linking import attach
from backoffice.records.snapshots import encode

Relation = RelationshipProperty[Any]


class HandedOver:
    """What the history tells of records that were led from owners of this model to others, found by the owner.

    Records whose foreign key was emptied are not among them: they are kept with what was deleted.
    """

    def __init__(self, session: Session, model: type[Any], parts: Iterable[Part]) -> None:
        self.session = session
        self.relations = [
            relation
            for relation in sa.inspect(model).relationships
            if relation.direction is RelationshipDirection.ONETOMANY
            and not relation.viewonly
            and attributes(relation.mapper.class_).keys() >= set(_columns(relation))
        ]
        self.parts: dict[tuple[str, tuple[Any, ...]], list[Part]] = defaultdict(list)
        for part in parts:
            for relation in self.relations:
                pairs = [part.changes.get(name, [None, None]) for name in _columns(relation)]
                if part.table_name == relation.mapper.local_table.name and all(after is not None for _, after in pairs):
                    self.parts[relation.key, tuple(before for before, _ in pairs)].append(part)

    def of(self, owner: Any) -> list[tuple[Relation, list[Part]]]:
        """What belonged to this owner, by relation."""
        found = []
        for relation in self.relations:
            far = attributes(relation.mapper.class_)
            values = [value_of(relation, owner, local) for local, _remote in relation.local_remote_pairs or []]
            columns = [far[name] for name in _columns(relation)]
            key = tuple(encode(column, value) for column, value in zip(columns, values, strict=True))
            if parts := self.parts.get((relation.key, key)):
                found.append((relation, parts))
        return found

    def give_back(self, owner: Any, relation: Relation, parts: Sequence[Part]) -> bool:
        """Lead those back to their owner that are as they were left; whether these were all."""
        far, whole = relation.mapper.class_, True
        rows = sa.select(far).with_for_update(of=far).execution_options(populate_existing=True)
        for some in batches(parts):
            left = {part.record_key: part for part in some}
            there = records_of(self.session, rows, far, list(left))
            ready = [record for record in there if _is_as_left(record, left[short_key(key_text(record))])]
            if ready:
                attach(self.session, owner, relation, ready)
            whole = whole and len(ready) == len(left)
        return whole


def _columns(relation: Relation) -> list[str]:
    """The foreign key's columns as the history calls them."""
    return [relation.mapper.get_property_by_column(remote).key for remote in remote_columns(relation)]


def _is_as_left(record: Any, part: Part) -> bool:
    """Whether nobody has touched it since: by its version, or by its values where it keeps none."""
    version = version_attribute(type(record))
    if version is not None and part.version is not None:
        return bool(getattr(record, version) == part.version)
    known = attributes(type(record))
    return all(
        encode(known[name], getattr(record, name)) == after
        for name, (_before, after) in part.changes.items()
        if name in known
    )
