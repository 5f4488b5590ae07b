"""What the dialog tells before anything is done: how many rows, which, what changes in them, and what it asks for."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import format_decimal, ngettext
from wtforms import Form

from backoffice.admin.bulk.asked import AS_LEFT, Rows, seal
from backoffice.admin.bulk.declared import BulkAction
from backoffice.admin.deleting import SEEN
from backoffice.admin.fields import KeptField
from backoffice.admin.once import FORM_ID, new_form_id
from backoffice.admin.presenters_bulk import BulkQuestion, Sample
from backoffice.admin.presenters_history import FieldChange
from backoffice.admin.wording import explain
from backoffice.database.keys import key_text
from backoffice.database.selection import Selection, otherwise
from backoffice.database.time_limits import TooBroad, go_on_reading, limited
from backoffice.i18n import gettext as _
from backoffice.records.bulk.change import Change
from backoffice.records.consequences import Consequence, consequences_of_all

if TYPE_CHECKING:
    from backoffice.admin.bulk.view import BulkView

SAMPLES = 10
# From so many rows on whoever does it has to type how many.
TYPED_FROM = 1000
# Counting what would stay the same may take so long; it is only told where it does not.
SECONDS_OF_UNCHANGED = 3
# What goes along has to be known: where even this does not suffice, fewer rows have to be chosen.
SECONDS_OF_CONSEQUENCES = 30


def word(action: BulkAction, rows: Rows) -> str:
    """What has to be typed before the action runs on these rows; nothing where that is not asked.

    Ticked rows are deleted by the rule of one record's page, as `deletion_problem` knows it.
    """
    if deletes_ticked(action, rows):
        return ""
    return str(rows.count) if rows.count >= TYPED_FROM or (action.danger and rows.is_all) else ""


def deletes_ticked(action: BulkAction, rows: Rows) -> bool:
    """Whether records are deleted that somebody chose one by one, and so wants to go as they were seen."""
    return action.name == "delete" and not rows.is_all


def question(
    view: BulkView, action: BulkAction, rows: Rows, selection: Selection, form: Form, change: Change | None, back: str,
    problem: str = "",
) -> BulkQuestion:  # fmt: skip
    """The dialog. Without a `change` it still asks for what the action needs."""
    count, records = format_decimal(rows.count), _samples(view, selection, change)
    touched, typed, hidden = along(view, selection) if action.name == "delete" else [], word(action, rows), []
    if deletes_ticked(action, rows):
        ticked = view.ticked(rows.keys or ())
        typed, hidden = view.deletion_word(ticked, touched), [(SEEN, view.seen(ticked, touched))]
    unchanged = _unchanged(view, selection, change) if change is not None else None
    nothing = unchanged is not None and unchanged >= rows.count
    return BulkQuestion(
        title=ngettext("%(label)s: %(count)s record", "%(label)s: %(count)s records", rows.count,
                       label=action.label, count=count),
        question=str(action.question),
        rows=explain(view, selection.replace(sort=())) if rows.is_all else _("The ticked rows"),
        count=rows.count,
        count_text=count,
        post_url=view.page_url("bulk_view"),
        cancel_url=back + AS_LEFT,
        button=_("Preview") if change is None else "" if nothing else _button(action, rows.count - (unchanged or 0)),
        icon=action.icon,
        hidden=[
            (FORM_ID, new_form_id()), ("action", action.name), ("url", back),
            ("rows", seal(view, action.name, replace(rows, along={c.relation: c.count for c in touched}))),
            ("ready", previewed(view, form) if change is not None else ""), *hidden,
        ],
        fields=[f for f in form if f.name not in view.own_fields],
        consequences=[view.in_words(c) for c in touched if not c.choices],
        alternatives=[view.alternatives_for(c) for c in touched if c.choices],
        ready=change is not None,
        samples=[_sample(view, record, change if changes else None) for record, changes in records],
        more=max(0, rows.count - len(records)),
        changing_text=_of_these(rows.count, unchanged),
        word=typed if change is not None and not nothing else "",
        problem=problem,
        danger=action.danger,
    )  # fmt: skip


def previewed(view: BulkView, form: Form) -> str:
    """What a preview is of: the values of the form, short. Sent back it tells whether they are still the same."""
    values = {
        field.name: field.fingerprint(field.data) if isinstance(field, KeptField) else str(field.data)
        for field in form
        if field.name not in view.own_fields
    }
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def _of_these(count: int, unchanged: int | None) -> str:
    """How many of the rows change, where not all of them do."""
    if not unchanged:
        return ""
    if unchanged >= count:
        return str(_("All of them are so already."))
    changing = ngettext("%(count)s record changes", "%(count)s records change", count - unchanged,
                        count=format_decimal(count - unchanged))  # fmt: skip
    same = ngettext("%(count)s is so already", "%(count)s are so already", unchanged, count=format_decimal(unchanged))
    return f"{changing} · {same}"


def _button(action: BulkAction, count: int) -> str:
    text: str = ngettext("%(label)s: %(count)s record", "%(label)s: %(count)s records", count, label=action.label,
                         count=format_decimal(count))  # fmt: skip
    return text


def along(view: BulkView, selection: Selection) -> list[Consequence]:
    """What hangs on the rows, and so is touched when they are deleted."""
    rows = selection.rows(view.db_session.get_bind().dialect.name)
    return consequences_of_all(view.db_session, view.model, rows, SECONDS_OF_CONSEQUENCES)


def _samples(view: BulkView, selection: Selection, change: Change | None) -> list[tuple[Any, bool]]:
    """A few of the rows, and whether they change: those that do come first."""
    same = change.unchanged() if change is not None else None
    statement = selection.ordered(view.db_session.get_bind().dialect.name).options(*view.loading(), *view.light(()))
    if same is None:
        return [(record, True) for record in _first(view, statement, SAMPLES)]
    found = [(record, True) for record in _first(view, statement.where(otherwise(same)), SAMPLES)]
    return found or [(record, False) for record in _first(view, statement, SAMPLES)]


def _first(view: BulkView, statement: sa.Select[Any], most: int) -> list[Any]:
    return list(view.db_session.scalars(limited(statement.limit(most), view.list_seconds)).unique())


def _sample(view: BulkView, record: Any, change: Change | None) -> Sample:
    changes = []
    for name, value in (change.after(record) if change is not None else {}).items():
        show = view.shown(name, long=False)
        before, after = show(record), show(SimpleNamespace(**{name: value}))
        if before != after:
            changes.append(FieldChange(name, view.label(name), before, after))
    return Sample(str(record), view.record_url(record), key_text(record), changes)


def _unchanged(view: BulkView, selection: Selection, change: Change) -> int | None:
    """How many of the rows would stay as they are; None where that cannot be told in time."""
    same = change.unchanged()
    if same is None:
        return None
    rows = selection.rows(view.db_session.get_bind().dialect.name).where(same).order_by(None)
    one: Any = sa.literal_column("1")
    counted = sa.select(sa.func.count()).select_from(rows.with_only_columns(one, maintain_column_froms=True).subquery())
    try:
        return view.db_session.scalar(limited(counted, SECONDS_OF_UNCHANGED)) or 0
    except TooBroad:
        go_on_reading(view.db_session)
        return None


def problems_of(form: Form) -> str:
    """What is wrong with the arguments, where something is."""
    return " ".join(str(error) for field in form if isinstance(field, KeptField) for error in field.errors)
