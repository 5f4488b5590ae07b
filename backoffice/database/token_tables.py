"""The search index of MySQL and MariaDB: a table of (token, key) beside the searched one, which triggers keep.

Their FULLTEXT looks each hit up in the searched table before it sorts or counts it, eight times the work of reading a
range here (docs/performance.md). It also hides a transaction's own writes, keeps everybody from saving while it is
made, and drags the mark of every change along. A table does none of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from backoffice.database.attributes import once
from backoffice.errors import ConfigurationError
from backoffice.models.searchable import COLUMN, SearchIndex

PREFIX = f"{SearchIndex.__tablename__}_"
TRIGGERS = ("_added", "_changed", "_removed")
TOKEN = "search_token"  # noqa: S105 - the name of a column
# Tokens have at most 82 characters (see models/tokens.py).
TYPE = "VARCHAR(84) CHARACTER SET ascii COLLATE ascii_bin"
AT_ONCE, TRIED = 1_000, 200
# The longest name of a trigger is 64 characters, of which the table's may be so many.
LONGEST_NAME = 64 - len(f"{PREFIX}_changed")
# Whoever reads the table in a long transaction (an export, say) keeps triggers from being made, and everybody else
# waits behind that: so it is tried for a moment only, and again.
LOCK_SECONDS, LOCK_TRIES, LOCKED = 2, 30, 1205
IN_USE = (
    "The table %s is being read in a long transaction, such as an export, so its search index could not be made. "
    "Try again when that has ended."
)
# Trigger denied; no right to the table or the database; binary logging without log_bin_trust_function_creators.
FORBIDDEN = {1142, 1044, 1227, 1419}
NOT_ALLOWED = (
    "The account of DATABASE_URL may not make triggers, which keep the search index. Grant it TRIGGER on its database "
    "and, where the server keeps a binary log, SET GLOBAL log_bin_trust_function_creators = 1. "
    "Then: flask search reindex"
)


@once
def index_of(table: sa.Table) -> sa.Table:
    """The table of a searched table's tokens: `search_token`, then its key."""
    key = (sa.Column(c.name, c.type, primary_key=True, autoincrement=False) for c in table.primary_key.columns)
    token = sa.Column(TOKEN, mysql.VARCHAR(84, charset="ascii", collation="ascii_bin"), primary_key=True)
    return sa.Table(f"{PREFIX}{table.name}", sa.MetaData(), token, *key, **table.kwargs)


def keys(table: sa.Table, terms: Sequence[Sequence[str]]) -> sa.Select[Any]:
    """The keys of the rows that hold one of each list of tokens; a token ends in `*` where more may follow.

    A key comes as often as its row holds a token of the first list. Of one list it is a range of the index, which
    costs little to ask again.
    """
    index = index_of(table)
    first, *others = terms
    found = sa.select(*_key(index)).where(_holds(index, first))
    for either in others:
        other = index.alias()
        found = found.where(sa.tuple_(*_key(index)).in_(sa.select(*_key(other)).where(_holds(other, either))))
    return found


def serves(table: sa.Table) -> bool:
    """Whether triggers hear of every change of the table's keys, and can be made."""
    changes = (foreign.onupdate for column in table.primary_key.columns for foreign in column.foreign_keys)
    return len(table.name) <= LONGEST_NAME and not any((change or "").upper() == "CASCADE" for change in changes)


def counts_alone(table: sa.Table) -> bool:
    """Whether each key here is a row there: the database tells no trigger of rows that go with another table's."""
    return not any((foreign.ondelete or "").upper() == "CASCADE" for foreign in table.foreign_keys)


def exists(connection: sa.Connection, table: str) -> bool:
    """Whether the table and its triggers are there."""
    triggers = sa.text("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()")
    there = {name for name in connection.scalars(triggers) if name.startswith(f"{PREFIX}{table}_")}
    named = {f"{PREFIX}{table}{suffix}" for suffix in TRIGGERS}
    return named <= there and sa.inspect(connection).has_table(f"{PREFIX}{table}")


def refit(connection: sa.Connection, table: sa.Table) -> None:
    """Give its keys the types that those of the searched table have now: what does not fit in could not be saved."""
    index = f"{PREFIX}{table.name}"
    asked = sa.text(
        "SELECT table_name, column_name, column_type, character_set_name, collation_name "
        "FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN (:own, :index)"
    )
    types = {(row[0], row[1]): row[2:] for row in connection.execute(asked, {"own": table.name, "index": index})}
    changes = []
    for column in table.primary_key.columns:
        held, own = types.get((index, column.name)), types.get((table.name, column.name))
        if held is not None and own is not None and held != own:
            text = f" CHARACTER SET {own[1]} COLLATE {own[2]}" if own[1] else ""
            changes.append(f"MODIFY {_quoted(connection, column.name)} {own[0]}{text} NOT NULL")
    if changes:
        execute_patiently(connection, table.name, f"ALTER TABLE {_quoted(connection, index)} {', '.join(changes)}")


def create(connection: sa.Connection, table: sa.Table) -> None:
    """Make what is missing of it: it is kept from here on, and `fill` brings the rows that are there.

    ConfigurationError where the account may not, or the table is not free for a minute.
    """
    try:
        refit(connection, table)
        index_of(table).create(connection, checkfirst=True)
        *triggers, _table = dropping(table.name)
        for statement in (*triggers, *_triggers(connection, table)):
            execute_patiently(connection, table.name, statement)
    except sa.exc.DBAPIError as problem:
        if _code(problem) not in FORBIDDEN:
            raise
        raise ConfigurationError(NOT_ALLOWED) from None


def execute_patiently(connection: sa.Connection, table: str, statement: str) -> None:
    """Change what hangs on the table without making everybody wait for one who reads it."""
    connection.execute(sa.text(f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}"))
    try:
        for _try in range(LOCK_TRIES):
            try:
                connection.execute(sa.text(statement))
            except sa.exc.DBAPIError as problem:
                if _code(problem) != LOCKED:
                    raise
            else:
                return
        raise ConfigurationError(IN_USE % table)
    finally:
        # The connection goes back to others.
        connection.execute(sa.text("SET SESSION lock_wait_timeout = DEFAULT"))


def _code(problem: sa.exc.DBAPIError) -> object:
    return next(iter(getattr(problem.orig, "args", ())), None)


def dropping(table: str) -> list[str]:
    """The statements that take it away."""
    triggers = [f"DROP TRIGGER IF EXISTS `{PREFIX}{table}{suffix}`" for suffix in TRIGGERS]
    return [*triggers, f"DROP TABLE IF EXISTS `{PREFIX}{table}`"]


def fill(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]] | None = None) -> None:
    """Bring the tokens of some rows, by their keys, or of all. Who would change these rows waits for the commit."""
    index, own = index_of(table), list(table.primary_key.columns)
    token: sa.ColumnElement[str] = sa.literal_column(f"made.{TOKEN}")
    tokens = sa.select(token, *own).distinct().select_from(table, sa.text(_made(_quoted(connection, table.name))))
    if rows is not None:
        tokens = tokens.where(own[0].in_([key[0] for key in rows]) if len(own) == 1 else sa.tuple_(*own).in_(rows))
    # In their order, so that a large index is written from one end to the other.
    tokens = tokens.where(token != "").order_by(token, *own)
    names = [column.name for column in index.columns]
    kept = {TOKEN: sa.text(f"VALUES({TOKEN})")}
    # IGNORE would also ignore a key that does not fit.
    connection.execute(mysql.insert(index).from_select(names, tokens).on_duplicate_key_update(kept))


def remove_strays(engine: sa.Engine, table: sa.Table) -> None:
    """Take away what stands here of tokens that a row does not have, or of rows that are gone."""
    index = index_of(table)
    with engine.connect().execution_options(stream_results=True) as reading, engine.connect() as writing:
        for found in reading.execute(sa.select(*index.columns).where(_is_stray(table, index))).partitions(AT_ONCE):
            these = sa.tuple_(*index.columns).in_([tuple(row) for row in found])
            # Asked once more: a row may have come by this token meanwhile.
            writing.execute(sa.delete(index).where(these, _is_stray(table, index)))
            writing.commit()


def has_strays(connection: sa.Connection, table: sa.Table, tokens: Sequence[str]) -> bool:
    """Whether one of these tokens leads to a row that does not have it, or is gone. Of each some hundreds are tried."""
    if not tokens:
        return False
    index = index_of(table)
    some = sa.union_all(
        *(sa.select(sa.select(*index.columns).where(index.c[TOKEN] == t).limit(TRIED).subquery()) for t in tokens)
    ).subquery()
    return connection.execute(sa.select(some.c[TOKEN]).where(_is_stray(table, some)).limit(1)).first() is not None


def _is_stray(table: sa.Table, held: Any) -> sa.ColumnElement[bool]:
    """Whether what stands in `held`, a token and a key, is not said by the row."""
    same = (mine == own for mine, own in zip(_key(held), table.primary_key.columns, strict=True))
    has = sa.func.instr(table.c[COLUMN], sa.func.concat(" ", held.c[TOKEN], " ")) > 0
    return ~sa.exists().where(*same, has).correlate(held)


def _key(index: Any) -> list[Any]:
    return [column for column in index.columns if column.name != TOKEN]


def _holds(index: Any, either: Sequence[str]) -> sa.ColumnElement[bool]:
    column = index.c[TOKEN]
    return sa.or_(*(column.like(f"{t[:-1]}%") if t.endswith("*") else column == t for t in either))


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _made(row: str) -> str:
    """A row's tokens as a table `made`. Being letters and digits, they are a JSON array but for its signs."""
    array = f"""CONCAT('["', REPLACE(TRIM({row}.{COLUMN}), ' ', '","'), '"]')"""
    return f"JSON_TABLE({array}, '$[*]' COLUMNS ({TOKEN} {TYPE} PATH '$')) AS made"


def _triggers(connection: sa.Connection, table: sa.Table) -> Iterator[str]:
    key = [_quoted(connection, column.name) for column in table.primary_key.columns]
    index, on = _quoted(connection, f"{PREFIX}{table.name}"), _quoted(connection, table.name)
    # Names of our own tables and columns, nothing that anybody typed.
    add = (
        f"INSERT INTO {index} ({', '.join((TOKEN, *key))}) "  # noqa: S608 - see above
        f"SELECT DISTINCT made.{TOKEN}, {', '.join(f'new.{part}' for part in key)} "
        f"FROM {_made('new')} WHERE made.{TOKEN} <> '' ON DUPLICATE KEY UPDATE {TOKEN} = VALUES({TOKEN});"
    )
    held = " AND ".join(f"held.{part} = old.{part}" for part in key)
    remove = f"DELETE held FROM {_made('old')} STRAIGHT_JOIN {index} AS held ON held.{TOKEN} = made.{TOKEN} AND {held};"
    same = " AND ".join(f"old.{part} <=> new.{part}" for part in (COLUMN, *key))
    bodies = (("INSERT", add), ("UPDATE", f"IF NOT ({same}) THEN {remove} {add} END IF;"), ("DELETE", remove))
    for suffix, (event, body) in zip(TRIGGERS, bodies, strict=True):
        name = _quoted(connection, f"{PREFIX}{table.name}{suffix}")
        yield f"CREATE TRIGGER {name} AFTER {event} ON {on} FOR EACH ROW BEGIN {body} END"
