"""Which records are meant by many texts at once, by key or by name: a few statements for a thousand of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database.attributes import Attribute, primary_key
from backoffice.database.keys import has_key, parse_key
from backoffice.database.limits import MYSQL
from backoffice.database.reading import checked
from backoffice.errors import BadInput

Key = tuple[Any, ...]
# Texts that one statement asks for, and how many records of one name are told apart.
BATCH = 1_000
MOST_OF_A_NAME = 10
# A database that holds `A` and `a` to be equal may hold several of the texts to be so.
ROUNDS = 3


@dataclass
class Meant:
    """What each text means: one record, several that bear the name (`more` beyond those listed), or none."""

    one: dict[str, Key] = field(default_factory=dict)
    several: dict[str, list[Key]] = field(default_factory=dict)
    none: list[str] = field(default_factory=list)


def who_is_meant(
    session: Session, scope: sa.Select[Any], model: type[Any], names: Sequence[Attribute], texts: Sequence[str]
) -> Meant:
    """The records of `scope` that the texts name: by key, or by the exact text of one of the columns `names`.

    Characters are compared as they are; only a text that nothing bears so is compared as the database does.
    """
    candidates: dict[str, dict[Key, None]] = {text: {} for text in texts}
    for text, key in _by_key(session, scope, model, texts):
        candidates[text][key] = None
    known = [text for text in texts if _is_kept(text)]
    finder = _Names(session, scope, model)
    for name in names:
        for text, key in finder.bearing(name, known):
            candidates[text][key] = None
    meant = Meant()
    for text, keys in candidates.items():
        if len(keys) == 1:
            meant.one[text] = next(iter(keys))
        elif keys:
            meant.several[text] = list(keys)
        else:
            meant.none.append(text)
    return meant


def _by_key(
    session: Session, scope: sa.Select[Any], model: type[Any], texts: Iterable[str]
) -> Iterator[tuple[str, Key]]:
    wanted: dict[Key, list[str]] = {}
    for text in texts:
        if (key := _read_key(model, text)) is not None:
            wanted.setdefault(key, []).append(text)
    for some in _batches(list(wanted)):
        for row in session.execute(_keys_of(scope, model).where(has_key(model, some))):
            for text in wanted.get(tuple(row), ()):
                yield text, tuple(row)


class _Names:
    """Looks up texts in one column, never reading more rows than can be told apart."""

    def __init__(self, session: Session, scope: sa.Select[Any], model: type[Any]) -> None:
        self.session, self.model = session, model
        self.keys = _keys_of(scope, model)
        self.folds = session.get_bind().dialect.name in MYSQL

    def bearing(self, name: Attribute, texts: Sequence[str]) -> Iterator[tuple[str, Key]]:
        """Each text with the key of a record that bears it."""
        left = set(texts)
        for round_ in range(1 + (ROUNDS if self.folds else 0)):
            found: set[str] = set()
            for some in _batches([text for text in texts if text in left]):
                for text, key in self._rows(name, some, folding=round_ > 0):
                    # The database may hold another writing to be equal: its turn comes in the next round.
                    if text in left:
                        found.add(text)
                        yield text, key
            left -= found
            if round_ and not found:
                return

    def _rows(self, name: Attribute, texts: Sequence[str], *, folding: bool) -> Iterator[tuple[str, Key]]:
        """The text and the key of each record; of a text that too many bear, only so many."""
        most = MOST_OF_A_NAME + 1 if len(texts) == 1 else 2 * len(texts)
        asked = self.keys.add_columns(self._which(name, texts) if folding else name.expression)
        rows = self.session.execute(asked.where(name.expression.in_(texts)).limit(most)).all()
        if len(rows) < most or len(texts) == 1:
            for *key, value in rows:
                yield (texts[value] if folding else value), tuple(key)
            return
        # Some name is borne by many: apart from it, the others are soon told.
        middle = len(texts) // 2
        yield from self._rows(name, texts[:middle], folding=folding)
        yield from self._rows(name, texts[middle:], folding=folding)

    def _which(self, name: Attribute, texts: Sequence[str]) -> sa.ColumnElement[int]:
        """Which of the texts the database holds to be equal to the value: it alone knows its collation."""
        whens = [(name.expression == text, number) for number, text in enumerate(texts)]
        return sa.case(*whens, else_=0)


def _keys_of(scope: sa.Select[Any], model: type[Any]) -> sa.Select[Any]:
    key = [part.expression for part in primary_key(model)]
    return scope.order_by(None).with_only_columns(*key, maintain_column_froms=True)


def _read_key(model: type[Any], text: str) -> Key | None:
    try:
        return parse_key(model, checked(text))
    except BadInput:
        return None


def _is_kept(text: str) -> bool:
    try:
        return bool(checked(text))
    except BadInput:
        return False


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
