"""Which records the rows of a file are about: those that hold the same in the columns that tell a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from unicodedata import combining, normalize

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import Attribute, primary_key
from backoffice.database.keys import has_key, hold_one_of
from backoffice.database.limits import MYSQL
from backoffice.records.snapshots import encode

Values = tuple[Any, ...]


class Matcher:
    """Finds the records of `scope` whose `columns` together hold given values, a statement for a whole chunk."""

    def __init__(self, session: Session, scope: sa.Select[Any], model: type[Any], columns: Sequence[Attribute]) -> None:
        self.session, self.scope, self.model, self.columns = session, scope, model, columns
        self.folds = session.get_bind().dialect.name in MYSQL

    def find(self, wanted: Mapping[int, Values]) -> dict[int, list[Any]]:
        """For each number the records that hold its values: one where it is told, two of those where several do."""
        if not wanted:
            return {}
        expressions = [column.expression for column in self.columns]
        most = 2 * len(wanted) + 100
        asked = self.scope.where(hold_one_of(expressions, list(dict.fromkeys(wanted.values())))).order_by(None)
        records = self.session.scalars(asked.limit(most)).unique().all()
        if len(records) >= most:
            # Values that very many bear: each by itself.
            return {number: self._bearing(values) for number, values in wanted.items()}
        found: dict[int, list[Any]] = {}
        by_values: dict[Values, list[Any]] = {}
        for record in records:
            held = self.written([getattr(record, column.name) for column in self.columns])
            by_values.setdefault(held, []).append(record)
        for number, values in wanted.items():
            found[number] = by_values.get(self.written(values), [])
        if self.folds:
            found |= self._folded({n: v for n, v in wanted.items() if not found[n]}, records)
        return found

    def written(self, values: Sequence[Any]) -> Values:
        """The values as texts, by which they are compared."""
        return tuple(str(encode(column, value)) for column, value in zip(self.columns, values, strict=True))

    def digest(self, values: Sequence[Any]) -> str:
        """The same, short: what tells a row of a file from the others."""
        told = self.written(values)
        if self.folds:
            told = tuple(_plain(text) if isinstance(v, str) else text for v, text in zip(values, told, strict=True))
        return sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()

    def _bearing(self, values: Values) -> list[Any]:
        same = sa.and_(*(column.expression == value for column, value in zip(self.columns, values, strict=True)))
        return list(self.session.scalars(self.scope.where(same).order_by(None).limit(2)).unique())

    def _folded(self, wanted: Mapping[int, Values], records: Sequence[Any]) -> dict[int, list[Any]]:
        """What a database that holds `A` and `a` to be equal finds besides: it alone knows its collation."""
        if not wanted or not records:
            return {}
        whens = [
            (sa.and_(*(c.expression == value for c, value in zip(self.columns, values, strict=True))), number)
            for number, values in wanted.items()
        ]
        key = [part.expression for part in primary_key(self.model)]
        by_key = {tuple(sa.inspect(record).identity): record for record in records}
        asked = sa.select(*key, sa.case(*whens, else_=-1)).where(has_key(self.model, list(by_key)))
        found: dict[int, list[Any]] = {}
        for *identity, number in self.session.execute(asked):
            if number >= 0:
                found.setdefault(number, []).append(by_key[tuple(identity)])
        return found


def _plain(text: str) -> str:
    """A text as the collations of MySQL and MariaDB compare it: `Ádá ` is `ada` to them.

    Some tell accents apart. Two rows are then told as about the same record where they need not be, and can be
    imported one after the other; the other way round the second would only fail when it is imported.
    """
    parts = normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not combining(sign)).rstrip()


def taken_by_others(
    session: Session, model: type[Any], unique: Attribute, wanted: Mapping[int, tuple[Any, Any]]
) -> set[int]:
    """Which numbers bring a value to a unique column that another record holds; each with its own record's identity.

    All records count, also those that nobody here may see: the database refuses either way.
    """
    key = [part.expression for part in primary_key(model)]
    values = list({value for value, _own in wanted.values()})
    rows = session.execute(sa.select(unique.expression, *key).where(unique.expression.in_(values))).all()
    # What a collation holds to be equal besides is refused when it is saved.
    holders = {str(encode(unique, value)): tuple(identity) for value, *identity in rows}
    return {
        number
        for number, (value, own) in wanted.items()
        if (holder := holders.get(str(encode(unique, value)))) is not None and (own is None or tuple(own) != holder)
    }
