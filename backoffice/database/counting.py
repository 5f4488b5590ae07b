"""How many rows there are, honestly: exact where that is cheap, else an estimate or a bound that says what it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from time import monotonic
from typing import Any, Literal
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.database import effort
from backoffice.database.attributes import once
from backoffice.database.paging import Window
from backoffice.database.selection import Selection
from backoffice.database.time_limits import TooBroad, go_on_reading, limited

ESTIMATES = {
    "mysql": "SELECT table_rows FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :name",
    "postgresql": "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass(quote_ident(:name))",
    # What ANALYZE found last; the first number of each line is the number of rows.
    "sqlite": "SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl = :name LIMIT 1",
}
# It is older than that anyway: the databases take stock now and then.
ESTIMATE_SECONDS, KEPT_FROM = 10.0, 10_000
_estimates: WeakKeyDictionary[sa.Engine | sa.Connection, dict[str, tuple[float, int]]] = WeakKeyDictionary()


NUMBER: sa.Select[Any] = sa.select(sa.func.count())


@dataclass(frozen=True)
class Count:
    """A number of rows and how far it may be relied on."""

    value: int
    kind: Literal["exact", "estimate", "at-least"] = "exact"

    @property
    def is_exact(self) -> bool:
        """Whether it is the number itself."""
        return self.kind == "exact"


def count(session: Session, selection: Selection, window: Window) -> Count:
    """The count that stands on a page: never dearer than looking at `effort.CAP` rows, never longer
    than `effort.SECONDS_OF_COUNTING`."""
    if window.last is not None and window.last > 0 and not (window.has_next or window.noted):
        return Count(window.last)
    if window.found is not None:
        return _honest(window.found)
    if not selection.narrowed and selection.is_everyones:
        estimated = _estimate(session, selection)
        if estimated is not None and estimated > effort.CAP:
            return Count(estimated, "estimate")
    if window.was_dear:
        return _seen(window)
    try:
        found = _capped(session, selection)
    except TooBroad:
        go_on_reading(session)
        return _seen(window)
    return _honest(found)


def _seen(window: Window) -> Count:
    known = window.last if window.last is not None and window.last > 0 and not window.noted else len(window.rows)
    return Count(max(known + int(window.has_next), window.seen), "at-least")


def _honest(found: int) -> Count:
    return Count(found) if found <= effort.CAP else Count(effort.CAP, "at-least")


def exact_count(session: Session, selection: Selection, seconds: float) -> int:
    """Every row counted; TooBroad where that takes longer than `seconds`."""
    return _counted(session, _parts(session, selection), seconds)


def _capped(session: Session, selection: Selection) -> int:
    began = monotonic()
    if not selection.search and (found := _few(session, selection)) is not None:
        return found
    left = effort.SECONDS_OF_COUNTING - (monotonic() - began)
    if left <= 0:
        raise TooBroad
    return _counted(session, [part.limit(effort.CAP + 1) for part in _parts(session, selection)], left)


def _few(session: Session, selection: Selection) -> int | None:
    """How many rows there are, where MariaDB need not look at more than `effort.CAP` to tell; else None.

    A limit within a count makes it put down every row in a table of its own, which takes as long as finding them half
    over. It warns of a count that it broke off.
    """
    dialect: Any = session.get_bind().dialect
    if not getattr(dialect, "is_mariadb", False):
        return None
    # A scope may be anything that selects rows; who has none is spared the making of a statement around another.
    if selection.is_everyones:
        counting = _counting(selection.vocabulary.model, effort.CAP)
        counting = counting if selection.filtered is None else counting.where(selection.filtered)
    else:
        counting = _breaking_off(NUMBER, effort.CAP).select_from(_parts(session, selection)[0].subquery())
    result = session.connection().execute(limited(counting, effort.SECONDS_OF_COUNTING))
    found = result.scalar()
    return None if result.context.cursor.warning_count else found


@once
def _counting(model: type[Any], most: int) -> sa.Select[Any]:
    """A count of the rows of a model: asked for with every list that is filtered, and made once."""
    return _breaking_off(NUMBER, most).select_from(model)


def _breaking_off(counting: sa.Select[Any], most: int) -> sa.Select[Any]:
    return counting.suffix_with(sa.text(f"LIMIT ROWS EXAMINED {most + 1}"))


def _counted(session: Session, parts: list[sa.Select[Any]], seconds: float) -> int:
    counts: list[Any] = [NUMBER.select_from(part.subquery()) for part in parts]
    if len(counts) > 1:
        subqueries: list[Any] = [one.scalar_subquery() for one in counts]
        counts = [sa.select(reduce(add, subqueries))]
    return session.scalar(limited(counts[0], seconds)) or 0


def _parts(session: Session, selection: Selection) -> list[sa.Select[Any]]:
    """The rows in parts that share none, by as little as tells them apart."""
    if selection.counted is not None and not selection.narrowed:
        return [selection.counted]
    dialect = session.get_bind().dialect.name
    one: Any = sa.literal_column("1")
    rows = selection.scope.order_by(None).with_only_columns(one, maintain_column_froms=True)
    filtered, keys = selection.filtered, selection.found_keys(dialect) if selection.only_searches else None
    parts = [rows.where(*(c for c in (part, filtered) if c is not None)) for part in selection.parts(dialect)]
    return parts if keys is None else [keys.distinct(), *parts[1:]]


def _estimate(session: Session, selection: Selection) -> int | None:
    """The database's own idea of a table's size; None where it has none."""
    table: Any = sa.inspect(selection.vocabulary.model).local_table
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite" and not _is_analysed(session):
        return None
    kept = _estimates.setdefault(session.get_bind(), {})
    at, found = kept.get(table.name, (-ESTIMATE_SECONDS, 0))
    if monotonic() - at < ESTIMATE_SECONDS:
        return found
    told = session.scalar(sa.text(ESTIMATES["mysql" if dialect == "mariadb" else dialect]), {"name": table.name})
    if told is None:
        return None
    # A small table is counted, and soon another size.
    if told > KEPT_FROM:
        kept[table.name] = (monotonic(), int(told))
    return int(told)


def _is_analysed(session: Session) -> bool:
    return session.scalar(sa.text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")) is not None
