"""Records for tests: plain functions that add a row, commit it and give it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import Article, Collection, Role, Staff, User

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
_numbers = count(1)
# More than this are inserted by one statement and stand in no history: a test wants them there, not made.
MANY = 2_000
Record = TypeVar("Record", User, Article, Staff)


def make_user(session: Session, **values: Any) -> User:
    """A user; what is not given gets a value no other user has."""
    n = next(_numbers)
    return _keep(session, User(**{"username": f"user{n}", "email": f"user{n}@example.com", **values}))


def make_article(session: Session, **values: Any) -> Article:
    """An article, unpublished and without an author unless told."""
    n = next(_numbers)
    return _keep(session, Article(**{"title": f"Article {n}", "content": f"Text {n}", **values}))


def make_articles(session: Session, number: int, **values: Any) -> list[Article]:
    """Several articles, titled `Article 1`, `Article 2`, …, in one transaction."""
    if number > MANY:
        rows = [{"title": f"Article {n}", "content": "", **values} for n in range(1, number + 1)]
        session.execute(sa.insert(Article), rows)
        session.commit()
        return list(session.scalars(sa.select(Article).order_by(Article.id.desc()).limit(number)))[::-1]
    articles = [Article(**{"title": f"Article {n}", "content": "", **values}) for n in range(1, number + 1)]
    session.add_all(articles)
    session.commit()
    return articles


def collect(session: Session, user: User, articles: Article | Iterable[Article], **values: Any) -> list[Collection]:
    """Put one or more articles into the user's collection; of very many no links are given back."""
    chosen = [articles] if isinstance(articles, Article) else list(articles)
    if len(chosen) > MANY:
        session.execute(sa.insert(Collection), [{"user_id": user.id, "article_id": a.id, **values} for a in chosen])
        session.commit()
        return []
    links = [Collection(user_id=user.id, article_id=article.id, **values) for article in chosen]
    session.add_all(links)
    session.commit()
    return links


def make_staff(session: Session, role: str = "admin", **values: Any) -> Staff:
    """An account of the given role; its password is whatever hash is given, by default none that fits."""
    n = next(_numbers)
    roles = [session.scalars(sa.select(Role).where(Role.name == role)).one()]
    given = {
        "email": f"{role}{n}@example.com",
        "password": "!",
        "fs_uniquifier": f"staff-{n}",
        "roles": roles,
        **values,
    }
    return _keep(session, Staff(**given))


def _keep(session: Session, record: Record) -> Record:
    session.add(record)
    session.commit()
    return record
