"""Models that can be searched by an index: a column of tokens that follows the searched columns on every write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from backoffice.models.base import Model
from backoffice.models.tokens import COLUMNS, TOKENIZER, tokens

COLUMN = "search_tokens"
REFUSED = (
    "This statement sets {}, so its search tokens would be wrong. "
    "Set search_tokens to tokens_of(…) as well, or save record by record."
)
# Tokens are ASCII: a byte a letter, compared as they are.
Tokens = sa.Text().with_variant(mysql.MEDIUMTEXT(charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


class Searchable:
    """Mixin of a model whose `__search__` names the text columns that a search looks into.

    Their tokens stand in `search_tokens`: made whenever a row is inserted or a record saved. NULL is not made yet;
    `flask search reindex` makes what is missing. A bulk UPDATE of a searched column has to set `search_tokens` too,
    and is refused where it does not.
    """

    __search__: ClassVar[tuple[str, ...]] = ()

    @declared_attr
    def search_tokens(cls) -> Mapped[str | None]:  # noqa: N805  # called with the class
        # The last column: its value is made from those before it, their own defaults included.
        return mapped_column(
            Tokens,
            default=_tokens_of_insert,
            deferred=True,
            sort_order=99,
            info={"internal": True, "searchable": cls},
        )

    @classmethod
    def tokens_of(cls, values: Mapping[str, Any]) -> str:
        """The tokens of a record with these values, by the names of their attributes."""
        return tokens(_text(values.get(name)) for name in cls.__search__)

    @classmethod
    def search_recipe(cls) -> str:
        """What the tokens depend on: an index made by another recipe is made anew."""
        return f"{TOKENIZER}:{','.join(cls.__search__)}"


class SearchIndex(Model):
    """How far the search index of a table is: made up to the key at `position`, or whole since `finished_at`."""

    __tablename__ = "search_index"
    __audited__ = False

    table_name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    recipe: Mapped[str] = mapped_column(sa.String(255))
    position: Mapped[str | None] = mapped_column(sa.String(1000))
    finished_at: Mapped[datetime | None]


def is_searchable(model: type[Any]) -> bool:
    """Whether a model keeps search tokens."""
    return issubclass(model, Searchable) and bool(model.__search__)


def searched_columns(model: type[Any]) -> dict[str, sa.Column[Any]]:
    """The columns that a model's tokens are made from, by the names of their attributes; LookupError at a wrong one."""
    mapper = sa.inspect(model)
    wrong = [name for name in model.__search__ if name not in mapper.column_attrs]
    if wrong or len(model.__search__) > len(COLUMNS):
        raise LookupError(
            f"{model.__name__}.__search__ names {wrong[0]!r}, which is none of its columns"
            if wrong
            else f"{model.__name__}.__search__ names more than {len(COLUMNS)} columns"
        )
    return {name: mapper.column_attrs[name].columns[0] for name in model.__search__}


def _text(value: Any) -> str | None:
    if isinstance(value, sa.ClauseElement):
        raise TypeError(REFUSED.format("a searched column to an SQL expression"))
    return None if value is None else str(value)


def _tokens_of_insert(context: DefaultExecutionContext) -> str:
    """The tokens of the row that is being inserted, by the ORM or not, alone or with many."""
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy's own lacks types
    table: sa.Table = context.compiled.statement.table  # type: ignore[union-attr]  # an INSERT has one
    model = table.c[COLUMN].info["searchable"]
    return str(model.tokens_of({name: given.get(c.key) for name, c in searched_columns(model).items()}))


@event.listens_for(Searchable, "before_update", propagate=True)
def _follow(_mapper: Mapper[Any], _connection: sa.Connection, record: Any) -> None:
    """Make a record's tokens anew when one of the searched columns has changed."""
    state = sa.inspect(record)
    if any(state.attrs[name].history.has_changes() for name in record.__search__):
        record.search_tokens = record.tokens_of({name: getattr(record, name) for name in record.__search__})
        # Written even where they are the same, so that the statement is seen to have thought of them.
        flag_modified(record, COLUMN)


@event.listens_for(sa.Engine, "before_execute")
def _refuse_unseen_changes(
    _connection: sa.Connection, statement: Any, many: Iterable[Mapping[str, Any]], one: Mapping[str, Any], _options: Any
) -> None:
    """Stop a statement that would change a searched column in the database alone, where no tokens can be made."""
    if not isinstance(statement, (sa.Update, sa.Insert)) or not isinstance(statement.table, sa.Table):
        return
    column = statement.table.c.get(COLUMN)
    model = None if column is None else column.info.get("searchable")
    if model is None:
        return
    given, columns = _given(statement, many, one), searched_columns(model)
    searched = {*columns, *(column.key for column in columns.values())}
    names = given.keys() & searched if COLUMN not in given else set()
    if isinstance(statement, sa.Insert) and statement.select is None:
        names = {name for name in names if isinstance(given[name], sa.ClauseElement)}
    changed = _changed_on_conflict(statement)
    names |= changed & searched if COLUMN not in changed else set()
    if names:
        raise TypeError(REFUSED.format(f"{', '.join(sorted(names))} of {statement.table.name} without their tokens"))


def _changed_on_conflict(statement: sa.Update | sa.Insert) -> set[str]:
    """What an INSERT changes in the row that is there already: each database has its own clause for it."""
    clause: Any = getattr(statement, "_post_values_clause", None)
    pairs = getattr(clause, "update_values_to_set", None) or getattr(clause, "update", None) or ()
    keys = pairs.keys() if isinstance(pairs, Mapping) else (pair[0] for pair in pairs)
    return {str(getattr(key, "key", key)) for key in keys}


def _given(
    statement: sa.Update | sa.Insert, many: Iterable[Mapping[str, Any]], one: Mapping[str, Any]
) -> dict[str, Any]:
    """What a statement sets, by column."""
    selected = getattr(statement, "_select_names", None) or ()
    values = {getattr(column, "key", column): value for column, value in (statement._values or {}).items()}
    plain = {k: v.value if isinstance(v, sa.BindParameter) else v for k, v in values.items()}
    return {**dict.fromkeys(selected), **plain, **one, **next(iter(many), {})}
