"""The declarative base of every model, with the columns and types they share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, declared_attr, mapped_column, registry

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """A moment: aware datetimes in Python, kept as UTC with microseconds on every database.

    A naive value is refused: it would be a guess about somebody's time zone.
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """MySQL and MariaDB drop fractions of a second unless asked for six digits."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """To the database: naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone: use utcnow() or an aware datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """From the database: aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Model(DeclarativeBase):
    """Base of every mapped class: typed, with named constraints, full Unicode on MySQL and MariaDB.

    `__label__` names the text column that `__str__` gives as it stands, where it does: what writes many rows that
    lead to such a record reads this column alone.

    Every change of a record is written to its history; `__audited__ = False` leaves a model out, `__unaudited__` some
    columns of it.
    """

    __label__: ClassVar[str | None] = None
    __audited__: ClassVar[bool] = True
    __unaudited__: ClassVar[tuple[str, ...]] = ()

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMING_CONVENTION),
        type_annotation_map={datetime: UTCDateTime()},
    )
    __table_args__: Any = {
        "mysql_charset": "utf8mb4",
        "mysql_collate": "utf8mb4_unicode_520_ci",
        "mariadb_charset": "utf8mb4",
        "mariadb_collate": "utf8mb4_unicode_520_ci",
    }


@event.listens_for(Mapper, "mapper_configured")
def _remember_old_values(mapper: Mapper[Any], audited: type[Any]) -> None:
    """A value that was never loaded is loaded when it is replaced: the history tells what was there.

    Not of what the product keeps for itself, as search tokens: no history tells of them.
    """
    for prop in mapper.column_attrs if getattr(audited, "__audited__", False) else ():
        column = prop.columns[0]
        if not (isinstance(column, sa.Column) and column.info.get("internal")):
            getattr(audited, prop.key).impl.active_history = True


class Timestamped:
    """When a record was made and last changed, in UTC."""

    created_at: Mapped[datetime] = mapped_column(UTCDateTime(), default=utcnow, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime(), default=utcnow, onupdate=utcnow, sort_order=91)


class Versioned:
    """An integer that grows with every change, so that a stale form is noticed and never overwrites."""

    version: Mapped[int] = mapped_column(sa.Integer, default=1, server_default="1", sort_order=92)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805  # called with the class
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]  # set by the mapper
