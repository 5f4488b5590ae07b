"""A client of few words: one connection a request, the whole answer read, and a watch around both."""

from __future__ import annotations

import html
import http.client
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

ROW = re.compile(
    r'<tr[^>]*\sdata-(?:sa-)?pk="(\d+)"'  # this product, the floor, starlette-admin
    r'|<input[^>]*\bname="(?:rowid|_selected_action)"[^>]*\bvalue="(\d+)"'  # Flask-Admin, Django
    r'|<td>\s*<input type="hidden" value="(\d+)">'  # sqladmin
)
CSRF = re.compile(r'name="csrf(?:_token|middlewaretoken)"[^>]*\bvalue="([^"]*)"')
COOKIE = re.compile(r"[^=;]+=[^;]*")


class WrongAnswer(Exception):
    """A page that is not what SQL says it has to be: its time would mean nothing."""


@dataclass(frozen=True)
class Answer:
    """What came back: seconds until the last byte, and until the first of the body."""

    status: int
    body: bytes
    seconds: float
    first_byte: float
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def rows(self) -> list[int]:
        """The keys of the table's rows, in order; a row may tell its key twice."""
        return list(dict.fromkeys(int(next(filter(None, found))) for found in ROW.findall(self.text)))

    def link(self, rel: str) -> str:
        """Where the page's link of this relation leads."""
        for tag in re.findall(r"<a\b[^>]*>", self.text):
            if f'rel="{rel}"' in tag and (found := re.search(r'\bhref="([^"]*)"', tag)):
                return html.unescape(found[1])
        raise WrongAnswer(f'the page has no link with rel="{rel}"')


@dataclass
class Client:
    """Somebody at a port of this machine, with the cookies that were given there."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path, None, headers or {})

    def post(self, path: str, values: Iterable[tuple[str, str]]) -> Answer:
        """Send a form."""
        body = urlencode(list(values)).encode()
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def upload(self, path: str, values: Iterable[tuple[str, str]], name: str, file: str, content: bytes) -> Answer:
        """Send a form with a file in it."""
        border = secrets.token_hex(16)
        parts = [f'--{border}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in values]
        told = f'Content-Disposition: form-data; name="{name}"; filename="{file}"\r\nContent-Type: text/csv'
        head = f"{''.join(parts)}--{border}\r\n{told}\r\n\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={border}"}
        return self._ask("POST", path, head + content + f"\r\n--{border}--\r\n".encode(), kind)

    def sign_in(self, path: str, **values: str) -> None:
        """Through the page that people use; a WrongAnswer if that does not let us in."""
        page = self.get(path)
        found = CSRF.search(page.text)
        token = {"csrf_token": html.unescape(found[1]), "csrfmiddlewaretoken": html.unescape(found[1])} if found else {}
        answer = self.post(path, {**token, **values}.items())
        if answer.status not in (302, 303):
            raise WrongAnswer(f"signing in at {path} was answered with {answer.status}")

    def cookie_header(self) -> dict[str, str]:
        """The cookies as they are sent."""
        return {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())} if self.cookies else {}

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            connection.request(method, path, body, {**headers, **self.cookie_header()})
            response = connection.getresponse()
            start = response.read(1)
            first_byte = time.perf_counter() - started
            whole = start + response.read()
            seconds = time.perf_counter() - started
        finally:
            connection.close()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie" and (found := COOKIE.match(value)):
                key, _, held = found[0].partition("=")
                self.cookies[key] = held
        return Answer(response.status, whole, seconds, first_byte, response.getheaders())
