"""People at forms, over HTTP: they open, type, send, and choose where they are asked."""

from __future__ import annotations

import html
import http.client
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tests.pages import form_of

FIELDS = ("title", "user", "published_at", "content", "version", "shown", "form_id", "csrf_token")
GONE = (ConnectionError, http.client.HTTPException, TimeoutError, OSError)


class Unheard(Exception):
    """The connection broke before an answer came: what became of the save is not known."""


@dataclass
class Visitor:
    """Somebody with a browser at an address: keeps cookies, follows nothing."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, page and the address it leads on to; Unheard where no answer comes."""
        body = urlencode(form) if form is not None else None
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=40)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            page = response.read().decode()
        except GONE as problem:
            raise Unheard(str(problem)) from None
        finally:
            connection.close()
        for value in response.headers.get_all("Set-Cookie") or ():
            name, _mark, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return response.status, page, response.headers.get("Location", "")

    def sign_in(self, email: str, password: str) -> None:
        """Through the page."""
        _status, page, _to = self.ask("GET", "/sign-in")
        form = form_of(page, "csrf_token") | {"email": email, "password": password}
        status, _page, _to = self.ask("POST", "/sign-in", form)
        assert status == 302, status

    def open(self, article: int) -> dict[str, str]:
        """What the form of an article holds."""
        status, page, _to = self.ask("GET", f"/admin/article/edit/?id={article}")
        assert status == 200, (status, page[:500])
        return form_of(page, *FIELDS)

    def save(self, article: int, form: dict[str, str], **typed: str) -> int:
        """Send the form, and insist on what was typed where it met another one. The status at the end."""
        path = f"/admin/article/edit/?id={article}"
        asked = form | typed
        for _time in range(20):
            status, page, _to = self.ask("POST", path, asked)
            if status != 409:
                return status
            asked = form_of(page, *FIELDS) | typed
            for name in re.findall(r'name="conflicting" value="(\w+)"', page):
                asked |= {"conflicting": html.unescape(name), f"choose-{name}": "mine"}
        return 409
