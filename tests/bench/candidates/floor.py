"""The floor: raw SQL through the driver and a table of 25 rows put together as text. No login, no ORM, no count.

A form is an f-string too, and a save is one UPDATE, committed.
"""

from __future__ import annotations

import csv
import importlib
import io
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from waitress import serve

from tests.bench.candidates import THREADS

FROM = "FROM article a LEFT JOIN {user} u ON u.id = a.user_id"
LISTED = f"SELECT a.id, a.title, u.username, a.published_at, a.created_at {FROM}"
EXPORTED = (
    f"SELECT a.id, a.title, a.content, u.username, a.published_at, a.created_at, a.updated_at {FROM} ORDER BY a.id DESC"
)
USERS = "SELECT id, username, email, name, address, created_at FROM {user} ORDER BY id DESC LIMIT 25"
COLLECTED = "a.id IN (SELECT article_id FROM info_user_collection WHERE user_id = %s)"
FIELDS = {
    "/article": ("article", ("title", "user_id", "published_at", "content")),
    "/user": ("{user}", ("username", "email", "name", "address")),
}
DRIVERS = {"mysql": "pymysql", "postgresql": "psycopg", "sqlite": "sqlite3"}
EXPORT_HEAD = ("id", "title", "content", "user", "published_at", "created_at", "updated_at")
Answer = tuple[str, Iterable[bytes]]


class Floor:
    """A WSGI application with one connection a thread."""

    def __init__(self, url: str) -> None:
        self.url = urlsplit(url)
        self.backend = self.url.scheme.split("+")[0]
        # Only the one that is needed: the floor starts with nothing else.
        self.driver: Any = importlib.import_module(DRIVERS[self.backend])
        self.local = threading.local()
        self.like = "ILIKE" if self.backend == "postgresql" else "LIKE"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = dict(parse_qsl(environ["QUERY_STRING"]))
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] == "POST":
            self.save(path, asked["id"], environ["wsgi.input"].read().decode())
            start_response("302 Found", [("Location", "/articles")])
            return []
        if path in FIELDS:
            kind, body = self.form(path, asked["id"])
        else:
            kind, body = self.export() if path == "/export" else self.page(path, asked)
        start_response("200 OK", [("Content-Type", kind)])
        return body

    def form(self, path: str, key: str) -> Answer:
        """A record's columns, to be changed."""
        table, names = FIELDS[path]
        cursor = self.cursor()
        cursor.execute(self.sql(f"SELECT {', '.join(names)} FROM {table} WHERE id = %s"), [int(key)])  # noqa: S608
        fields = "".join(
            f'<textarea name="{name}">\n{escape("" if value is None else str(value))}</textarea>'
            for name, value in zip(names, cursor.fetchone(), strict=True)
        )
        return "text/html; charset=utf-8", [f'<!doctype html><form method="post">{fields}</form>'.encode()]

    def save(self, path: str, key: str, sent: str) -> None:
        """All of them as they came; what is empty is NULL."""
        table, names = FIELDS[path]
        values = dict(parse_qsl(sent))
        columns = ", ".join(f"{name} = %s" for name in names)
        statement = self.sql(f"UPDATE {table} SET {columns} WHERE id = %s")  # noqa: S608 - names of our own
        self.cursor().execute(statement, [*(values.get(name) for name in names), int(key)])

    def page(self, path: str, asked: dict[str, str]) -> Answer:
        """Twenty-five rows as a table."""
        statement, values = (USERS, []) if path == "/users" else self.question(asked)
        cursor = self.cursor()
        cursor.execute(self.sql(statement), values)
        rows = "".join(
            f'<tr data-pk="{row[0]}">{"".join(f"<td>{escape(str(cell))}</td>" for cell in row)}</tr>'
            for row in cursor.fetchall()
        )
        return "text/html; charset=utf-8", [f"<!doctype html><table>{rows}</table>".encode()]

    def question(self, asked: dict[str, str]) -> tuple[str, list[Any]]:
        """The list's statement: a seek below `before`, a search, an author, published or not, an order."""
        conditions, values = [], []
        for name, condition in (("before", "a.id < %s"), ("author", "a.user_id = %s"), ("collector", COLLECTED)):
            if name in asked:
                conditions.append(condition)
                values.append(int(asked[name]))
        if "search" in asked:
            conditions.append(f"a.title {self.like} %s")
            values.append(f"%{asked['search']}%")
        if "published" in asked:
            conditions.append("a.published_at <= %s")
            values.append(str(datetime.now(UTC).replace(tzinfo=None)))
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = "a.title, a.id" if asked.get("sort") == "title" else "a.id DESC"
        return f"{LISTED}{where} ORDER BY {order} LIMIT 25", values

    def export(self) -> Answer:
        """All articles, streamed from a cursor that the server keeps."""
        return "text/csv; charset=utf-8", self._lines()

    def _lines(self) -> Iterator[bytes]:
        connection = self.connect()
        try:
            cursor = {
                "mysql": lambda: connection.cursor(self.driver.cursors.SSCursor),
                "postgresql": lambda: connection.cursor("export", withhold=True),
                "sqlite": lambda: connection.cursor(),
            }[self.backend]()
            cursor.execute(self.sql(EXPORTED))
            rows: Any = [EXPORT_HEAD]
            while rows:
                text = io.StringIO()
                csv.writer(text).writerows(rows)
                yield text.getvalue().encode()
                rows = cursor.fetchmany(1_000)
        finally:
            connection.close()

    def sql(self, statement: str) -> str:
        """The statement in the database's own dialect."""
        statement = statement.replace("{user}", "`user`" if self.backend == "mysql" else '"user"')
        return statement.replace("%s", "?") if self.backend == "sqlite" else statement

    def cursor(self) -> Any:
        """Of this thread's connection."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self.connect()
        return self.local.connection.cursor()

    def connect(self) -> Any:
        """A new connection that commits by itself."""
        url = self.url
        if self.backend == "sqlite":
            return self.driver.connect(unquote(url.path[1:]), isolation_level=None)
        given = {"host": url.hostname, "port": url.port, "user": url.username, "password": unquote(url.password or "")}
        if self.backend == "mysql":
            return self.driver.connect(**given, database=url.path[1:], charset="utf8mb4", autocommit=True)
        return self.driver.connect(**given, dbname=url.path[1:], autocommit=True)


if __name__ == "__main__":
    address, port = sys.argv[1:3]
    serve(Floor(address), host="127.0.0.1", port=int(port), threads=THREADS, ident=None)
