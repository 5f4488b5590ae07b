"""Loads demo data with plain INSERTs in chunks: set-based, in constant memory, at any size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa

from backoffice.demo import collecting
from backoffice.demo.content import article
from backoffice.demo.people import person
from backoffice.demo.world import Size, World
from backoffice.models import Article, Collection, User

CHUNK = 1_000
Row = dict[str, Any]


def is_empty(connection: sa.Connection) -> bool:
    """Whether nobody has put a user or an article in yet."""
    return all(_last_id(connection, model) == 0 for model in (User, Article))


def load(
    connection: sa.Connection,
    size: Size,
    *,
    now: datetime,
    seed: int = 1,
    progress: Callable[[int], object] = int,
    after_chunk: Callable[[], object] = int,
) -> None:
    """Add `size` rows after those that are there; `progress` hears of every chunk.

    The caller commits: at the end, so that a load stopped half-way leaves nothing, or with
    `after_chunk=connection.commit` for sizes that no single transaction should hold.
    """
    collecting.check(size)
    world = World(size, now, seed)
    users, articles = _last_id(connection, User), _last_id(connection, Article)
    for model, rows in (
        (User, user_rows(world, users)),
        (Article, article_rows(world, users, articles)),
        (Collection, collection_rows(world, users, articles)),
    ):
        for chunk in _chunks(rows):
            connection.execute(sa.insert(model), chunk)
            after_chunk()
            progress(len(chunk))
    for model in (User, Article):
        _move_sequence(connection, model)


def user_rows(world: World, before: int) -> Iterator[Row]:
    """Users, who cannot sign in: they have no password. The first is `reader`, unless users were there before."""
    for n in range(world.size.users):
        someone = person(world.seed, before + n)
        username = "reader" if before + n == collecting.READER else someone.username
        joined = world.joined(n)
        yield {
            "id": before + n + 1,
            "username": username,
            "email": f"{username}@example.com",
            "name": someone.name,
            "password_hash": None,
            "address": someone.address,
            "created_at": joined,
            "updated_at": joined,
            "version": 1,
        }


def article_rows(world: World, users_before: int, before: int) -> Iterator[Row]:
    """Articles, oldest first."""
    for n in range(world.size.articles):
        title, content = article(world.seed, before + n)
        written = world.written(n)
        author, published = world.author(n, written), world.published(n, written)
        seen = published or written
        edited = world.chance(8, n) < 0.25
        changed = min(seen + timedelta(days=90) * world.chance(9, n), world.now) if edited else seen
        yield {
            "id": before + n + 1,
            "title": title,
            "content": content,
            "user_id": None if author is None else users_before + author + 1,
            "published_at": published,
            "created_at": written,
            "updated_at": changed,
            "version": 1 + (published is not None) + edited,
        }


def collection_rows(world: World, users_before: int, articles_before: int) -> Iterator[Row]:
    """Who keeps what, user by user, each since some moment after both were there."""
    for user, count in collecting.counts(world.size):
        joined = world.joined(user)
        for kept in collecting.collected(world, user, count):
            possible = max(joined, world.written(kept))
            moment = possible + (world.now - possible) * world.chance(10, user, kept)
            yield {
                "user_id": users_before + user + 1,
                "article_id": articles_before + kept + 1,
                "collected_at": moment,
                "created_at": moment,
                "updated_at": moment,
                "version": 1,
            }


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _last_id(connection: sa.Connection, model: type[User | Article]) -> int:
    return connection.scalar(sa.select(sa.func.max(model.id))) or 0


def _move_sequence(connection: sa.Connection, model: type[User | Article]) -> None:
    """PostgreSQL alone does not notice ids that were given: the next row made by hand would collide."""
    if connection.dialect.name != "postgresql" or not (last := _last_id(connection, model)):
        return
    table = connection.dialect.identifier_preparer.format_table(model.__table__)
    connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table, "id"), last)))
