"""Other admins, measured when asked for: they need the packages of the dependency group `bench`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

from tests.bench.client import Client
from tests.bench.contenders import Addresses, Contender, module
from tests.bench.loading import FILES
from tests.bench.tasks import PER_PAGE, depth
from tests.bench.world import WORDS, World

SIGN_IN = {"username": "bench", "password": "a password for the benchmark alone"}


def django() -> Contender:
    """Django's admin, signed in. Its filters ask by the addresses that its links and its lookups share."""

    def addresses(world: World) -> Addresses:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return {
            **_searches("/admin/bench_content/article/", "q"),
            "newest": ("/admin/bench_content/article/",),
            "deep": (f"/admin/bench_content/article/?p={depth(world) // PER_PAGE + 1}",),
            "step": (f"/admin/bench_content/article/?p={depth(world) // PER_PAGE + 2}",),
            "author": (f"/admin/bench_content/article/?user__id__exact={world.heaviest_author}",),
            "published": (
                "/admin/bench_content/article/?" + urlencode({"q": WORDS["english"]["rare"], "published_at__lt": now}),
            ),
            "title": ("/admin/bench_content/article/?o=2",),
            "users": ("/admin/bench_content/user/",),
        }

    def sign_in(client: Client) -> None:
        client.sign_in("/admin/login/", **SIGN_IN)

    more = str(FILES / "django.db")
    return Contender("django", "Django admin, signed in", module("django_site", more), addresses, sign_in=sign_in)


def starlette() -> Contender:
    """starlette-admin."""

    def addresses(world: World) -> Addresses:
        def articles(**arguments: str) -> str:
            return f"/admin/article/list?{urlencode(arguments)}"

        published = articles(q=WORDS["english"]["rare"], filter="published_at__in_past")
        return {
            **_searches("/admin/article/list", "q"),
            "newest": (articles(),),
            "deep": (articles(page=str(depth(world) // PER_PAGE + 1)),),
            "step": (articles(page=str(depth(world) // PER_PAGE + 2)),),
            "author": (articles(filter=f"user_id__eq={world.heaviest_author}"),),
            "published": (published,),
            "title": (articles(sort="title__asc"),),
            "users": ("/admin/user/list",),
        }

    return Contender("starlette", "starlette-admin", module("starlette_admin_site"), addresses)


def sqladmin() -> Contender:
    """sqladmin."""

    def addresses(world: World) -> Addresses:
        def articles(**arguments: str) -> str:
            return f"/admin/article/list?{urlencode(arguments)}"

        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        published = {"published_at": now, "published_at_op": "less_than", "search": WORDS["english"]["rare"]}
        return {
            **_searches("/admin/article/list", "search"),
            "newest": (articles(),),
            "deep": (articles(page=str(depth(world) // PER_PAGE + 1)),),
            "step": (articles(page=str(depth(world) // PER_PAGE + 2)),),
            "author": (articles(user_id=str(world.heaviest_author), user_id_op="equals"),),
            "published": (articles(**published),),
            "title": (articles(sortBy="title", sort="asc"),),
            "users": ("/admin/user/list",),
        }

    return Contender("sqladmin", "sqladmin", module("sqladmin_site"), addresses)


def _searches(path: str, argument: str) -> Addresses:
    wanted = {
        "rare": WORDS["english"]["rare"],
        "rare-zh": WORDS["chinese"]["rare"],
        "frequent": WORDS["english"]["frequent"],
        "absent": WORDS["english"]["absent"],
        "absent-zh": WORDS["chinese"]["absent"],
    }
    return {task: (f"{path}?{urlencode({argument: word})}",) for task, word in wanted.items()}


PEERS: dict[str, Callable[[], Contender]] = {"django": django, "starlette": starlette, "sqladmin": sqladmin}
