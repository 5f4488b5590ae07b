"""Rules about indexes: made while people write, unique over what nobody looked at, dropped though needed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from backoffice.operations.lint.column_types import concrete, key_bytes
from backoffice.operations.lint.recording import Recorded
from backoffice.operations.lint.review import Review, mapped, mapped_column, table_of
from backoffice.operations.lint.rule import MYSQL, POSTGRESQL, rule

# InnoDB's longest key.
LONGEST_KEY = 3072


@rule(
    POSTGRESQL,
    right="Make it with postgresql_concurrently=True in an autocommit_block(), alone in its revision.",
    bad='op.create_index("ix_user_name", "user", ["name"])',
    good="""
    with op.get_context().autocommit_block():
        op.create_index("ix_user_name", "user", ["name"], postgresql_concurrently=True)
    """,
)
def index_blocks_writes(review: Review) -> Iterator[Recorded]:
    """Nobody writes to the table while the index is made."""
    for step, op in review.of_used(ops.CreateIndexOp):
        if not op.kw.get("postgresql_concurrently"):
            yield step


@rule(
    POSTGRESQL,
    right="Drop it with postgresql_concurrently=True in an autocommit_block().",
    bad='op.drop_index("ix_user_name", "user")',
    good="""
    with op.get_context().autocommit_block():
        op.drop_index("ix_user_name", "user", postgresql_concurrently=True)
    """,
)
def drop_index_blocks(review: Review) -> Iterator[Recorded]:
    """It waits for every transaction on the table, and all who come later wait behind it."""
    for step, op in review.of_used(ops.DropIndexOp):
        if not op.kw.get("postgresql_concurrently"):
            yield step


@rule(
    POSTGRESQL,
    right="Put it into `with op.get_context().autocommit_block():`.",
    bad='op.create_index("ix_user_name", "user", ["name"], postgresql_concurrently=True)',
    good="""
    with op.get_context().autocommit_block():
        op.create_index("ix_user_name", "user", ["name"], postgresql_concurrently=True)
    """,
)
def concurrently_in_transaction(review: Review) -> Iterator[Recorded]:
    """PostgreSQL refuses CONCURRENTLY inside a transaction."""
    for step in review.both_ways:
        if is_concurrent(step) and not step.autocommit:
            yield step


@rule(
    POSTGRESQL,
    right="Leave it out. What a broken-off attempt left is dropped first, by DROP INDEX CONCURRENTLY IF EXISTS.",
    bad="""
    with op.get_context().autocommit_block():
        op.create_index("ix_user_name", "user", ["name"], postgresql_concurrently=True, if_not_exists=True)
    """,
    good="""
    with op.get_context().autocommit_block():
        op.drop_index("ix_user_name", "user", postgresql_concurrently=True, if_exists=True)
        op.create_index("ix_user_name", "user", ["name"], postgresql_concurrently=True)
    """,
)
def concurrently_if_not_exists(review: Review) -> Iterator[Recorded]:
    """A CONCURRENTLY that was killed leaves an invalid index, which IF NOT EXISTS takes for the wanted one."""
    for step, op in review.of(ops.CreateIndexOp):
        if is_concurrent(step) and op.if_not_exists:
            yield step


def is_concurrent(step: Recorded) -> bool:
    """Whether a step makes or drops an index beside those who write."""
    return "CONCURRENTLY" in "".join(step.statements).upper()


@rule(
    MYSQL,
    right="Make another index that begins with the foreign key's columns first, or drop the constraint first; to drop "
    "the table, drop it whole.",
    bad='op.drop_index("ix_article_user_id", "article")',
    good='op.drop_index("ix_article_title", "article")',
)
def drops_index_of_foreign_key(review: Review) -> Iterator[Recorded]:
    """MySQL and MariaDB refuse to drop the index that a foreign key needs (error 1553)."""
    for direction in (review.steps, review.back):
        for step, op in review.of(ops.DropIndexOp, direction):
            before = direction[: direction.index(step)]
            freed = any(isinstance(s.op, ops.DropConstraintOp) and table_of(s) == table_of(step) for s in before)
            columns = columns_of_index(review, op)
            begins = [key for key in foreign_keys(review, table_of(step)) if columns[: len(key)] == key]
            indexes = [*made_indexes(before), *kept_indexes(table_of(step), op.index_name)]
            if not freed and any(all(other[: len(key)] != key for other in indexes) for key in begins):
                yield step


def foreign_keys(review: Review, table: str) -> list[list[str]]:
    """The columns of each foreign key of a table, by the models and by what the revision makes."""
    known = mapped(table)
    found = [] if known is None else [list(key.column_keys) for key in known.foreign_key_constraints]
    for _, op in review.of(ops.CreateTableOp):
        if op.table_name == table:
            found += [list(i.column_keys) for i in op.columns if isinstance(i, sa.ForeignKeyConstraint)]
    return found


def columns_of_index(review: Review, op: ops.DropIndexOp) -> list[str]:
    """The columns of an index that is dropped, by the models, by the revision, else by its name."""
    table, name = str(op.table_name or ""), str(op.index_name)
    for _, made in review.of(ops.CreateIndexOp):
        if made.index_name == name:
            return [str(column) for column in made.columns]
    known = mapped(table)
    for index in () if known is None else known.indexes:
        if index.name == name:
            return [column.name for column in index.columns]
    return [name.removeprefix(f"ix_{table}_")]


def made_indexes(steps: list[Recorded]) -> list[list[str]]:
    """The columns of the indexes that these steps make."""
    return [[str(column) for column in s.op.columns] for s in steps if isinstance(s.op, ops.CreateIndexOp)]


def kept_indexes(table: str, dropped: str | None) -> list[list[str]]:
    """The columns of the table's other indexes and keys, by the models."""
    known = mapped(table)
    if known is None:
        return []
    keys = [c for c in known.constraints if isinstance(c, (sa.PrimaryKeyConstraint, sa.UniqueConstraint))]
    kept = [index for index in known.indexes if index.name != dropped]
    return [[column.name for column in found.columns] for found in (*keys, *kept)]


@rule(
    MYSQL,
    right='Index the beginning of it: mysql_length={"position": 700}.',
    bad="""
    op.create_index("ix_search_index_position", "search_index", ["position"], postgresql_concurrently=True)
    """,
    good="""
    op.create_index("ix_search_index_position", "search_index", ["position"], mysql_length={"position": 700})
    """,
)
def index_key_too_long(review: Review) -> Iterator[Recorded]:
    """A key has 3,072 bytes, four a character: MySQL refuses a longer one, MariaDB cuts it. TEXT never fits."""
    for step, op in review.of(ops.CreateIndexOp):
        types = [column_type(review, str(op.table_name), str(column)) for column in op.columns]
        known = [held for held in types if held is not None and not op.kw.get("mysql_length")]
        endless = any(isinstance(concrete(held, review.dialect), sa.Text) for held in known)
        if (endless and not op.kw.get("mysql_prefix")) or sum(
            key_bytes(h, review.dialect) for h in known
        ) > LONGEST_KEY:
            yield step


def column_type(review: Review, table: str, name: str) -> sa.types.TypeEngine[object] | None:
    """The type of a column that the revision or the models tell of."""
    for _, op in review.of(ops.CreateTableOp):
        for item in op.columns:
            if op.table_name == table and isinstance(item, sa.Column) and item.name == name:
                return item.type
    column = mapped_column(table, name)
    return None if column is None else column.type


@rule(
    right="Call refuse_duplicates first: it stops the upgrade with a sentence while nothing has changed.",
    bad="""
    phase = "contract"
    with op.get_context().autocommit_block():
        op.create_index("uq_user_name", "user", ["name"], unique=True, postgresql_concurrently=True)
    """,
    good="""
    from backoffice.operations.duplicates import refuse_duplicates

    phase = "contract"
    refuse_duplicates(op, "user", ["name"])
    with op.get_context().autocommit_block():
        op.create_index("uq_user_name", "user", ["name"], unique=True, postgresql_concurrently=True)
    """,
)
def unique_not_checked(review: Review) -> Iterator[Recorded]:
    """Rows that are there may be the same: the upgrade breaks off in the middle, or leaves an invalid index."""
    made = [(s, o, [str(c) for c in o.columns]) for s, o in review.of_used(ops.CreateIndexOp) if o.unique]
    made += [(s, o, list(o.columns)) for s, o in review.of_used(ops.CreateUniqueConstraintOp)]  # type: ignore[misc]  # both have a table and columns
    for step, _, columns in made:
        before = [words for earlier, words in review.executed() if earlier.line < step.line]
        looked = any(is_search_for_duplicates(words, table_of(step), columns) for words in before)
        if not looked and not review.adds_all(table_of(step), columns):
            yield step


def is_search_for_duplicates(words: str, table: str, columns: list[str]) -> bool:
    """Whether a statement looks for rows of the table that are the same in these columns."""
    named = set(re.findall(r"\w+", words))
    return words.startswith("SELECT") and "HAVING" in named and {table.upper(), *map(str.upper, columns)} <= named
