"""Creating a record where it is needed: attached at once from a panel, or chosen at once in another form's picker."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from flask import request
from flask_admin import expose
from wtforms import Form

from backoffice.admin.address import ListAddress
from backoffice.admin.base import view_at, view_for
from backoffice.admin.detaching import DetachingView
from backoffice.admin.fields import RelationField
from backoffice.admin.listing import ListingView
from backoffice.admin.presenters import RecordPage
from backoffice.admin.presenters_relations import RelationPanel
from backoffice.admin.relations import RelationsView
from backoffice.database.attributes import Attribute, Kind, attribute, label_of
from backoffice.database.keys import key_text
from backoffice.database.reading import quoted
from backoffice.errors import NotAllowed, NotFound
from backoffice.i18n import gettext as _

# What a picker calls itself, so that a new record finds back to it.
PICKER = re.compile(r"[\w-]{1,64}", re.ASCII)
MAX_TYPED = 500


@dataclass(frozen=True)
class Origin:
    """The record whose panel asks for a new one, and the relation that is to lead to it."""

    record: Any
    label: str
    reverse: Attribute


class LinkedCreationView(DetachingView):
    """The create form when it is opened from a panel (`relation`, `of`) or from a picker (`into`, `text`)."""

    created_template = "admin/model/created.html"

    @expose("/created/")
    def created_view(self) -> Any:
        """Hands a record that was made from a picker over to it, and tells what to give where that cannot be."""
        record = self.fetch(request.args.get("id"))
        return self.render(
            self.created_template,
            title=_("%(noun)s “%(record)s” was created.", noun=self.singular, record=record),
            record={"id": key_text(record), "label": str(record)},
            into=self._into(),
            url=self.record_url(record),
            view=self,
            breadcrumbs=self.breadcrumbs(str(record)),
        )

    # -- from a panel ---------------------------------------------------------------------------------------------

    def with_changes(
        self, panel: RelationPanel, record: Any, found: Attribute, view: ListingView, address: ListAddress
    ) -> RelationPanel:
        """The address that makes a record attached to this one, for who may; without it the panel makes none."""
        panel = super().with_changes(panel, record, found, view, address)
        url = ""
        if view.may("create") and self.may_link(found, "create") and _reverse(found) is not None:
            arguments = {"relation": f"{self.endpoint}.{found.name}", "of": key_text(record), "url": address.to()}
            url = view.page_url("create_view", **arguments)
        return replace(panel, new_url=url, new_label=new_label(view), listing=replace(panel.listing, new_url=url))

    def create_form(self, obj: Any = None) -> Form:
        """The form of a new record; from a panel it names the record that the panel belongs to."""
        form = super().create_form(obj)
        if request.method == "GET":
            origin = self._origin()
            if origin is not None and origin.reverse.name in form:
                form[origin.reverse.name].data = origin.record
                self._prepared(form, None)
            name, typed = label_of(self.model), request.args.get("text", "")[:MAX_TYPED]
            if name and name in form and typed:
                form[name].data = typed
        return form

    def build_new_instance(self) -> Any:
        """The new record, linked before it is saved: both happen in one transaction."""
        record, origin = super().build_new_instance(), self._origin()
        if origin is None:
            return record
        if origin.reverse.kind is Kind.MANY:
            getattr(record, origin.reverse.name).append(origin.record)
        elif origin.reverse.name not in self._create_form_class():
            setattr(record, origin.reverse.name, origin.record)
        return record

    def _origin(self) -> Origin | None:
        """Where the form was opened from; NotFound and NotAllowed as the panel would say."""
        relation = request.args.get("relation", "")
        if not relation:
            return None
        endpoint, _dot, name = relation.partition(".")
        view = view_at(endpoint)
        found = view.relations().get(name) if isinstance(view, RelationsView) and view.may("read") else None
        reverse = _reverse(found) if found is not None else None
        if view is None or found is None or reverse is None or found.related is not self.model:
            raise NotFound(_("There is no relation “%(name)s” that leads here.", name=quoted(relation)))
        if not view.may_link(found, "create"):
            raise NotAllowed(_("You may not change these links. Ask an administrator for a role that may."))
        return Origin(view.fetch(request.args.get("of")), view.label(name), reverse)

    def _new_page(self) -> RecordPage:
        """The page of a new record, which keeps what it was opened with."""
        page, origin, into = super()._new_page(), self._origin(), self._into()
        url = self.page_url("create_view", **self.carried(), url=request.args.get("url", ""))
        page = replace(page, form_url=url, can_add_another=not into)
        if origin is None:
            return page
        return replace(page, subtitle=_("For %(record)s: %(label)s", record=origin.record, label=origin.label))

    def carried(self) -> dict[str, str]:
        """The arguments that the form of a new record keeps from one page to the next."""
        names = ("relation", "of", "into")
        return {name: request.args[name] for name in names if request.args.get(name)}

    def _next_url(self, record: Any) -> str:
        """Back to where the record is wanted; another one is attached like the first."""
        if request.endpoint != f"{self.endpoint}.create_view":
            return super()._next_url(record)
        if self._into() and self.may("read"):
            return self.page_url("created_view", id=key_text(record), into=self._into())
        if "_add_another" in request.form and self.may("create"):
            kept = {name: text for name, text in self.carried().items() if name in ("relation", "of")}
            return self.page_url("create_view", **kept, url=request.args.get("url", ""))
        return super()._next_url(record)

    # -- from a picker --------------------------------------------------------------------------------------------

    def _into(self) -> str:
        """The picker that waits for the record; nothing where the address names none."""
        into = request.args.get("into", "")
        return into if PICKER.fullmatch(into) else ""

    def _prepared(self, form: Form, record: Any) -> Form:
        """Pickers lead to the form of a new related record, for who may make one."""
        form = super()._prepared(form, record)
        for field in form:
            if not isinstance(field, RelationField) or not field.lookup_url:
                continue
            related = view_for(attribute(self.model, field.short_name).related)
            if related is not None and related.may("create"):
                field.create_url = related.page_url("create_view", into="picker")
                field.create_label = new_label(related)
        return form


def new_label(view: Any) -> str:
    """What a button says that makes a record of a view's model."""
    return str(_("New %(noun)s", noun=view.singular.lower() if view.singular.isascii() else view.singular))


def _reverse(found: Attribute) -> Attribute | None:
    """The same relation from its other end, by which a record that is not saved yet can be linked."""
    back = found.relationship.back_populates if found.relationship else None
    return attribute(found.related, back) if back else None
