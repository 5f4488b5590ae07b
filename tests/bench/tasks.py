"""What is asked of everybody, and what SQL says the answer has to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tests.bench.candidates.tables import Article, Collection, User
from tests.bench.world import WORDS, World

PER_PAGE = 25
# Stock's list without its count, on the machine that the goals were set on.
YARDSTICK = 0.0102


@dataclass(frozen=True)
class Task:
    """A question with one right answer: the keys of 25 rows.

    `goal` is what this product aims at, in seconds, on a machine where the yardstick takes YARDSTICK.
    """

    key: str
    title: str
    expected: Callable[[World], sa.Select[Any]]
    goal: float | None = None


@dataclass(frozen=True)
class FormTask:
    """A record's form: opened, or sent with another text in the first of the fields `shown`."""

    key: str
    title: str
    model: type[Article | User]
    record: Callable[[World], int]
    shown: tuple[str, ...]
    saves: bool = False

    @property
    def table(self) -> str:
        """What addresses call the model, too."""
        return self.model.__tablename__


def _newest(*conditions: Any, skip: int = 0) -> sa.Select[Any]:
    """The keys alone are skipped over, which an index serves."""
    return sa.select(Article.id).where(*conditions).order_by(Article.id.desc()).limit(PER_PAGE).offset(skip)


def depth(world: World) -> int:
    """How many rows stand before the page at 75 %: whole pages, so that everybody can ask for it."""
    return world.articles * 3 // 4 // PER_PAGE * PER_PAGE


def _found(language: str, frequency: str) -> Callable[[World], sa.Select[Any]]:
    return lambda _world: _newest(Article.title.contains(WORDS[language][frequency]))


TASKS = (
    Task("newest", "article list, newest first", lambda _world: _newest(), 0.008),
    Task("deep", "the page at 75 % depth", lambda world: _newest(skip=depth(world)), 0.01),
    Task("step", "one page on from there", lambda world: _newest(skip=depth(world) + PER_PAGE), 0.01),
    Task("end", "the last page but one", lambda _world: _newest(Article.id <= 2 * PER_PAGE, Article.id > PER_PAGE)),
    Task("rare", "search, a word in 0.1 % of titles", _found("english", "rare"), 0.01),
    Task("rare-zh", "the same in Chinese", _found("chinese", "rare")),
    Task("frequent", "search, a word in 2 % of titles", _found("english", "frequent")),
    Task("absent", "search, a word in no title", _found("english", "absent"), 0.01),
    Task("absent-zh", "the same in Chinese", _found("chinese", "absent")),
    Task("author", "filter on the heaviest author", lambda w: _newest(Article.user_id == w.heaviest_author), 0.008),
    Task(
        "published",
        "published = yes AND search",
        lambda _world: _newest(
            Article.title.contains(WORDS["english"]["rare"]), Article.published_at <= sa.func.current_timestamp()
        ),
        0.012,
    ),
    Task(
        "title",
        "sort by title",
        lambda _world: sa.select(Article.id).order_by(Article.title, Article.id).limit(25),
        0.008,
    ),
    Task("users", "user list", lambda _world: sa.select(User.id).order_by(User.id.desc()).limit(PER_PAGE), 0.008),
    Task(
        "panel",
        "what the heaviest collector keeps",
        lambda world: _newest(
            Article.id.in_(sa.select(Collection.c.article_id).where(Collection.c.user_id == world.heaviest_collector))
        ),
    ),
    Task(
        "panel-author",
        "what the heaviest author wrote",
        lambda world: _newest(Article.user_id == world.heaviest_author),
    ),
)

ARTICLE_FIELDS, USER_FIELDS = ("title", "content"), ("address", "username", "email", "name")
FORMS = (
    FormTask("open", "open an article’s form", Article, lambda world: world.some_article, ARTICLE_FIELDS),
    FormTask(
        "open-heavy", "open the heaviest collector’s form", User, lambda world: world.heaviest_collector, USER_FIELDS
    ),
    FormTask("save", "save an article", Article, lambda world: world.some_article, ARTICLE_FIELDS, saves=True),
    FormTask(
        "save-heavy", "save the heaviest collector", User, lambda world: world.heaviest_collector, USER_FIELDS,
        saves=True,
    ),
)  # fmt: skip


def expected_rows(connection: sa.Connection, task: Task, world: World) -> list[int]:
    """The right answer."""
    return list(connection.scalars(task.expected(world)))


def same_titles(connection: sa.Connection, rows: list[int], expected: list[int]) -> bool:
    """Whether two pages hold the same titles: most peers leave open which of two equal ones comes first."""
    found: dict[int, str] = dict(
        connection.execute(sa.select(Article.id, Article.title).where(Article.id.in_([*rows, *expected]))).all()
    )
    return [found[row] for row in rows] == [found[row] for row in expected]
