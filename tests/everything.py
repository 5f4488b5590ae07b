"""Models that have every column type, on a registry of their own so that no migration ever sees their tables."""

from __future__ import annotations

import enum
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from backoffice.models import Model, UTCDateTime


class Base(DeclarativeBase):
    """Flask-SQLAlchemy's session finds the application's engine for these tables too: they name no other."""

    metadata = sa.MetaData(naming_convention=Model.metadata.naming_convention)
    __table_args__: Any = Model.__table_args__


class Colour(enum.Enum):
    """Its names are not its values, so a mix-up shows."""

    RED = "r"
    DEEP_BLUE = "b"


class Parcel(Base):
    """A record whose key is a UUID."""

    __tablename__ = "parcel"

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)

    def __str__(self) -> str:
        return self.name


COLOUR = sa.Enum(Colour, name="colour")
STATE = sa.Enum("draft", "done", name="state")


def maybe(column_type: Any) -> Mapped[Any]:
    """A column that may be NULL."""
    return mapped_column(column_type, nullable=True)


def needed(column_type: Any, **options: Any) -> Mapped[Any]:
    """A column that may not."""
    return mapped_column(column_type, nullable=False, **options)


class Everything(Base):
    """Every type twice: what may be NULL, and `<type>_needed`, which may not."""

    __tablename__ = "everything"

    id: Mapped[int] = mapped_column(primary_key=True)
    integer: Mapped[Any] = maybe(sa.Integer)
    integer_needed: Mapped[Any] = needed(sa.Integer)
    small: Mapped[Any] = maybe(sa.SmallInteger)
    small_needed: Mapped[Any] = needed(sa.SmallInteger)
    big: Mapped[Any] = maybe(sa.BigInteger)
    big_needed: Mapped[Any] = needed(sa.BigInteger)
    string: Mapped[Any] = maybe(sa.String(80))
    string_needed: Mapped[Any] = needed(sa.String(80))
    text: Mapped[Any] = maybe(sa.Text)
    text_needed: Mapped[Any] = needed(sa.Text)
    date: Mapped[Any] = maybe(sa.Date)
    date_needed: Mapped[Any] = needed(sa.Date)
    time: Mapped[Any] = maybe(sa.Time)
    time_needed: Mapped[Any] = needed(sa.Time)
    naive: Mapped[Any] = maybe(sa.DateTime)
    naive_needed: Mapped[Any] = needed(sa.DateTime)
    moment: Mapped[Any] = maybe(UTCDateTime)
    moment_needed: Mapped[Any] = needed(UTCDateTime)
    interval: Mapped[Any] = maybe(sa.Interval)
    interval_needed: Mapped[Any] = needed(sa.Interval)
    float: Mapped[Any] = maybe(sa.Float)
    float_needed: Mapped[Any] = needed(sa.Float)
    double: Mapped[Any] = maybe(sa.Double)
    double_needed: Mapped[Any] = needed(sa.Double)
    numeric: Mapped[Any] = maybe(sa.Numeric(12, 3))
    numeric_needed: Mapped[Any] = needed(sa.Numeric(12, 3))
    boolean: Mapped[Any] = maybe(sa.Boolean)
    boolean_needed: Mapped[Any] = needed(sa.Boolean)
    colour: Mapped[Any] = maybe(COLOUR)
    colour_needed: Mapped[Any] = needed(COLOUR)
    state: Mapped[Any] = maybe(STATE)
    state_needed: Mapped[Any] = needed(STATE)
    json: Mapped[Any] = maybe(sa.JSON)
    json_needed: Mapped[Any] = needed(sa.JSON)
    uuid: Mapped[Any] = maybe(sa.Uuid)
    uuid_needed: Mapped[Any] = needed(sa.Uuid)
    pickle: Mapped[Any] = maybe(sa.PickleType)
    pickle_needed: Mapped[Any] = needed(sa.PickleType, default=dict)
    binary: Mapped[Any] = maybe(sa.LargeBinary)
    binary_needed: Mapped[Any] = needed(sa.LargeBinary)
    parcel_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("parcel.id"))

    parcel: Mapped[Parcel | None] = relationship()

    def __str__(self) -> str:
        return f"Everything {self.id}"


# One unremarkable value for each pair of columns.
PLAIN: dict[str, Any] = {
    "integer": 5,
    "small": -6,
    "big": 2**40,
    "string": "Ada",
    "text": "one\ntwo",
    "date": date(2026, 1, 31),
    "time": time(18, 30),
    "naive": datetime(2026, 1, 31, 18, 30),  # noqa: DTZ001 - the column keeps no zone
    "moment": datetime(2026, 1, 31, 18, 30, tzinfo=UTC),
    "interval": timedelta(days=1, hours=2),
    "float": 1.5,
    "double": 0.1,
    "numeric": Decimal("12.500"),
    "boolean": True,
    "colour": Colour.DEEP_BLUE,
    "state": "draft",
    "json": {"a": [1, "二"]},
    "uuid": uuid.UUID(int=7),
    "pickle": {1, 2},
    "binary": b"\0\xff",
}
NEEDED = {f"{name}_needed": value for name, value in PLAIN.items()}


def everything(**values: Any) -> Everything:
    """A record, not yet saved, with nothing but what it needs and what is given."""
    return Everything(**{**NEEDED, **values})


# A second value for each pair of columns that can be compared or typed, each unequal to the first.
OTHER: dict[str, Any] = {
    "integer": -7,
    "small": 0,
    "big": -(2**40),
    "string": "ada lovelace 100%",
    "text": "三体\n😀",
    "date": date(1, 1, 1),
    "time": time(0),
    "naive": datetime(999, 12, 31, 23, 59, 59),  # noqa: DTZ001 - the column keeps no zone
    "moment": datetime(2026, 1, 31, 18, 30, 0, 1, tzinfo=UTC),
    "interval": timedelta(seconds=-1),
    "float": -0.25,
    "double": 1e300,
    "numeric": Decimal("-0.125"),
    "boolean": False,
    "colour": Colour.RED,
    "state": "done",
    "json": [],
    "uuid": uuid.UUID(int=2**127),
}
