"""How tests export and read what came."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import sqlalchemy as sa

from backoffice.database.attributes import attribute
from backoffice.models import Article
from backoffice.records.exporting import Column, Source, export
from tests.everything import PLAIN

# What only a program can read is named by its type, and never read back.
READABLE = [name for name in PLAIN if name != "pickle"]


def columns(model: type[Any], *names: str) -> list[Column]:
    return [Column(name, name.capitalize(), attribute(model, name)) for name in names]


def source(engine: sa.Engine, *names: str, model: type[Any] = Article, **given: Any) -> Source:
    statement = given.pop("statement", sa.select(model).order_by(model.id))
    return Source(engine, statement, model, given.pop("columns", columns(model, *names)), **given)


def content(kind: str, asked: Source) -> bytes:
    return b"".join(export(kind, asked, "Articles"))


def objects(asked: Source) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content("jsonl", asked).decode().splitlines()]


def lines(asked: Source) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content("csv", asked).decode().removeprefix("\ufeff"), newline="")))


def busy(engine: sa.Engine) -> int:
    """How many connections are out of the pool."""
    return engine.pool.checkedout()  # type: ignore[attr-defined]  # of every pool that the product uses
