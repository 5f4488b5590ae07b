"""Setting columns of many records to the same values, by one statement for thousands of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from backoffice.database.attributes import Attribute, Kind, attribute, attributes, primary_key, version_attribute
from backoffice.database.keys import has_key_of_many, print_key
from backoffice.models.searchable import is_searchable
from backoffice.records.auditing import NOTED, is_audited, note_batch
from backoffice.records.batches import Rows, can_be_packed
from backoffice.records.bulk.change import Change, Target
from backoffice.records.jobs.tasks import Tally
from backoffice.records.snapshots import encode

# No record of the session is looked at, and a batch tells of the change.
AS_ONE: Any = {"synchronize_session": False, **NOTED}


class SetValues(Change):
    """Sets columns, and relations to one, to these values; `only` says which rows need it, the others stay."""

    # A chunk costs as much by itself as a few hundred rows do.
    first = 1000
    most = 5000

    def __init__(self, model: type[Any], values: Mapping[str, Any], only: sa.ColumnElement[bool] | None = None) -> None:
        self.values, self.only = dict(values), only
        self.columns = {found: value for name, v in values.items() for found, value in columns_of(model, name, v)}

    @staticmethod
    def can_set(model: type[Any], name: str) -> bool:
        """Whether a statement alone can set it: nothing else has to be made from it, record by record."""
        return not (is_searchable(model) and name in model.__search__)

    def unchanged(self) -> sa.ColumnElement[bool] | None:
        """The rows that hold these values already, or do not need them."""
        same = sa.and_(*(_same(found, value) for found, value in self.columns.items()))
        if self.only is None:
            return same
        return sa.or_(same, sa.not_(sa.func.coalesce(self.only, sa.false())))

    def after(self, _record: Any) -> dict[str, Any]:
        """The values."""
        return dict(self.values)

    def run(self, target: Target, texts: Sequence[str]) -> Tally:
        """Lock and read the rows, set those that differ by one statement, and write down what they were."""
        tally, keys = Tally(), target.parsed(texts)
        rows = self._read(target, list(keys.values())) if keys else []
        width = len(primary_key(target.model))
        found = {print_key(target.model, row[:width]) for row in rows} if len(rows) < len(texts) else set(texts)
        wanted = list(self.columns.values())
        needing = [row for row in rows if row.needs and list(row[width + 2 :]) != wanted]
        tally.changed, tally.unchanged = len(needing), len(rows) - len(needing)
        if needing:
            self._update(target, [tuple(row[:width]) for row in needing])
            if is_audited(target.model):
                note_batch(target.session, "update", target.model, self._noted(target.model, needing, width))
        target.leave(tally, [text for text in texts if text not in found])
        return tally

    def _read(self, target: Target, keys: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
        """Key, version, whether it needs the change, and the columns as they are."""
        version = version_attribute(target.model)
        counted = getattr(target.model, version) if version else sa.null()
        columns = [
            *(part.expression for part in primary_key(target.model)),
            counted.label("version"),
            (sa.true() if self.only is None else self.only).label("needs"),
            *(found.expression for found in self.columns),
        ]
        statement = target.these(keys).with_only_columns(*columns, maintain_column_froms=True)
        return target.session.execute(statement).all()

    def _update(self, target: Target, keys: Sequence[tuple[Any, ...]]) -> None:
        model, version = target.model, version_attribute(target.model)
        values: dict[Any, Any] = {found.expression: value for found, value in self.columns.items()}
        if version:
            values[getattr(model, version)] = getattr(model, version) + 1
        statement = sa.update(model).where(has_key_of_many(model, keys)).values(values)
        target.session.execute(statement, execution_options=AS_ONE)

    def _noted(self, model: type[Any], rows: Sequence[Any], width: int) -> Rows:
        plain = can_be_packed(model)
        return Rows(
            keys=[row[0] if plain else print_key(model, row[:width]) for row in rows],
            versions=[None if row.version is None else row.version + 1 for row in rows],
            before={
                found.name: [encode(found, row[width + 2 + place]) for row in rows]
                for place, found in enumerate(self.columns)
            },
            after={found.name: encode(found, value) for found, value in self.columns.items()},
        )


def _same(found: Attribute, value: Any) -> sa.ColumnElement[bool]:
    same: sa.ColumnElement[bool] = found.expression.is_not_distinct_from(value)
    return same


def columns_of(model: type[Any], name: str, value: Any) -> list[tuple[Attribute, Any]]:
    """The column that a name stands for, or those that its relation follows, with what they are to hold."""
    found = attribute(model, name)
    if found.kind is not Kind.ONE or found.relationship is None:
        return [(found, value)]
    mapper, known = sa.inspect(model), attributes(model)
    pairs = found.relationship.local_remote_pairs or []
    return [
        (
            known[mapper.get_property_by_column(local).key],
            None if value is None else getattr(value, found.relationship.mapper.get_property_by_column(remote).key),
        )
        for local, remote in pairs
    ]
