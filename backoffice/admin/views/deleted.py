"""Recently deleted: what can be brought back, for those who may delete such records."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import current_app, request
from flask_admin import expose

from backoffice.admin.base import BaseRecordView
from backoffice.admin.history import HistoryView
from backoffice.admin.once import FORM_ID, Answer, new_form_id
from backoffice.admin.past import Past
from backoffice.admin.presenters import Confirmation, Link, Property
from backoffice.admin.record_view import RecordView
from backoffice.admin.tables import noun_of, view_of_table
from backoffice.database.attributes import is_secret
from backoffice.database.keys import key_text, print_key
from backoffice.errors import BackofficeError
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import DeletedRecord
from backoffice.records.keeping import model_of
from backoffice.records.obstacles import Plan, plan
from backoffice.records.restoring import put_back


def _noun(_view: BaseRecordView, _context: Any, record: DeletedRecord, _name: str) -> str:
    return noun_of(record.table_name)


class DeletedView(RecordView):
    """Deleted records of the kinds that this person may delete; the operator's DELETED_DAYS says for how long."""

    singular_name = _l("Deleted record")
    can_create = False
    can_edit = False
    can_delete = False
    can_export = False
    column_list = ("record_label", "table_name", "record_key", "person", "deleted_at")
    column_searchable_list = ("record_label", "person")
    column_filters = ("record_label", "table_name", "record_key", "person", "deleted_at")
    column_sortable_list: Any = ("id", "deleted_at", "record_label")
    column_default_sort = ("deleted_at", True)
    column_formatters: Any = {"table_name": _noun}
    column_labels: Any = {
        "record_label": _l("Record"),
        "table_name": _l("What"),
        "record_key": _l("Key"),
        "person": _l("Deleted by"),
        "deleted_at": _l("Deleted at"),
    }
    PERMISSIONS = {**RecordView.PERMISSIONS, "restore_view": "read"}

    def get_query(self) -> sa.Select[Any]:
        """The kinds of records that this person may delete."""
        return super().get_query().where(DeletedRecord.table_name.in_(self._tables()))

    def _tables(self) -> list[str]:
        views = current_app.extensions["admin"][0]._views
        return [
            view.model.__table__.name
            for view in views
            if isinstance(view, BaseRecordView) and view is not self and view.may("delete")
        ]

    def record_url(self, record: Any, **arguments: Any) -> str:
        """Where a deleted record can be looked at and brought back."""
        return self.page_url("restore_view", id=key_text(record), **arguments)

    @expose("/details/")
    def details_view(self) -> Any:
        """What was kept of it, and whether it can come back."""
        self.require("read")
        return self._ask_to_restore(self.fetch(request.args.get("id")))

    @expose("/restore/", methods=("GET", "POST"))
    def restore_view(self) -> Any:
        """Bring it back; GET asks."""
        self.require("read")
        deleted = self.fetch(request.values.get("id"))
        if request.method != "POST":
            return self._ask_to_restore(deleted)
        try:
            return self.carry_out(self._restore)
        except BackofficeError as refusal:
            return self._ask_to_restore(self.fetch(request.values.get("id")), refusal)

    def _restore(self) -> Answer:
        deleted = self.fetch(request.values.get("id"), anew=True)
        table, name = deleted.table_name, deleted.record_label
        key = put_back(self.db_session, deleted.id, accept=request.form.get("accept") == "yes")
        view = view_of_table(table)
        url = self.page_url("index_view")
        if view is not None and view.may("read"):
            url = view.page_url("details_view", id=print_key(view.model, key))
        message = _("%(noun)s “%(record)s” is back.", noun=noun_of(table), record=name)
        return Answer(url=url, messages=[[message, "success"]])

    def _ask_to_restore(self, deleted: DeletedRecord, refusal: BackofficeError | None = None) -> Any:
        made = plan(self.db_session, deleted)
        losses = made.obstacles.losses
        question = Confirmation(
            title=_("Restore %(noun)s “%(record)s”?", noun=noun_of(deleted.table_name), record=deleted.record_label),
            question=_("It comes back with its key %(key)s, its values and its links.", key=deleted.record_key)
            if not made.obstacles.blocking
            else _("It cannot be restored as things are now:"),
            labels=made.obstacles.blocking,
            more=0,
            consequences=losses,
            post_url=self.page_url("restore_view"),
            cancel_url=self.page_url("index_view"),
            button="" if made.obstacles.blocking else _("Restore without these") if losses else _("Restore"),
            hidden=[(FORM_ID, new_form_id()), ("id", key_text(deleted)), ("accept", "yes" if losses else "")],
            problem=refusal.message if refusal and not made.obstacles.blocking else "",
            kept=self._kept(deleted, made),
        )
        return self.ask(question, refusal.status if refusal else 200)

    def _kept(self, deleted: DeletedRecord, made: Plan) -> list[Property]:
        """The values it had, as far as they may be shown."""
        view = view_of_table(deleted.table_name)
        rows = made.rows.get(deleted.table_name)
        if view is None or not rows:
            return []
        mapper = sa.inspect(model_of(view.model.__table__))
        values = {
            p.key: rows[0].get(p.columns[0].name) for p in mapper.column_attrs if isinstance(p.columns[0], sa.Column)
        }
        past = Past(view, values.items())
        found = []
        for name, value in values.items():
            known = view.find(name)
            if known is None or is_secret(known) or name in view.system_columns or value is None:
                continue
            if isinstance(view, HistoryView) and not view.is_shown(past.name_of(name)):
                continue
            if not (known.column is not None and known.column.info.get("internal")):
                found.append(Property(past.label(name), past.html(name, value), known.kind, name))
        return found

    def breadcrumbs(self, *last: str) -> list[Link]:
        """The list first."""
        url = self.page_url("index_view")
        return [Link(str(self.name), url), *(Link(label, "", current=True) for label in last)]
