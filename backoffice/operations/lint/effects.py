"""What an operation costs on a database in use, and what it breaks for the version that runs beside it.

Measured on MariaDB 10.11 and PostgreSQL 15, where tests hold it against the real ones; of MySQL 8 by its manual. The
lock that even an instant change needs for a moment is the runner's to get: it waits for open transactions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.engine.interfaces import ReflectedColumn

from backoffice.database.limits import MYSQL
from backoffice.operations.lint.column_types import copies, widens
from backoffice.operations.lint.recording import Recorded


class Cost(Enum):
    """How dear, the dearest last."""

    INSTANT = "instant"
    IN_PLACE = "in place"
    BLOCKS_WRITES = "blocks writes"
    COPIES = "copies the table"


@dataclass(frozen=True)
class Effect:
    """What one operation costs and why; `breaks` says what the version beside trips over, if anything."""

    cost: Cost
    why: str
    breaks: str = ""


def effect_of(step: Recorded, dialect: str, existing: ReflectedColumn | None = None) -> Effect:
    """The effect on one of DIALECTS; `existing` is the column as it is, where one is altered and it is known."""
    operation = step.op
    if isinstance(operation, ops.AlterColumnOp):
        effect = _alter_column(operation, dialect, existing)
    else:
        effect = next((tell(operation, dialect) for kind, tell in _TELLERS if isinstance(operation, kind)), UNKNOWN)
    if step.rebuilds:
        return Effect(Cost.COPIES, "SQLite makes the table anew and copies every row.", effect.breaks)
    return effect


def worst(*effects: Effect) -> Effect:
    """The dearest, with all that they break."""
    dearest = max(effects, key=lambda effect: list(Cost).index(effect.cost))
    return Effect(dearest.cost, dearest.why, " ".join(dict.fromkeys(e.breaks for e in effects if e.breaks)))


UNKNOWN = Effect(Cost.BLOCKS_WRITES, "What this does cannot be told from its words.")
DEFINITION = Effect(Cost.INSTANT, "Only the table's definition changes.")
NEW = Effect(Cost.INSTANT, "Nobody uses a table that is new.")
ROWS = Effect(Cost.BLOCKS_WRITES, "The rows that it changes stay locked until it commits.")


# -- columns -----------------------------------------------------------------------------------------------------------


def _add_column(operation: ops.AddColumnOp, dialect: str) -> Effect:
    column: sa.Column[Any] = operation.column
    breaks = ""
    if not column.nullable and column.server_default is None:
        breaks = "Its INSERT gives the column no value and is refused."
    effects = [Effect(DEFINITION.cost, DEFINITION.why, breaks)]
    if is_filled_row_by_row(column, dialect):
        effects.append(Effect(Cost.COPIES, "Every row gets a value of its own, so all are written anew."))
    if column.foreign_keys and not has_nothing_to_look_up(operation, dialect):
        effects.append(_foreign_key(not_valid=False, dialect=dialect))
    if column.unique or column.index:
        effects.append(_index(dialect, unique=bool(column.unique), concurrently=False))
    return worst(*effects)


def has_nothing_to_look_up(operation: ops.AddColumnOp, dialect: str) -> bool:
    """Whether a foreign key comes with its column in one statement: PostgreSQL knows then that every row has NULL."""
    inline = bool(operation.inline_references) and operation.column.server_default is None
    return inline and dialect in ("postgresql", "sqlite")


def is_filled_row_by_row(column: sa.Column[Any], dialect: str) -> bool:
    """Whether a new column cannot simply be said to hold one constant: stored expressions, numbers, random defaults."""
    if isinstance(column.server_default, sa.Computed):
        return bool(column.server_default.persisted) or dialect == "postgresql"
    if isinstance(column.server_default, sa.Identity):
        return True
    default = default_sql(column)
    steady = STEADY["postgresql" if dialect == "postgresql" else "mysql"]
    return any(call.lower() not in steady for call in re.findall(r"(\w+)\s*\(", default))


# Functions that give every row of a statement the same value.
STEADY = {
    "postgresql": {"now", "current_timestamp", "localtimestamp", "statement_timestamp", "transaction_timestamp"},
    "mysql": {"now", "current_timestamp", "localtimestamp"},
}


def default_sql(column: sa.Column[Any]) -> str:
    """A column's server default as it stands in SQL, without its texts."""
    default = column.server_default
    if not isinstance(default, sa.DefaultClause) or isinstance(default.arg, str):
        return ""
    return re.sub(r"'[^']*'", "", str(default.arg))


def _drop_column(_operation: ops.DropColumnOp, dialect: str) -> Effect:
    breaks = "Every SELECT of it names the column, used or not."
    if dialect == "sqlite":
        return Effect(Cost.BLOCKS_WRITES, "SQLite writes every row anew.", breaks)
    return Effect(Cost.INSTANT, DEFINITION.why, breaks)


def _alter_column(operation: ops.AlterColumnOp, dialect: str, existing: ReflectedColumn | None) -> Effect:
    effects = [DEFINITION]
    if operation.modify_name is not None:
        effects.append(Effect(Cost.INSTANT, DEFINITION.why, "It knows the old name only."))
    if operation.modify_type is not None:
        effects.append(_change_type(operation, dialect, existing))
    if operation.modify_nullable is not None and (
        existing is None or operation.modify_nullable != existing["nullable"]
    ):
        effects.append(_change_nullable(dialect, nullable=operation.modify_nullable))
    if operation.modify_server_default is None:
        effects.append(Effect(Cost.INSTANT, DEFINITION.why, "Its INSERT may rely on the default."))
    return worst(*effects)


def _change_type(operation: ops.AlterColumnOp, dialect: str, existing: ReflectedColumn | None) -> Effect:
    old = existing["type"] if existing else operation.existing_type
    if old is None:
        return Effect(Cost.COPIES, "Which type the column has is not told, so the worst is assumed.")
    breaks = "" if widens(old, operation.modify_type, dialect) else "What it writes or reads is no longer of its type."
    if copies(old, operation.modify_type, dialect):
        return Effect(Cost.COPIES, "Every row is written anew, and nobody can write meanwhile.", breaks)
    return Effect(Cost.INSTANT, DEFINITION.why, breaks)


def _change_nullable(dialect: str, *, nullable: bool) -> Effect:
    breaks = "" if nullable else "It may still write NULL."
    if dialect == "postgresql" and nullable:
        return DEFINITION
    if dialect == "postgresql":
        return Effect(
            Cost.BLOCKS_WRITES, "It reads every row behind a lock, unless a validated CHECK says the same.", breaks
        )
    return Effect(Cost.IN_PLACE, "The rows are written anew while people go on.", breaks)


# -- indexes and constraints -------------------------------------------------------------------------------------------


def _create_index(operation: ops.CreateIndexOp, dialect: str) -> Effect:
    concurrently = bool(operation.kw.get("postgresql_concurrently"))
    if dialect in MYSQL and operation.kw.get("mysql_prefix"):
        return Effect(Cost.BLOCKS_WRITES, "A FULLTEXT or SPATIAL index is made while nobody writes.")
    return _index(dialect, unique=bool(operation.unique), concurrently=concurrently)


def _index(dialect: str, *, unique: bool, concurrently: bool) -> Effect:
    breaks = "What it writes twice is refused." if unique else ""
    if dialect in MYSQL or (dialect == "postgresql" and concurrently):
        return Effect(Cost.IN_PLACE, "Every row is read while people go on.", breaks)
    return Effect(Cost.BLOCKS_WRITES, "Every row is read while nobody writes.", breaks)


def _drop_index(_operation: ops.DropIndexOp, dialect: str) -> Effect:
    return Effect(Cost.IN_PLACE, "The index goes while people go on.") if dialect in MYSQL else DEFINITION


def _add_constraint(operation: ops.AddConstraintOp, dialect: str) -> Effect:
    not_valid = bool(getattr(operation, "kw", {}).get("postgresql_not_valid"))
    if isinstance(operation, ops.CreateForeignKeyOp):
        return _foreign_key(not_valid=not_valid, dialect=dialect)
    if isinstance(operation, ops.CreateCheckConstraintOp):
        return _check(not_valid=not_valid, dialect=dialect)
    return _index(dialect, unique=True, concurrently=False)


def _foreign_key(*, not_valid: bool, dialect: str) -> Effect:
    breaks = "What it writes without such a row is refused."
    if dialect == "postgresql":
        if not_valid:
            return Effect(Cost.INSTANT, "Rows that are there are not looked at.", breaks)
        return Effect(Cost.BLOCKS_WRITES, "Every row is looked up while nobody writes to either table.", breaks)
    return Effect(Cost.COPIES, "Every row is copied and looked up, unless foreign_key_checks is 0.", breaks)


def _check(*, not_valid: bool, dialect: str) -> Effect:
    breaks = "What it writes against the condition is refused."
    if dialect != "postgresql":
        return Effect(Cost.COPIES, "Every row is copied and looked at.", breaks)
    if not_valid:
        return Effect(Cost.INSTANT, "Rows that are there are not looked at.", breaks)
    return Effect(Cost.BLOCKS_WRITES, "Every row is looked at behind a lock.", breaks)


def _drop_constraint(operation: ops.DropConstraintOp, dialect: str) -> Effect:
    if dialect in MYSQL and operation.constraint_type == "primary":
        return Effect(Cost.COPIES, "The rows lie in the order of the primary key.")
    if dialect in MYSQL and operation.constraint_type == "unique":
        return Effect(Cost.IN_PLACE, "The index goes while people go on.")
    return DEFINITION


# -- tables and rows ---------------------------------------------------------------------------------------------------


def _drop_table(_operation: ops.DropTableOp, _dialect: str) -> Effect:
    return Effect(Cost.INSTANT, "The table goes with its rows.", "It still reads and writes the table.")


def _rename_table(_operation: ops.RenameTableOp, _dialect: str) -> Effect:
    return Effect(Cost.INSTANT, DEFINITION.why, "It knows the old name only.")


def _execute(operation: ops.ExecuteSQLOp, _dialect: str) -> Effect:
    words = words_of(operation)
    return next((effect for pattern, effect in _WORDS if re.match(pattern, words)), UNKNOWN)


def words_of(operation: ops.ExecuteSQLOp) -> str:
    """What is executed, in capitals and single spaces, without comments."""
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", str(operation.sqltext), flags=re.S)
    return " ".join(text.upper().split())


_WORDS = (
    (r"(UPDATE|DELETE|MERGE|REPLACE|INSERT .* SELECT|WITH)\b", ROWS),
    (r"INSERT\b", Effect(Cost.INSTANT, "Rows are added.")),
    (r"(SELECT|SET|PRAGMA|ANALYZE|COMMENT|RESET|SHOW)\b", Effect(Cost.INSTANT, "No row changes.")),
    (r"ALTER TABLE .* VALIDATE CONSTRAINT\b", Effect(Cost.IN_PLACE, "Every row is looked at while people go on.")),
    (r"ALTER TABLE .* USING INDEX\b", DEFINITION),
    (r"ALTER TYPE .* ADD VALUE\b", DEFINITION),
    (r"(CREATE|DROP)( OR REPLACE)? (TRIGGER|FUNCTION|PROCEDURE|VIEW|TYPE|SEQUENCE)\b", DEFINITION),
)
_TELLERS: tuple[tuple[type[ops.MigrateOperation], Callable[[Any, str], Effect]], ...] = (
    (ops.AddColumnOp, _add_column),
    (ops.DropColumnOp, _drop_column),
    (ops.CreateIndexOp, _create_index),
    (ops.DropIndexOp, _drop_index),
    (ops.AddConstraintOp, _add_constraint),
    (ops.DropConstraintOp, _drop_constraint),
    (ops.CreateTableOp, lambda _operation, _dialect: NEW),
    (ops.DropTableOp, _drop_table),
    (ops.RenameTableOp, _rename_table),
    (ops.CreateTableCommentOp, lambda _operation, _dialect: DEFINITION),
    (ops.DropTableCommentOp, lambda _operation, _dialect: DEFINITION),
    (ops.BulkInsertOp, lambda _operation, _dialect: Effect(Cost.INSTANT, "Rows are added.")),
    (ops.ExecuteSQLOp, _execute),
)
