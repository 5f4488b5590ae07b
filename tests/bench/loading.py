"""Makes the benchmark's databases, by the fastest way each server has, and keeps them for the next run."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from backoffice.database import search_index, token_tables
from backoffice.database.address import normalise_database_url
from tests.bench.product import ROOT, Product
from tests.bench.world import World
from tests.databases import SERVERS, server

PREFIX = "backoffice_bench_"
FILES = ROOT / "build" / "bench"
# Another number where the rows change, so that databases of older rows are made anew.
ROWS_VERSION = 1
CHUNK = 5_000
WORKERS = max(1, min(4, os.cpu_count() or 1))
TIMES = ("created_at", "updated_at", "version")
COLUMNS = {
    "user": ("id", "username", "email", "name", "address", *TIMES),
    "article": ("id", "title", "content", "user_id", "published_at", *TIMES),
    "info_user_collection": ("user_id", "article_id", "collected_at", *TIMES),
}
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class Database:
    """One of the benchmark's databases: on which kind of server, and of which size."""

    backend: str
    world: World

    @property
    def name(self) -> str:
        return PREFIX + self.world.name

    @property
    def url(self) -> str:
        """As DATABASE_URL takes it."""
        if self.backend == "sqlite":
            return f"sqlite:///{FILES / self.name}.db"
        return sa.make_url(SERVERS[self.backend]).set(database=self.name).render_as_string(hide_password=False)

    def engine(self, **options: Any) -> sa.Engine:
        """Connections of one's own, closed after use."""
        return sa.create_engine(normalise_database_url(self.url), poolclass=sa.NullPool, **options)

    def ready(self) -> bool:
        """Whether the rows of this size are there."""
        with suppress(sa.exc.DBAPIError), self.engine().connect() as connection:
            made = connection.execute(sa.text("SELECT rows_version, articles FROM bench_made")).all()
            return made == [(ROWS_VERSION, self.world.articles)]
        return False

    def make(self, say: Callable[[str], object], folder: Path = ROOT) -> None:
        """Bring it up to date; where the rows are not there, drop it and load them."""
        product = Product(self.url, folder)
        is_new = not self.ready()
        if is_new:
            self.drop()
            self._create()
            say(f"Making {self.name} on {self.backend}: {self.world.articles:,} articles.")
            product.flask("db", "upgrade")
            for table in COLUMNS:
                say(f"  loading {table}")
                _load(self, table)
            self._mark()
        else:
            product.flask("db", "upgrade")
        product.index()
        product.account(is_new)

    def drop(self) -> None:
        """Away with it."""
        if self.backend == "sqlite":
            for file in FILES.glob(f"{self.name}.db*"):
                file.unlink()
            return
        with server(self.backend).connect() as connection:
            force = " WITH (FORCE)" if self.backend == "postgresql" else ""
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {self.name}{force}")

    def _create(self) -> None:
        if self.backend == "sqlite":
            FILES.mkdir(parents=True, exist_ok=True)
            return
        with server(self.backend).connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {self.name}")

    def _mark(self) -> None:
        """Let the planner know the rows, and the next run that they are all there."""
        with self.engine(isolation_level="AUTOCOMMIT").connect() as connection:
            for table in COLUMNS:
                quoted = connection.dialect.identifier_preparer.quote(table)
                connection.exec_driver_sql(f"ANALYZE {'TABLE ' if self.backend == 'mysql' else ''}{quoted}")
            connection.exec_driver_sql("CREATE TABLE bench_made (rows_version INTEGER, articles INTEGER)")
            made = sa.table("bench_made", sa.column("rows_version"), sa.column("articles"))
            connection.execute(made.insert().values(rows_version=ROWS_VERSION, articles=self.world.articles))


def drop_all(backend: str) -> list[str]:
    """Drop every database of the benchmark on a server; their names."""
    if backend == "sqlite":
        names = [file.stem for file in FILES.glob(f"{PREFIX}*.db")]
        for file in FILES.glob(f"{PREFIX}*.db*"):
            file.unlink()
        return names
    with server(backend).connect() as connection:
        names = [name for name in sa.inspect(connection).get_schema_names() if name.startswith(PREFIX)]
        if backend == "postgresql":
            found = connection.exec_driver_sql("SELECT datname FROM pg_database").scalars()
            names = [name for name in found if name.startswith(PREFIX)]
        for name in names:
            connection.exec_driver_sql(f"DROP DATABASE {name}{' WITH (FORCE)' if backend == 'postgresql' else ''}")
    return names


# -- rows --------------------------------------------------------------------------------------------------------------


def _rows(world: World, table: str) -> Iterator[list[tuple[Any, ...]]]:
    """A table's rows in chunks, with their search tokens, made on every processor."""
    if table == "info_user_collection":
        rows = world.collection_rows()
        yield from iter(lambda: list(islice(rows, CHUNK)), [])
        return
    size = world.users if table == "user" else world.articles
    if size <= CHUNK:  # other processes would take longer to start
        _start_worker(world, table)
        yield _chunk(range(size))
        return
    starts = range(0, size, CHUNK)
    # Not by fork: there are threads here.
    with get_context("spawn").Pool(WORKERS, initializer=_start_worker, initargs=(world, table)) as pool:
        yield from pool.imap(_chunk, [range(start, min(start + CHUNK, size)) for start in starts])


_make: Callable[[int], tuple[Any, ...]]


def _start_worker(world: World, table: str) -> None:
    global _make
    row, model = (world.user_row if table == "user" else world.article_row), searchable(table)
    # No column of these tables has another name than its attribute, so a row's names are a record's.
    names = COLUMNS[table]
    _make = (
        row if model is None else lambda n: (*(made := row(n)), model.tokens_of(dict(zip(names, made, strict=True))))
    )


def _chunk(numbers: range) -> list[tuple[Any, ...]]:
    return [_make(n) for n in numbers]


def searchable(table: str) -> Any:
    """The product's model of a table, if it keeps search tokens, which `LOAD DATA` and its like know nothing of."""
    from backoffice.models import Model
    from backoffice.models.searchable import is_searchable

    models = (mapper.class_ for mapper in Model.registry.mappers)
    return next((model for model in models if model.__tablename__ == table and is_searchable(model)), None)


# -- ways into each database -------------------------------------------------------------------------------------------


def _load(database: Database, table: str) -> None:
    columns = [*COLUMNS[table], *(["search_tokens"] if searchable(table) else [])]
    options = {"connect_args": {"local_infile": True}} if database.backend == "mysql" else {}
    engine = database.engine(**options)
    with engine.connect() as connection, _without_indexes(connection, table):
        quote = connection.dialect.identifier_preparer.quote
        target = f"{quote(table)} ({', '.join(map(quote, columns))})"
        way = {"mysql": _load_data, "postgresql": _copy, "sqlite": _insert}[database.backend]
        way(connection, target, len(columns), _rows(database.world, table))
        connection.commit()
        if database.backend == "mysql" and (model := searchable(table)):
            search_index.create(engine, model.__table__)
        if database.backend == "postgresql" and "id" in columns:
            last = sa.select(sa.func.max(sa.column("id"))).select_from(sa.table(table)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(quote(table), "id"), last)))
            connection.commit()


def _load_data(connection: sa.Connection, target: str, _width: int, chunks: Iterator[Any]) -> None:
    """Through a pipe with a name, so that ten million rows need no room on the disk beside the table."""
    connection.exec_driver_sql("SET SESSION unique_checks = 0, foreign_key_checks = 0")
    with tempfile.TemporaryDirectory() as folder:
        pipe = Path(folder) / "rows"
        os.mkfifo(pipe)
        writer = threading.Thread(target=_write, args=(pipe, chunks), daemon=True)
        writer.start()
        connection.exec_driver_sql(f"LOAD DATA LOCAL INFILE '{pipe}' INTO TABLE {_with_charset(target)}")
        writer.join()


def _with_charset(target: str) -> str:
    table, columns = target.split(" ", 1)
    return f"{table} CHARACTER SET utf8mb4 {columns}"


def _write(pipe: Path, chunks: Iterator[Any]) -> None:
    with pipe.open("wb") as file:
        for chunk in chunks:
            file.write(_lines(chunk))


def _copy(connection: sa.Connection, target: str, _width: int, chunks: Iterator[Any]) -> None:
    connection.exec_driver_sql("SET session_replication_role = replica")
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for chunk in chunks:
            copy.write(_lines(chunk))


def _insert(connection: sa.Connection, target: str, width: int, chunks: Iterator[Any]) -> None:
    connection.exec_driver_sql("PRAGMA synchronous = OFF")
    driver: Any = connection.connection.driver_connection
    statement = f"INSERT INTO {target} VALUES ({', '.join('?' * width)})"  # noqa: S608 - names of our own
    for chunk in chunks:
        driver.executemany(statement, [tuple(map(_stored, row)) for row in chunk])


def _stored(value: Any) -> Any:
    return value.isoformat(" ", "microseconds") if isinstance(value, datetime) else value


def _lines(rows: Iterable[tuple[Any, ...]]) -> bytes:
    """Rows in the form that LOAD DATA and COPY share."""
    return "".join("\t".join(map(_field, row)) + "\n" for row in rows).encode()


def _field(value: Any) -> str:
    return "\\N" if value is None else str(value).translate(ESCAPES)


@contextmanager
def _without_indexes(connection: sa.Connection, table: str) -> Iterator[None]:
    """Indexes that are made faster after the rows than along with them."""
    backend = connection.dialect.name
    if backend in ("mysql", "mariadb"):
        # The token table is no index of the server's: see `_load`.
        drop, create = (token_tables.dropping(table) if searchable(table) else []), []
    elif backend == "postgresql":
        found = connection.exec_driver_sql(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
            "(SELECT conname FROM pg_constraint)", (table,)
        ).all()  # fmt: skip
        drop, create = [f'DROP INDEX "{name}"' for name, _ in found], [definition for _, definition in found]
    else:
        found = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?", (table,)
        ).all()
        drop, create = [f'DROP INDEX "{name}"' for name, _ in found], [definition for _, definition in found]
    for statement in drop:
        connection.exec_driver_sql(statement)
    connection.commit()
    yield
    for statement in create:
        connection.exec_driver_sql(statement)
    connection.commit()
