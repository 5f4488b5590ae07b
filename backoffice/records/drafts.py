"""Drafts: what somebody typed and has not saved, kept per person and record until it is saved or discarded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.database.slots import slot
from backoffice.errors import BadInput, Conflict
from backoffice.models import Draft, utcnow
from backoffice.records.transactions import committing

MOST_DRAFTS = 100
MOST_CHARACTERS = 1_000_000
# Longer keys than this have no draft: the browser keeps what was typed all the same.
LONGEST_KEY = 1000


@dataclass(frozen=True)
class Typed:
    """What a form holds that differs from what it had shown, and what it was made from."""

    copy: str
    title: str
    fields: dict[str, list[str]]
    labels: dict[str, str] = field(default_factory=dict)
    version: str = ""
    shown: str = ""
    # The fields that this version of the product knows; of others a draft keeps what it has.
    known: Collection[str] = ()

    def check_size(self) -> None:
        """Raise BadInput where it is too long to be kept."""
        texts = [self.shown, *self.labels.values(), *(text for values in self.fields.values() for text in values)]
        # Each text counts as kept: with its quotation marks and comma.
        if sum(len(text) + 4 for text in texts) > MOST_CHARACTERS:
            raise BadInput(_("This text is too long for a draft. Save it, or make it shorter."))

    def beside(self, kept: Mapping[str, Any] | None, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, beside what another version of the product has kept of fields that are not known here."""
        others = {name: value for name, value in (kept or {}).items() if self.known and name not in self.known}
        return {**others, **typed}


def keep(
    session: Session, staff_id: int, endpoint: str, record_key: str, typed: Typed, replaces: Sequence[str] = ()
) -> Draft:
    """Keep what was typed in place of what the same form kept before.

    A draft of another form is not written over unless the person has taken it up (`replaces`): Conflict otherwise.
    """
    typed.check_size()
    if len(record_key) > LONGEST_KEY:
        raise BadInput(_("The key of this record is too long for a draft on the server."))
    try:
        return _keep(session, staff_id, endpoint, record_key, typed, replaces)
    except sa.exc.IntegrityError:
        # Another form of the same person was first by a moment: now its draft is there to be seen.
        return _keep(session, staff_id, endpoint, record_key, typed, replaces)


def _keep(
    session: Session, staff_id: int, endpoint: str, record_key: str, typed: Typed, replaces: Sequence[str]
) -> Draft:
    with committing(session):
        if replaces:
            _delete(session, staff_id, endpoint, [c for c in replaces if c != typed.copy])
        place = slot(endpoint, record_key or f"\0{typed.copy}")
        draft = session.scalar(_of(staff_id).where(Draft.slot == place).with_for_update())
        if draft is None:
            _check_number(session, staff_id)
            draft = Draft(staff_id=staff_id, slot=place, endpoint=endpoint, record_key=record_key, copy=typed.copy)
            session.add(draft)
        elif draft.copy != typed.copy:
            raise Conflict(_("Another window or machine of yours keeps a draft of this record."))
        draft.title = typed.title[:200]
        draft.fields = typed.beside(draft.fields, typed.fields)
        draft.labels = typed.beside(draft.labels, typed.labels)
        draft.version, draft.shown, draft.saved_at = typed.version, typed.shown, utcnow()
    return draft


def of_record(session: Session, staff_id: int, endpoint: str, record_key: str) -> Draft | None:
    """The person's draft of a record."""
    return session.scalar(_of(staff_id).where(Draft.slot == slot(endpoint, record_key)))


def of_new(session: Session, staff_id: int, endpoint: str, copy: str = "") -> Sequence[Draft]:
    """The person's drafts of records that do not exist yet, newest first; or the one with this name."""
    found = _of(staff_id).where(Draft.endpoint == endpoint, Draft.record_key == "")
    if copy:
        found = found.where(Draft.copy == copy)
    return session.scalars(found).all()


def mine(session: Session, staff_id: int) -> Sequence[Draft]:
    """All drafts of a person, newest first, without their texts."""
    return session.scalars(_of(staff_id).options(sa.orm.defer(Draft.fields), sa.orm.defer(Draft.shown))).all()


def discard(session: Session, staff_id: int, endpoint: str, copies: Iterable[str]) -> None:
    """Remove drafts by their names: they were saved, or the person wants them no longer."""
    with committing(session):
        _delete(session, staff_id, endpoint, list(copies))


def _of(staff_id: int) -> sa.Select[Draft]:
    return sa.select(Draft).where(Draft.staff_id == staff_id).order_by(Draft.saved_at.desc(), Draft.id.desc())


def _delete(session: Session, staff_id: int, endpoint: str, copies: list[str]) -> None:
    if copies:
        session.execute(
            sa.delete(Draft).where(Draft.staff_id == staff_id, Draft.endpoint == endpoint, Draft.copy.in_(copies))
        )


def _check_number(session: Session, staff_id: int) -> None:
    number = session.scalar(sa.select(sa.func.count()).select_from(Draft).where(Draft.staff_id == staff_id)) or 0
    if number >= MOST_DRAFTS:
        raise BadInput(
            _(
                "You keep %(number)s drafts already. Open some from the home page, and save or discard them.",
                number=number,
            )
        )
