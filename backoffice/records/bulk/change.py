"""What every change of many records has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.database.attributes import primary_key
from backoffice.database.keys import has_key, has_key_of_many, parse_key, print_key
from backoffice.records.batches import can_be_packed
from backoffice.records.jobs.tasks import SKIPPED, Tally

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Target:
    """The rows that a change may touch: those of `rows`, of all that the person `may_see`."""

    session: Session
    model: type[Any]
    rows: sa.Select[Any]
    may_see: sa.Select[Any]

    def these(self, keys: Sequence[Key]) -> sa.Select[Any]:
        """The rows with these keys, locked to be changed."""
        these = self.rows.where(has_key_of_many(self.model, keys)).order_by(None)
        return these.with_for_update(of=self.model)

    def parsed(self, texts: Sequence[str]) -> dict[str, Key]:
        """Keys by their texts; a text that is none of this model any more is left out."""
        if can_be_packed(self.model) and all(text.isascii() and text.isdigit() for text in texts):
            return {text: (int(text),) for text in texts}
        return {text: key for text in texts if (key := parse_key(self.model, text)) is not None}

    def leave(self, tally: Tally, texts: Sequence[str]) -> None:
        """Note why these keys were not among the rows: gone, or not asked for any more."""
        if not texts:
            return
        parts = [part.expression for part in primary_key(self.model)]
        known = self.parsed(texts)
        there = self.may_see.where(has_key(self.model, list(known.values()))).order_by(None)
        found = self.session.execute(there.with_only_columns(*parts, maintain_column_froms=True))
        still = {print_key(self.model, row) for row in found} if known else set()
        for text in texts:
            reason = _("It no longer matches.") if text in still else _("It is gone, or may no longer be seen.")
            tally.leave(text, SKIPPED, reason)


class Change(ABC):
    """One thing done to many records. `first` keys to begin with, `most` at a time."""

    first = 50
    most = 500

    @abstractmethod
    def run(self, target: Target, texts: Sequence[str]) -> Tally:
        """Do it to the records with these keys, inside a transaction that the caller commits."""

    def unchanged(self) -> sa.ColumnElement[bool] | None:
        """The rows for which it changes nothing, where a condition can tell them; None where none can."""
        return None

    def after(self, _record: Any) -> dict[str, Any]:
        """What the record's columns and relations will hold, by name, as far as that can be shown beforehand."""
        return {}


class EachRecord(Change):
    """What a function does to one record after another: it returns whether anything changed.

    What it raises is the reason why the record it was given is left as it is. `values` are what it sets, by name, as
    far as that can be shown beforehand.
    """

    def __init__(self, work: Callable[[Any], bool], values: Mapping[str, Any] | None = None) -> None:
        self.work, self.values = work, dict(values or {})

    def after(self, _record: Any) -> dict[str, Any]:
        """The values."""
        return dict(self.values)

    def run(self, target: Target, texts: Sequence[str]) -> Tally:
        """Read the records anew and work on each."""
        tally, keys = Tally(), target.parsed(texts)
        statement = target.these(list(keys.values())).execution_options(populate_existing=True)
        records = target.session.scalars(statement).unique().all() if keys else []
        for record in records:
            changed = self.work(record)
            tally.changed += changed
            tally.unchanged += not changed
        found = {print_key(target.model, sa.inspect(record).identity) for record in records}
        target.leave(tally, [text for text in texts if text not in found])
        return tally
