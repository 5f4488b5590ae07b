"""Everybody who is measured: how each is started and how each is asked the same things."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from backoffice.database.address import normalise_database_url
from tests.bench.client import Client
from tests.bench.loading import FILES
from tests.bench.product import EMAIL, PASSWORD, ROOT, Product
from tests.bench.tasks import PER_PAGE, depth
from tests.bench.world import WORDS, World

Addresses = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Contender:
    """Who is measured. `addresses` gives each task's address, several where one of them is right."""

    key: str
    title: str
    command: Callable[[str, int], list[str]]
    addresses: Callable[[World], Addresses]
    export: str = ""
    sign_in: Callable[[Client], None] = lambda _client: None
    # Not this checkout: Jinja would find its templates there, whoever asks.
    folder: Path = FILES
    environment: Callable[[str, int], dict[str, str]] = lambda _url, _port: {**os.environ, "PYTHONPATH": str(ROOT)}
    # The address of a record's form, by its table and key; "" where it is not asked for one.
    form: Callable[[str, int], str] = lambda _table, _key: ""
    keeps_history: bool = False
    links_on: bool = False
    orders_ties: bool = False
    # Whose list, asked for in every round, tells how fast the machine is just then.
    is_yardstick: bool = False


def product(folder: Path = ROOT) -> Contender:
    """This product: `python run.py` in production, and somebody who has signed in."""
    return Contender(
        key="product",
        title="this product, signed in",
        command=lambda _url, _port: [sys.executable, "run.py"],
        environment=lambda url, port: Product(url, folder).environment(PORT=str(port)),
        addresses=_product_addresses,
        export="/admin/article/export/csv/?sort=-id",
        sign_in=lambda client: client.sign_in("/sign-in", email=EMAIL, password=PASSWORD),
        folder=folder,
        form=_admin_form,
        keeps_history=True,
        links_on=True,
        orders_ties=True,
    )


def _product_addresses(world: World) -> Addresses:
    def articles(**arguments: str) -> str:
        return f"/admin/article/?{urlencode({'sort': '-id', **arguments})}"

    def panel(key: int, name: str) -> str:
        return f"/admin/user/relation/?{urlencode({'id': str(key), 'name': name, 'sort': '-id'})}"

    at = depth(world)
    author = json.dumps({"all": [["user", "in", [world.heaviest_author]]]}, separators=(",", ":"))
    published = '{"all":[["published","is",true]]}'
    return {
        "newest": (articles(),),
        # By position; in small lists by the page's number.
        "deep": (articles(position=str(at + 1)), articles(page=str(at // PER_PAGE + 1))),
        "last": (articles(last="1"),),
        "rare": (articles(search=WORDS["english"]["rare"]),),
        "rare-zh": (articles(search=WORDS["chinese"]["rare"]),),
        "frequent": (articles(search=WORDS["english"]["frequent"]),),
        "absent": (articles(search=WORDS["english"]["absent"]),),
        "absent-zh": (articles(search=WORDS["chinese"]["absent"]),),
        "author": (articles(where=author),),
        "published": (articles(where=published, search=WORDS["english"]["rare"]),),
        "title": (articles(sort="title"),),
        "users": ("/admin/user/?sort=-id",),
        "panel": (panel(world.heaviest_collector, "collection_articles"),),
        "panel-author": (panel(world.heaviest_author, "articles"),),
    }


def floor() -> Contender:
    """Raw SQL and text put together."""

    def addresses(world: World) -> Addresses:
        below = world.articles - depth(world) + 1
        return {
            "newest": ("/articles",),
            "deep": (f"/articles?before={below}",),
            "step": (f"/articles?before={below - PER_PAGE}",),
            "end": (f"/articles?before={2 * PER_PAGE + 1}",),
            "rare": (f"/articles?search={WORDS['english']['rare']}",),
            "rare-zh": (f"/articles?search={quote(WORDS['chinese']['rare'])}",),
            "frequent": (f"/articles?search={WORDS['english']['frequent']}",),
            "absent": (f"/articles?search={WORDS['english']['absent']}",),
            "absent-zh": (f"/articles?search={quote(WORDS['chinese']['absent'])}",),
            "author": (f"/articles?author={world.heaviest_author}",),
            "published": (f"/articles?published=1&search={WORDS['english']['rare']}",),
            "title": ("/articles?sort=title",),
            "users": ("/users",),
            "panel": (f"/articles?collector={world.heaviest_collector}",),
            "panel-author": (f"/articles?author={world.heaviest_author}",),
        }

    return Contender(
        "floor",
        "floor: raw SQL",
        module("floor"),
        addresses,
        "/export",
        form=lambda table, key: f"/{table}?id={key}",
        orders_ties=True,
    )


def stock(*, counted: bool = True) -> Contender:
    """Flask-Admin as it comes; `counted` is its default. Its forms do not know of it, so one of the two is asked."""
    key, title = ("stock", "Flask-Admin stock") if counted else ("uncounted", "Flask-Admin without count")
    more = () if counted else ("uncounted",)
    command, form = module("flask_admin_stock", *more), _admin_form if counted else lambda _table, _key: ""
    return Contender(
        key, title, command, _stock_addresses, "/admin/article/export/csv/", form=form, is_yardstick=not counted
    )


def _admin_form(table: str, key: int) -> str:
    return f"/admin/{table}/edit/?id={key}"


def _stock_addresses(world: World) -> Addresses:
    def articles(**arguments: str) -> str:
        return f"/admin/article/?{urlencode(arguments)}"

    at, now = depth(world), datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "newest": (articles(),),
        "deep": (articles(page=str(at // PER_PAGE)),),
        "step": (articles(page=str(at // PER_PAGE + 1)),),
        "end": (articles(page=str(world.articles // PER_PAGE - 2)),),
        "rare": (articles(search=WORDS["english"]["rare"]),),
        "rare-zh": (articles(search=WORDS["chinese"]["rare"]),),
        "frequent": (articles(search=WORDS["english"]["frequent"]),),
        "absent": (articles(search=WORDS["english"]["absent"]),),
        "absent-zh": (articles(search=WORDS["chinese"]["absent"]),),
        "author": (articles(flt0_user_id_equals=str(world.heaviest_author)),),
        "published": (articles(flt0_published_at_smaller_than=now, search=WORDS["english"]["rare"]),),
        "title": (articles(sort="1"),),
        "users": ("/admin/user/",),
    }


def module(name: str, *more: str) -> Callable[[str, int], list[str]]:
    """How a module of `candidates` is started."""
    return lambda url, port: [
        sys.executable, "-m", f"tests.bench.candidates.{name}", normalise_database_url(url), str(port), *more
    ]  # fmt: skip
