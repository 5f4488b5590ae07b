"""“Your drafts” on the home page, so that a draft of an article that was never saved is found again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from flask import current_app
from flask_security import current_user

from backoffice.admin.base import view_at
from backoffice.admin.drafts import DraftsView
from backoffice.admin.presenters_unsaved import DraftCard, Drafts
from backoffice.database.keys import key_text, records_of
from backoffice.extensions import db
from backoffice.i18n import gettext as _
from backoffice.models import Draft, utcnow
from backoffice.records import drafts

MOST_CARDS = 8


def draft_cards() -> Drafts | None:
    """The drafts this person may still go on with; nothing where there are none."""
    days = timedelta(days=current_app.extensions["backoffice"].draft_days)
    kept = [d for d in drafts.mine(db.session, current_user.id) if d.saved_at > utcnow() - days]  # type: ignore[arg-type]  # a scoped session is one
    cards: list[DraftCard] = []
    for endpoint, group in groupby(sorted(kept, key=lambda draft: draft.endpoint), lambda draft: draft.endpoint):
        view = _view(endpoint)
        if view is not None:
            cards += _cards(view, list(group))
    cards.sort(key=lambda card: card.saved_at, reverse=True)
    return Drafts(cards[:MOST_CARDS], cards[MOST_CARDS:]) if cards else None


def _cards(view: DraftsView, kept: Sequence[Draft]) -> list[DraftCard]:
    """A draft of a record that is gone, or that the person may no longer edit, is not shown."""
    keys = [draft.record_key for draft in kept if draft.record_key] if view.may("edit") else []
    seen = {key_text(r): str(r) for r in records_of(view.db_session, view.get_query(), view.model, keys)}
    cards = []
    for draft in kept:
        if draft.record_key in seen:
            url = view.page_url("edit_view", id=draft.record_key)
            cards.append(DraftCard(seen[draft.record_key], view.singular, draft.saved_at, url))
        elif not draft.record_key and view.may("create"):
            url = view.page_url("create_view", draft=draft.copy)
            title = draft.title or _("Without a name yet")
            cards.append(DraftCard(title, _("New %(noun)s", noun=view.singular), draft.saved_at, url))
    return cards


def _view(endpoint: str) -> DraftsView | None:
    view = view_at(endpoint)
    return view if isinstance(view, DraftsView) and view.keeps_drafts else None
