"""A revision as the rules see it: its operations on one database, its file, and the models of this version."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic.operations import ops
from alembic.script import Script

from backoffice.models import Model
from backoffice.operations.lint.effects import words_of
from backoffice.operations.lint.recording import NotOffline, Recorded, record

CHANGES_ROWS = re.compile(r"(INSERT|UPDATE|DELETE|MERGE|REPLACE|TRUNCATE|WITH)\b")
CHANGES_SCHEMA = re.compile(r"(CREATE|ALTER|DROP|RENAME)\b")
T = TypeVar("T", bound=ops.MigrateOperation)


@dataclass
class Review:
    """One revision on one database."""

    script: Script
    dialect: str
    steps: list[Recorded] = field(default_factory=list)
    back: list[Recorded] = field(default_factory=list)
    stumbled: bool = False

    @classmethod
    def of_script(cls, script: Script, dialect: str) -> Review:
        """Record both directions; one that refuses to go back has no steps back."""
        review = cls(script, dialect)
        # Without the models' names for what has none: that it has none is worth a word.
        plain = sa.MetaData()
        try:
            review.steps = record(script, dialect, metadata=plain)
        except NotOffline:
            review.stumbled = True
        try:
            review.back = record(script, dialect, "downgrade", plain)
        except NotOffline as refusal:
            review.stumbled = review.stumbled or not isinstance(refusal.__cause__, NotImplementedError)
        return review

    # -- the file ------------------------------------------------------------------------------------------------------

    @cached_property
    def path(self) -> Path:
        """The revision's file."""
        return Path(self.script.path)

    @cached_property
    def tree(self) -> ast.Module:
        """The revision's code."""
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def commented(self) -> set[int]:
        """The numbers of the lines that hold a comment."""
        with self.path.open("rb") as file:
            return {t.start[0] for t in tokenize.tokenize(file.readline) if t.type == tokenize.COMMENT}

    @cached_property
    def ignored(self) -> dict[str, str]:
        """Rules that the revision passes over, each with its reason."""
        found = getattr(self.script.module, "lint_ignore", {})
        return dict(found)

    @cached_property
    def phase(self) -> str:
        """What the revision says of itself; of one that says nothing, what its steps are."""
        only_data = bool(self.steps) and all(is_data(step) for step in self.steps)
        return str(getattr(self.script.module, "phase", "data" if only_data else "expand"))

    # -- the steps -----------------------------------------------------------------------------------------------------

    def of(self, kind: type[T], steps: list[Recorded] | None = None) -> Iterator[tuple[Recorded, T]]:
        """The operations of a kind with what was noted of them, upwards unless told otherwise."""
        for step in self.steps if steps is None else steps:
            if isinstance(step.op, kind):
                yield step, step.op

    def of_used(self, kind: type[T]) -> Iterator[tuple[Recorded, T]]:
        """Those on tables that are in use: the revision has not made them itself."""
        return ((step, op) for step, op in self.of(kind) if table_of(step) not in self.created)

    @cached_property
    def both_ways(self) -> list[Recorded]:
        """The steps up and down."""
        return [*self.steps, *self.back]

    @cached_property
    def created(self) -> set[str]:
        """The tables that the revision makes."""
        return {op.table_name for _, op in self.of(ops.CreateTableOp)}

    @cached_property
    def added(self) -> set[tuple[str, str]]:
        """The columns that the revision adds to tables that were there."""
        return {(op.table_name, str(op.column.name)) for _, op in self.of(ops.AddColumnOp)}

    def adds_all(self, table: str, columns: list[str]) -> bool:
        """Whether the revision itself adds these columns, so that no row holds anything in them."""
        return bool(columns) and {(table, column) for column in columns} <= self.added

    def executed(self) -> Iterator[tuple[Recorded, str]]:
        """The statements that are no operation of their own, in capitals."""
        for step, op in self.of(ops.ExecuteSQLOp):
            yield step, words_of(ops.ExecuteSQLOp(step.statements[0] if step.statements else str(op.sqltext)))


def table_of(step: Recorded) -> str:
    """The table that a step is about, or nothing."""
    found = getattr(step.op, "table_name", None) or getattr(step.op, "source_table", None)
    return str(found or "")


def subject(step: Recorded) -> str:
    """What a step is about, in short: `user.email`, or the name of an index or a constraint."""
    op: Any = step.op
    column = getattr(op, "column_name", None) or getattr(getattr(op, "column", None), "name", None)
    if column:
        return f"{table_of(step)}.{column}"
    name = getattr(op, "index_name", None) or getattr(op, "constraint_name", None)
    return str(name or table_of(step))


def is_data(step: Recorded) -> bool:
    """Whether a step changes rows."""
    if isinstance(step.op, ops.ExecuteSQLOp):
        return bool(CHANGES_ROWS.match(words_of(step.op)))
    return isinstance(step.op, ops.BulkInsertOp)


def is_schema(step: Recorded) -> bool:
    """Whether a step changes the schema."""
    if isinstance(step.op, ops.ExecuteSQLOp):
        return bool(CHANGES_SCHEMA.match(words_of(step.op)))
    return not isinstance(step.op, ops.BulkInsertOp)


def new_columns(review: Review) -> Iterator[tuple[Recorded, sa.Column[Any]]]:
    """Every column that the revision makes, in tables old and new."""
    for step in review.steps:
        if isinstance(step.op, ops.CreateTableOp):
            yield from ((step, item) for item in step.op.columns if isinstance(item, sa.Column))
        elif isinstance(step.op, ops.AddColumnOp):
            yield step, step.op.column


def mapped(table: str) -> sa.Table | None:
    """The table as this version's models have it, where they do."""
    return Model.metadata.tables.get(table)


def mapped_column(table: str, column: str) -> sa.Column[Any] | None:
    """The column as this version's models have it, where they do."""
    found = mapped(table)
    return None if found is None else found.columns.get(column)
