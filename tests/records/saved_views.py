"""How tests keep saved views and read them."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.models import Role, SavedView
from backoffice.records import saved_views
from backoffice.records.saved_views import Person

Somebody = Callable[..., Person]


def role_id(session: Session, name: str) -> int:
    return session.scalars(sa.select(Role.id).where(Role.name == name)).one()


def temporary_role(session: Session, name: str) -> int:
    role = Role(name=name, permissions=[])
    session.add(role)
    session.commit()
    return role.id


def keep(session: Session, person: Person, name: str, **values: object) -> SavedView:
    """A view of the article list, changed at once as told."""
    view = saved_views.create(session, person, "article", name, {"search": name})
    if values:
        saved_views.change(session, person, view, str(view.version), **values)
    return view


def names(session: Session, person: Person, endpoint: str = "article") -> list[str]:
    session.expire_all()
    return [view.name for view in saved_views.visible(session, endpoint, person)]
