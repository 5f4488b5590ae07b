"""Relations: the look-up behind every picker, and the panel that pages through the other end of a relation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import abort, current_app, jsonify, redirect, request
from flask_admin import expose

from backoffice.access.permissions import may
from backoffice.access.redirects import safe_target
from backoffice.admin.address import ListAddress
from backoffice.admin.base import view_for
from backoffice.admin.cells import CellsView
from backoffice.admin.listing import ListingView
from backoffice.admin.presenters_relations import RelationPanel
from backoffice.admin.related import link_view
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.keys import key_text
from backoffice.database.paging import Place, Reader
from backoffice.database.reading import quoted
from backoffice.database.searching import check_search, is_indexed
from backoffice.database.selection import Selection
from backoffice.errors import NotAllowed, NotFound
from backoffice.i18n import gettext as _
from backoffice.records.link_counts import counted_links
from backoffice.records.linking import can_detach, linked

LOOKUP_SIZE = 20


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
        address = replace(address, selection=self._quickly_counted(address.selection, record, found, view))
        back = found.relationship.back_populates if found.relationship else None
        names = [n for n in view.column_names(view._list_columns) if n != back]
        listing = view.listing(address, names=names, title=self.label(found.name))
        panel = RelationPanel(found.name, self.label(found.name), listing, lookup_url=view.page_url("lookup_view"))
        panel = self.with_changes(panel, record, found, view, address)
        return self.render(
            self.relation_template,
            page=self.record_page(record, found.name),
            panel=panel,
            listing=panel.listing,
            view=self,
            breadcrumbs=self.breadcrumbs(str(record)),
        )

    def with_changes(
        self, panel: RelationPanel, _record: Any, _found: Attribute, _view: ListingView, _address: ListAddress
    ) -> RelationPanel:
        """The panel with the addresses that change its links; each layer above adds its own."""
        return panel

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

    def _quickly_counted(self, selection: Selection, record: Any, found: Attribute, view: ListingView) -> Selection:
        assert found.relationship is not None  # noqa: S101  # as above
        links = link_view(found.relationship)
        rows, kept = view.get_query(), links.get_query() if links else None
        return selection.replace(counted=counted_links(record, found.relationship, rows, kept))

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
