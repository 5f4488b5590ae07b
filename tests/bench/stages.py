"""Where jobs are measured: a server in production settings, a worker as operators start it, somebody signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.bench.client import Client
from tests.bench.contenders import Contender
from tests.bench.loading import Database
from tests.bench.people import Person
from tests.bench.product import Product
from tests.bench.servers import Process, Redis, Server, Worker


@dataclass(frozen=True)
class Way:
    """How workers run, and how they come to know that there is something to do."""

    key: str
    title: str
    beside: bool = False
    redis: bool = False


LOOKING = Way("looking", "`flask jobs work`, looking by itself")
WOKEN = Way("woken", "`flask jobs work`, woken through Redis", redis=True)
BESIDE = Way("beside", "the worker beside the pages", beside=True)


def ways() -> list[Way]:
    """Those that can be tried here."""
    return [BESIDE, LOOKING, *([WOKEN] if Redis.installed else [])]


@dataclass(frozen=True)
class Stage:
    """What runs, and whom it runs for. `working` is the process that works jobs off."""

    database: Database
    contender: Contender
    server: Server
    working: Process
    person: Person

    def another(self) -> Client:
        """One more browser in which somebody signs in."""
        client = Client(self.server.client.port)
        self.contender.sign_in(client)
        return client


@contextmanager
def stage(contender: Contender, database: Database, way: Way) -> Iterator[Stage]:
    """All of it, ended afterwards; the worker may still be starting."""
    with ExitStack() as stack:
        redis = stack.enter_context(Redis()).url if way.redis else ""
        environment = {"REDIS_URL": redis, "RUN_WORKER": "yes" if way.beside else "no"}
        server = stack.enter_context(Server(contender, database.url, more=environment))
        product = Product(database.url, contender.folder)
        working = server if way.beside else stack.enter_context(Worker(product, environment))
        contender.sign_in(server.client)
        yield Stage(database, contender, server, working, Person(server.client))
