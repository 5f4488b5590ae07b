"""The frame around one record: its title, tabs, side panel and what may be done with it."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_admin import expose
from markupsafe import Markup

from backoffice.access.redirects import safe_target
from backoffice.admin.base import list_address, view_for
from backoffice.admin.exports import ExportView
from backoffice.admin.presenters import Link, Property, RecordPage
from backoffice.admin.related import may_read
from backoffice.database.attributes import Attribute, Kind, attributes, is_secret, version_attribute
from backoffice.database.keys import key_text
from backoffice.i18n import gettext as _


class RecordFrame(ExportView):
    """What the pages of one record share."""

    def relations(self) -> dict[str, Attribute]:
        """The relations to many that have a panel: those whose other end this person may read."""
        found = {a.name: a for a in attributes(self.model).values() if a.kind is Kind.MANY}
        return {name: a for name, a in found.items() if view_for(a.related) is not None and may_read(a)}

    def record_page(self, record: Any, tab: str, **more: Any) -> RecordPage:
        """The frame of a record with one of its tabs open."""
        key, back = key_text(record), list_address()
        editing = tab == "edit"
        return RecordPage(
            title=str(record),
            subtitle=_("%(noun)s %(key)s", noun=self.singular, key=key),
            pk=key,
            tabs=self._tabs(key, tab, back),
            side=self._side(record),
            form_url=self.page_url("edit_view", id=key, url=back) if editing else "",
            cancel_url=self.page_url("details_view", id=key, url=back) if editing else self.back_url(),
            delete_url=self.page_url("delete_view", id=key, url=back) if self.may("delete") else "",
            edit_url=self.page_url("edit_view", id=key, url=back) if self.may("edit") else "",
            actions=[a for a in self.actions() if a.name not in ("delete", "export") and not a.more],
            action_url=self.page_url("action_view"),
            can_add_another=self.may("create"),
            **more,
        )

    def breadcrumbs(self, *last: str) -> list[Link]:
        """The list first, then where one is."""
        return [Link(str(self.name), self.back_url()), *(Link(label, "", current=True) for label in last)]

    def back_url(self) -> str:
        """The list as one left it."""
        return safe_target(list_address(), self.page_url("index_view"))

    def _tabs(self, key: str, current: str, back: str) -> list[Link]:
        tabs = [("details", _("Details"), "details_view", "card-text", self.may("read"))]
        tabs.append(("edit", _("Edit"), "edit_view", "pencil", self.may("edit")))
        links = [
            Link(label, self.page_url(page, id=key, url=back), icon, name == current)
            for name, label, page, icon, ok in tabs
            if ok
        ]
        return links + [
            Link(
                self.label(name),
                self.page_url("relation_view", id=key, name=name, url=back),
                "link-45deg",
                name == current,
            )
            for name in self.relations()
        ]

    def _side(self, record: Any) -> list[Property]:
        version = version_attribute(self.model)
        names = [n for n in ("created_at", "updated_at") if n in self.system_columns] + ([version] if version else [])
        return [Property(self.label(n), self.value_html(record, n, long=True), name=n) for n in names]


class DetailsView(RecordFrame):
    """A record to read."""

    details_template = "admin/model/details.html"

    @expose("/details/")
    def details_view(self) -> Any:
        """Every value of a record."""
        record = self.fetch(request.args.get("id"))
        names = self.column_names(self._details_columns)
        kinds = {name: found.kind for name in names if (found := self.find(name))}
        properties = [Property(self.label(n), self.details_html(record, n), kinds.get(n, Kind.TEXT), n) for n in names]
        return self.render(
            self.details_template,
            page=self.record_page(record, "details"),
            properties=properties,
            view=self,
            breadcrumbs=self.breadcrumbs(str(record)),
        )

    def details_html(self, record: Any, name: str) -> Markup:
        """A value as the details show it."""
        return self.value_html(record, name, long=True)

    def get_details_columns(self) -> list[tuple[Any, Any]]:
        """All columns but those of the side panel, unless `column_details_list` says which."""
        if self.column_details_list:
            return list(super().get_details_columns())
        names = [
            a.name
            for a in attributes(self.model).values()
            if a.kind is not Kind.MANY
            and a.name not in self.system_columns
            and not self.is_foreign_key(a)
            and not is_secret(a)
        ]
        return self.get_column_names(names, self.column_details_exclude_list)
