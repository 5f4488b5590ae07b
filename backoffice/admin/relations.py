"""Relations: the look-up behind every picker, and the panel that pages, attaches and detaches links."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import abort, current_app, flash, jsonify, redirect, request
from flask_admin import expose
from flask_babel import ngettext

from backoffice.access.permissions import may
from backoffice.access.redirects import safe_target
from backoffice.admin.base import BaseRecordView, view_for
from backoffice.admin.cells import CellsView
from backoffice.admin.listing import ListingView
from backoffice.admin.presenters import RelationPanel
from backoffice.admin.related import find_related, link_view
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.keys import key_text, records_of
from backoffice.database.paging import Place, Reader
from backoffice.database.reading import quoted
from backoffice.database.searching import check_search, is_indexed
from backoffice.database.selection import Selection
from backoffice.errors import BadInput, NotAllowed, NotFound
from backoffice.i18n import gettext as _
from backoffice.records.linking import attach, can_detach, detach, linked

LOOKUP_SIZE = 20
MAX_LINKS = 500


class RelationsView(CellsView):
    """The look-up of this model's records, and the panels of its relations to many."""

    relation_template = "admin/model/relation.html"

    @expose("/lookup/")
    def lookup_view(self) -> Any:
        """The records that `query` names by key or text, then those it finds, newest first: scoped and bounded."""
        query = check_search(request.args.get("query", ""))
        searched = self.vocabulary.searchable or {
            n: a for n in self.column_names(self._list_columns) if (a := self.find(n)) and a.kind is Kind.TEXT
        }
        vocabulary = replace(self.vocabulary, searchable=searched)
        indexed = bool(query) and is_indexed(self.db_session, vocabulary)
        reader = Reader(
            self.db_session,
            Selection(vocabulary, self.get_query(), search=query, indexed=indexed),
            secret=current_app.config["SECRET_KEY"],
            per_page=LOOKUP_SIZE,
            seconds=current_app.extensions["backoffice"].list_seconds,
            options=[*self.loading(), *self.light(list(self.vocabulary.searchable))],
        )
        found = reader.read(Place())
        return jsonify(results=[self._option(record) for record in found.rows], more=found.has_next)

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> Any:
        """Flask-Admin's own address of a relation's look-up: `name` is the relation, `query` what was typed."""
        found = self.find(request.args.get("name", ""))
        view = view_for(found.related) if found and found.kind in (Kind.ONE, Kind.MANY) else None
        if view is None or not view.may("read"):
            abort(404)
        return redirect(view.page_url("lookup_view", query=request.args.get("query", "")))

    def _option(self, record: Any) -> dict[str, str]:
        label = str(record)
        details = [str(v) for n in self.vocabulary.searchable if (v := getattr(record, n, None)) and str(v) != label]
        key = key_text(record)
        return {"id": key, "label": label, "detail": " · ".join([f"#{key}", *details][:3])}

    # -- panels ---------------------------------------------------------------------------------------------------

    @expose("/relation/")
    def relation_view(self) -> Any:
        """One relation of a record: its other end as a list with search, filters, sort and pages."""
        record, found, view = self._relation()
        fixed = {"id": key_text(record), "name": found.name, "url": request.args.get("url", "")}
        linked_rows = self._linked(record, found, view)
        address = view.read_address(
            lambda **arguments: self.page_url("relation_view", **arguments), fixed, scope=linked_rows
        )
        if "filter_column" in request.args:
            return view._filter(address)
        back = found.relationship.back_populates if found.relationship else None
        names = [n for n in view.column_names(view._list_columns) if n != back]
        listing = view.listing(address, names=names, title=self.label(found.name))
        panel = RelationPanel(
            found.name,
            self.label(found.name),
            listing,
            attach_url=self.page_url("attach_view", **fixed) if self.may_link(found, "create") else "",
            detach_url=self.page_url("detach_view", **fixed) if self.may_link(found, "delete") else "",
            lookup_url=view.page_url("lookup_view"),
        )
        return self.render(
            self.relation_template,
            page=self.record_page(record, found.name),
            panel=panel,
            listing=listing,
            view=self,
            breadcrumbs=self.breadcrumbs(str(record)),
        )

    @expose("/relation/attach/", methods=("POST",))
    def attach_view(self) -> Any:
        """Link the chosen record to this one; a link that is there already stays."""
        record, found, view = self._relation("create")
        texts = list(dict.fromkeys(t for t in request.form.getlist("related") if t.strip()))
        if len(texts) > MAX_LINKS:
            raise BadInput(_("Attach at most %(most)s at a time.", most=MAX_LINKS))
        others = [find_related(found.related, text) for text in texts]
        if not texts or None in others:
            missing = next((t for t, other in zip(texts, others, strict=True) if other is None), "")
            flash(self._not_found(view, missing) if missing else _("Choose a record to attach first."), "error")
        else:
            self._attach(record, found, others)
        return redirect(self._panel_url(record, found))

    def _attach(self, record: Any, found: Attribute, others: list[Any]) -> None:
        name, first = str(record), str(others[0])
        owners = _owners(found, others) - {name}
        new = attach(self.db_session, record, found.relationship, others)  # type: ignore[arg-type]  # a relation's
        if not new:
            flash(_("“%(record)s” was attached already.", record=first), "info")
        elif owners:
            words = {"record": first, "new": name, "old": _(", ").join(sorted(owners))}
            flash(_("“%(record)s” now belongs to %(new)s, no longer to %(old)s.", **words), "success")
        else:
            flash(ngettext("%(num)s record was attached.", "%(num)s records were attached.", new), "success")

    def _not_found(self, view: BaseRecordView, text: str) -> str:
        return str(
            _("No %(noun)s “%(text)s” was found. Choose one from the list.", noun=view.singular, text=quoted(text))
        )

    @expose("/relation/detach/", methods=("POST",))
    def detach_view(self) -> Any:
        """Unlink the ticked records; the records themselves stay."""
        record, found, view = self._relation("delete")
        texts = request.form.getlist("rowid")
        if len(texts) > MAX_LINKS:
            raise BadInput(_("Detach at most %(most)s at a time.", most=MAX_LINKS))
        others = records_of(self.db_session, self._linked(record, found, view), found.related, texts)
        if not others:
            flash(_("Tick the records to detach first."), "error")
            return redirect(self._panel_url(record, found))
        gone = detach(self.db_session, record, found.relationship, others)  # type: ignore[arg-type]  # a relation's
        flash(ngettext("%(num)s record was detached.", "%(num)s records were detached.", gone), "success")
        return redirect(self._panel_url(record, found))

    def may_link(self, found: Attribute, action: str) -> bool:
        """Who may link: where the link table has a view, its permission; else whoever may edit the record that holds
        the foreign key. Unlinking also needs a foreign key that can be empty."""
        relation = found.relationship
        if relation is None or (action == "delete" and not can_detach(relation)):
            return False
        if relation.secondary is not None:
            link = link_view(relation)
            return may(link.endpoint, action) if link else self.may("edit")
        view = view_for(found.related)
        return view is not None and view.may("edit")

    def _linked(self, record: Any, found: Attribute, view: ListingView) -> sa.Select[Any]:
        """The related records that this person may see, through links that this person may see."""
        assert found.relationship is not None  # noqa: S101  # for the type checker: a relation has its relationship
        links = link_view(found.relationship)
        return view.get_query().where(linked(record, found.relationship, links.get_query() if links else None))

    def _relation(self, action: str = "read") -> tuple[Any, Attribute, ListingView]:
        record = self.fetch(request.args.get("id"))
        name = request.args.get("name", "")
        found = self.relations().get(name)
        view = view_for(found.related) if found else None
        if found is None or not isinstance(view, ListingView):
            raise NotFound(_("%(noun)s has no relation “%(name)s”.", noun=self.singular, name=quoted(name)))
        if action != "read" and not self.may_link(found, action):
            raise NotAllowed(_("You may not change these links. Ask an administrator for a role that may."))
        return record, found, view

    def _panel_url(self, record: Any, found: Attribute) -> str:
        """The panel as one left it."""
        panel = self.page_url("relation_view", id=key_text(record), name=found.name, url=request.args.get("url", ""))
        return safe_target(request.form.get("url"), panel)


def _owners(found: Attribute, others: list[Any]) -> set[str]:
    """To whom the records belong now, where they can belong to one only."""
    relation = found.relationship
    if relation is None or relation.secondary is not None or not relation.back_populates:
        return set()
    return {str(owner) for other in others if (owner := getattr(other, relation.back_populates)) is not None}
