"""What the head of a record's page offers beside its buttons: neighbours, a copy, its address, itself as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, current_app, request, url_for
from flask_admin import expose

from backoffice.admin.base import value_of
from backoffice.admin.duplicating import DuplicatingView
from backoffice.admin.presenters import RecordPage
from backoffice.admin.presenters_records import RecordTools
from backoffice.admin.related import may_read
from backoffice.admin.stepping import steps
from backoffice.database.attributes import Kind, attributes, is_secret, primary_key
from backoffice.database.keys import key_text
from backoffice.records.exporting.json_object import json_text, json_value

PAGES = {"details": "details_view", "edit": "edit_view"}


class RecordToolsView(DuplicatingView):
    """The tools of the details and the edit page, and the record as JSON."""

    @expose("/json/")
    def json_view(self) -> Response:
        """Every column this person may see, under its name."""
        record = self.fetch(request.args.get("id"))
        values = {name: self._json_of(record, name) for name in self._json_names()}
        return current_app.response_class(json_text(values), mimetype="application/json")

    def record_page(self, record: Any, tab: str, **more: Any) -> RecordPage:
        """The frame of a record with the tools of the page."""
        page = super().record_page(record, tab, **more)
        return replace(page, tools=self._tools(record, PAGES[tab])) if tab in PAGES else page

    def _tools(self, record: Any, page: str) -> RecordTools:
        key = key_text(record)
        previous, following = steps(self, record, page)
        can_read = self.may("read")
        return RecordTools(
            previous,
            following,
            copy_url=self.page_url("create_view", copy=key) if can_read and self.may("create") else "",
            link_url=url_for(f"{self.endpoint}.details_view", id=key, _external=True) if can_read else "",
            json_url=self.page_url("json_view", id=key) if can_read else "",
        )

    def _json_names(self) -> list[str]:
        """The key, then what the details page shows, its side panel included. Secrets never."""
        key = [part.name for part in primary_key(self.model)]
        kept = [found.name for found in attributes(self.model).values() if found.name in self.system_columns]
        names = dict.fromkeys([*key, *self.column_names(self._details_columns), *kept])
        return [name for name in names if (found := self.find(name)) is None or not is_secret(found)]

    def _json_of(self, record: Any, name: str) -> Any:
        """A value as the person may see it: where a formatter decides how it is shown, its text and no more."""
        found = self.find(name)
        declared = {**(self.column_formatters or {}), **(self.column_formatters_detail or {})}
        if found is None or name in declared or found.kind is Kind.MANY:
            return self.value_html(record, name, long=True).striptags()
        value = value_of(record, name)
        if found.kind is Kind.ONE:
            return None if value is None else {"key": key_text(value) if may_read(found) else None, "label": str(value)}
        return json_value(found, value)
