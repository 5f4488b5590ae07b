"""Keeping, changing, sharing, ordering and deleting saved views: whose they are and which one opens first."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, defer, joinedload

from backoffice.database.reading import checked, quoted
from backoffice.errors import BadInput, Conflict, NotAllowed
from backoffice.models import Role, SavedView, Staff
from backoffice.records.auditing import NOTED
from backoffice.records.transactions import StaleRecord, committing

# Of one person, or shared with one role, in one list: more tabs than anybody reads.
MAX_VIEWS = 50
MAX_NAME = 60
# Of what is not seen, these belong to emoji and to some scripts; marks of direction would turn other tabs round.
JOINERS = "\u200c\u200d"
ARGUMENTS = ("search", "where", "sort", "columns", "page_size")


@dataclass(frozen=True)
class Person:
    """A member of staff in front of one list; `roles` are the ids of theirs, the first one's default opens first.

    `may_share` with those roles; `manages` every shared view, and may share with any role.
    """

    id: int
    roles: tuple[int, ...] = ()
    may_share: bool = False
    manages: bool = False

    def may_change(self, view: SavedView) -> bool:
        """A private view is its owner's; a shared one its owner's while they may share, and a manager's."""
        if view.role_id is None:
            return view.owner_id == self.id
        return self.manages or (view.owner_id == self.id and self.may_share)

    def may_share_with(self, role_id: int) -> bool:
        """Whether this person may share with the role."""
        return self.manages or (self.may_share and role_id in self.roles)


def visible(session: Session, endpoint: str, person: Person) -> list[SavedView]:
    """The saved views of a list that this person sees, in the order of the tabs, by one statement."""
    asked: dict[str, Any] = {"endpoint": endpoint, "person": person.id}
    if person.manages:
        return sorted(session.scalars(_OF_MANAGERS, asked), key=_in_tabs)
    return sorted(session.scalars(_OF_OTHERS, {**asked, "roles": person.roles}), key=_in_tabs)


def may_be_visible(person: sa.ColumnElement[int], endpoint: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a list has views of this person or of any role, asked along: where not, `visible` need not be asked."""
    here = sa.exists().where(SavedView.endpoint == endpoint)
    return sa.or_(here.where(SavedView.owner_id == person), here.where(SavedView.role_id.is_not(None)))


def _visible(shared: sa.ColumnElement[bool]) -> sa.Select[Any]:
    own = SavedView.owner_id == sa.bindparam("person")
    return (
        sa.select(SavedView)
        .where(SavedView.endpoint == sa.bindparam("endpoint"), sa.or_(own, shared))
        .options(defer(SavedView.created_at), defer(SavedView.updated_at))
        .options(joinedload(SavedView.role).load_only(Role.name))
    )


# Asked for with every list: made once.
_OF_MANAGERS = _visible(SavedView.role_id.is_not(None))
_OF_OTHERS = _visible(SavedView.role_id.in_(sa.bindparam("roles", expanding=True)))


def _in_tabs(view: SavedView) -> tuple[bool, str, int, int]:
    return (view.role_id is None, view.role.name if view.role else "", view.position, view.id)


def opens_first(views: Iterable[SavedView], person: Person) -> SavedView | None:
    """What a list shows that is opened without arguments: the person's own default, else that of their first role.

    Whose role was deleted may have a second one of their own: then the first of their tabs opens, every time.
    """
    defaults = sorted((view for view in views if view.is_default), key=_in_tabs)
    for role_id in (None, *person.roles):
        for view in defaults:
            if view.role_id == role_id and (role_id is not None or view.owner_id == person.id):
                return view
    return None


def create(
    session: Session,
    person: Person,
    endpoint: str,
    name: str,
    arguments: Mapping[str, str],
    role_id: int | None = None,
    *,
    is_default: bool = False,
) -> SavedView:
    """Keep a list under a new name: for this person alone, or shared with a role."""
    _alone(session, person.id, role_id)
    mine = session.scalars(
        sa.select(SavedView).where(SavedView.endpoint == endpoint, SavedView.owner_id == person.id)
    ).all()
    if len(mine) >= MAX_VIEWS:
        raise BadInput(_("You have %(most)s saved views of this list. Delete one first.", most=MAX_VIEWS))
    view = SavedView(
        endpoint=endpoint,
        name=free_name(name, mine, own=True),
        owner_id=person.id,
        role_id=role_id,
        is_default=is_default,
        arguments=_kept(arguments),
    )
    if role_id is not None:
        _check_share(session, person, view, role_id)
    others = _other_defaults(session, person, view, role_id) if is_default else ()
    view.position = _next_position(session, view, role_id)
    with _saving(session, view.name, own=True):
        _no_longer_default(others)
        session.add(view)
    return view


def change(session: Session, person: Person, view: SavedView, version: str, **values: Any) -> None:
    """Set `name`, `role_id`, `is_default` or `arguments` of a view that is still in the version the person saw."""
    name, owner_id = view.name, view.owner_id
    _alone(session, owner_id, view.role_id, values.get("role_id"))
    try:
        session.refresh(view)
    except sa.exc.InvalidRequestError:  # it has been deleted
        raise _stale(name) from None
    expect(view, version)
    own = owner_id == person.id
    if "name" in values:
        others = _siblings(session, view, SavedView.owner_id == view.owner_id)
        values["name"] = free_name(values["name"], others, own=own)
    if "arguments" in values:
        values["arguments"] = _kept(values["arguments"])
    role_id = values.get("role_id", view.role_id)
    if role_id is None and not own:
        # What opens first for its owner alone is not for anybody else to choose, nor to learn.
        values["is_default"] = False
    is_default = values.get("is_default", view.is_default)
    if role_id != view.role_id:
        if role_id is not None:
            _check_share(session, person, view, role_id)
        values["position"] = _next_position(session, view, role_id)
    others = _other_defaults(session, person, view, role_id) if is_default else ()
    with _saving(session, values.get("name", view.name), own=own):
        _no_longer_default(others)
        for name, value in values.items():
            setattr(view, name, value)


def move(session: Session, view: SavedView, step: int) -> None:
    """Put a view one place earlier (-1) or later (1) among its owner's own, or among those of its role.

    Places are no part of a view's version nor of its history: a colleague's open menu stays good.
    """
    group = sorted([view, *_siblings(session, view, _group(view, view.role_id))], key=_in_tabs)
    at = group.index(view)
    to = min(max(at + step, 0), len(group) - 1)
    group.insert(to, group.pop(at))
    with committing(session):
        for place, other in enumerate(group):
            if other.position != place:
                session.execute(
                    sa.update(SavedView)
                    .where(SavedView.id == other.id)
                    .values(position=place, updated_at=SavedView.updated_at),
                    execution_options={"synchronize_session": False, **NOTED},
                )


def delete(session: Session, view: SavedView, version: str) -> None:
    """Delete a view that is still in the version the person saw."""
    expect(view, version)
    with _saving(session, view.name, own=True):
        session.delete(view)


def expect(view: SavedView, version: str) -> None:
    """Refuse where a colleague has changed the view since this person saw it."""
    if str(view.version) != version:
        raise _stale(view.name)


def free_name(text: str, others: Sequence[SavedView], *, own: bool) -> str:
    """The name as it is kept: 1 to 60 characters that no other view of this owner and list bears.

    `own` where the person who names it is the owner: nobody else is shown the names of private views.
    """
    shown = (c for c in checked(text[: MAX_NAME * 10]) if unicodedata.category(c) != "Cf" or c in JOINERS)
    name = " ".join("".join(shown).split()).strip(JOINERS)
    if not 1 <= len(name) <= MAX_NAME:
        raise BadInput(_("A saved view needs a name of 1 to %(most)s characters.", most=MAX_NAME))
    for other in others:
        if name.casefold() == other.name.casefold():
            raise _taken(other.name, own=own)
    return name


def _alone(session: Session, owner_id: int, *role_ids: int | None) -> None:
    """From here to the commit nobody else changes the views of this owner and of these roles: what is read is so.

    A transaction of its own, as what the present one has read may be older than the lock.
    """
    session.rollback()
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        return
    for role_id in sorted({role_id for role_id in role_ids if role_id is not None}):
        session.execute(sa.select(Role.id).where(Role.id == role_id).with_for_update())
    session.execute(sa.select(Staff.id).where(Staff.id == owner_id).with_for_update())


def _kept(arguments: Mapping[str, str]) -> dict[str, str]:
    return {name: arguments[name] for name in ARGUMENTS if arguments.get(name)}


def _siblings(session: Session, view: SavedView, *conditions: sa.ColumnElement[bool]) -> Sequence[SavedView]:
    """The other views of the same list that meet the conditions."""
    others = sa.select(SavedView).where(SavedView.endpoint == view.endpoint, SavedView.id != view.id, *conditions)
    return session.scalars(others.options(joinedload(SavedView.role))).all()


def _group(view: SavedView, role_id: int | None) -> sa.ColumnElement[bool]:
    """The views that share one order and one default: those of a role, or an owner's private ones."""
    if role_id is not None:
        return SavedView.role_id == role_id
    return sa.and_(SavedView.role_id.is_(None), SavedView.owner_id == view.owner_id)


def _other_defaults(session: Session, person: Person, view: SavedView, role_id: int | None) -> Sequence[SavedView]:
    """What opens first now for whom this view would; Conflict where that is not this person's to change."""
    others = _siblings(session, view, _group(view, role_id), SavedView.is_default.is_(True))
    for other in others:
        if not person.may_change(other):
            raise Conflict(
                _("“%(name)s” opens first for this role already, and is not yours to change.", name=other.name)
            )
    return others


def _no_longer_default(views: Iterable[SavedView]) -> None:
    for view in views:
        view.is_default = False


def _next_position(session: Session, view: SavedView, role_id: int | None) -> int:
    return max((other.position for other in _siblings(session, view, _group(view, role_id))), default=-1) + 1


def _check_share(session: Session, person: Person, view: SavedView, role_id: int) -> None:
    if not person.may_share_with(role_id):
        raise NotAllowed(_("You may not share a view of this list with that role. Ask an administrator to do it."))
    if session.get(Role, role_id) is None:
        raise _no_role()
    if len(_siblings(session, view, SavedView.role_id == role_id)) >= MAX_VIEWS:
        raise BadInput(_("This role has %(most)s shared views of this list. Delete one first.", most=MAX_VIEWS))


@contextmanager
def _saving(session: Session, name: str, *, own: bool) -> Iterator[None]:
    """One transaction; what the database refuses is told in the words of saved views."""
    try:
        with committing(session), session.no_autoflush:
            yield
    except StaleRecord:
        raise _stale(name) from None
    except sa.exc.IntegrityError:
        raise _taken(name, own=own) from None


def _stale(name: str) -> Conflict:
    return Conflict(
        _("Somebody else changed the view “%(name)s” in the meantime. Open it again and repeat your change.",
          name=quoted(name))
    )  # fmt: skip


def _no_role() -> BadInput:
    return BadInput(_("There is no such role. Reload the page and choose another."))


def _taken(name: str, *, own: bool) -> Conflict:
    if not own:
        return Conflict(_("This name is taken. Choose another name."))
    return Conflict(_("You already have a view called “%(name)s” here. Choose another name.", name=quoted(name)))
