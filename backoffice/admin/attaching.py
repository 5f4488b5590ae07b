"""Attaching related records: the chosen ones at once, or a pasted list after a page that says what it was taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import ngettext

from backoffice.admin.address import ListAddress
from backoffice.admin.listing import ListingView
from backoffice.admin.presenters import Link
from backoffice.admin.presenters_relations import PastedList, Recognised, RelationPanel
from backoffice.admin.recognising import recognised, split_further
from backoffice.admin.related import naming_columns
from backoffice.admin.saved_views import SavedViewsView
from backoffice.database.attributes import Attribute, primary_key
from backoffice.database.keys import key_text, print_key, records_of
from backoffice.database.naming import Meant, who_is_meant
from backoffice.database.pasted import LINE_ENDS, MOST, Pasted, read_pasted
from backoffice.errors import BackofficeError, BadInput
from backoffice.i18n import gettext as _
from backoffice.records.foreign_links import batches
from backoffice.records.linking import attach, belonging_elsewhere


class AttachingView(SavedViewsView):
    """The pages that attach."""

    attach_list_template = "admin/model/attach_list.html"
    attach_check_template = "admin/model/attach_check.html"

    @expose("/relation/attach/", methods=("POST",))
    def attach_view(self) -> Any:
        """Link the chosen records to this one; where one of them cannot be told, ask before anything is done."""
        record, found, view = self._relation("create")
        text = "\n".join(request.form.getlist("related"))
        if not text.strip():
            flash(_("Choose a record to attach first."), "error")
            return redirect(self._panel_url(record, found))
        try:
            pasted = split_further(view, read_pasted(text, view.model))
            meant = self._meant(view, pasted)
            if meant.none or meant.several:
                return self._check(record, found, view, pasted, meant, status=422)
            keys = dict.fromkeys(meant.one.values())
            return self._attach(record, found, view, [print_key(view.model, key) for key in keys])
        except BackofficeError as problem:
            return self._list_form(record, found, view, text, problem)

    @expose("/relation/attach-list/", methods=("GET", "POST"))
    def attach_list_view(self) -> Any:
        """A pasted list: typed, then recognised, then attached; going back loses nothing."""
        record, found, view = self._relation("create")
        text, step = request.form.get("texts", ""), request.form.get("step", "check")
        if request.method == "GET" or step == "edit":
            return self._list_form(record, found, view, text)
        try:
            if step == "attach":
                return self._attach_list(record, found, view)
            pasted = read_pasted(text, view.model)
            if not pasted.texts:
                raise BadInput(_("The list is empty. Write a key or a name on each line."))
        except BackofficeError as problem:
            return self._list_form(record, found, view, text, problem)
        return self._check(record, found, view, pasted, self._meant(view, pasted))

    def _attach_list(self, record: Any, found: Attribute, view: ListingView) -> Any:
        """Attach what the page before had recognised, and what was chosen there among records of one name."""
        chosen = [key for name, key in request.form.items() if name.startswith("choice-") and key]
        texts = list(dict.fromkeys([*LINE_ENDS.split(request.form.get("keys", "")), *chosen]))
        texts = [text for text in texts if text]
        if len(texts) > MOST:
            raise BadInput(_("Attach at most %(most)s at a time.", most=MOST))
        if not texts:
            raise BadInput(_("Nothing was chosen to attach. Change the list, or choose among records of one name."))
        return self._attach(record, found, view, texts)

    def _attach(self, record: Any, found: Attribute, view: ListingView, texts: Sequence[str]) -> Any:
        url = self._panel_url(record, found)
        return self.say(self.once_saying(lambda: self._attach_all(record, found, view, texts), url))

    def _attach_all(self, record: Any, found: Attribute, view: ListingView, texts: Sequence[str]) -> None:
        relation, name = found.relationship, str(record)
        assert relation is not None  # noqa: S101  # for the type checker: a relation has its relationship
        others = [
            other
            for some in batches(texts)
            for other in records_of(self.db_session, view.get_query().options(*view.light(())), view.model, some)
        ]
        first = str(others[0]) if others else ""
        owner = _owner(found, others) if len(others) == 1 else ""
        keys = [tuple(getattr(other, part.name) for part in primary_key(view.model)) for other in others]
        elsewhere = belonging_elsewhere(self.db_session, record, relation, keys)
        new = attach(self.db_session, record, relation, others)
        if len(others) < len(texts):
            gone = len(texts) - len(others)
            flash(ngettext("%(num)s record is gone and was left out.",
                           "%(num)s records are gone and were left out.", gone), "warning")  # fmt: skip
        if len(others) == 1 and not new:
            flash(_("“%(record)s” was attached already.", record=first), "info")
        elif owner and owner != name:
            words = {"record": first, "new": name, "old": owner}
            flash(_("“%(record)s” now belongs to %(new)s, no longer to %(old)s.", **words), "success")
        else:
            flash(ngettext("%(num)s record was attached.", "%(num)s records were attached.", new), "success")
            if elsewhere:
                flash(ngettext("%(num)s of them belonged to another record before.",
                               "%(num)s of them belonged to other records before.", elsewhere), "info")  # fmt: skip

    # -- pages --------------------------------------------------------------------------------------------------------

    def _list_form(
        self, record: Any, found: Attribute, view: ListingView, text: str, problem: BackofficeError | None = None
    ) -> Any:
        page = self._pasted_page(record, found, view, text)
        page = replace(page, error=problem.message if problem else "")
        html = self.render(
            self.attach_list_template, page=page, view=self, breadcrumbs=self._crumbs(record, found, page.title)
        )
        return html, problem.status if problem else 200

    def _check(
        self, record: Any, found: Attribute, view: ListingView, pasted: Pasted, meant: Meant, status: int = 200
    ) -> Any:
        page = self._pasted_page(record, found, view, "\n".join(pasted.texts))
        shown: Recognised = recognised(view, record, found, pasted, meant, page)
        html = self.render(
            self.attach_check_template, found=shown, view=self, breadcrumbs=self._crumbs(record, found, shown.title)
        )
        return html, status

    def _crumbs(self, record: Any, found: Attribute, here: str) -> list[Link]:
        return [*self.breadcrumbs(), Link(str(record), self._panel_url(record, found)), Link(here, "", current=True)]

    def _pasted_page(self, record: Any, found: Attribute, view: ListingView, text: str) -> PastedList:
        back = self._panel_url(record, found)
        return PastedList(
            _("Attach a list to %(label)s of %(record)s", label=self.label(found.name), record=record),
            self.page_url("attach_list_view", **self._panel_arguments(record, found)),
            back,
            text=text,
            most=MOST,
            noun=view.singular,
            return_url=back,
        )

    def _panel_arguments(self, record: Any, found: Attribute) -> dict[str, str]:
        return {"id": key_text(record), "name": found.name, "url": request.args.get("url", "")}

    def _meant(self, view: ListingView, pasted: Pasted) -> Meant:
        return who_is_meant(self.db_session, view.get_query(), view.model, naming_columns(view), pasted.texts)

    def with_changes(
        self, panel: RelationPanel, record: Any, found: Attribute, view: ListingView, address: ListAddress
    ) -> RelationPanel:
        """The addresses that attach, for who may."""
        panel = super().with_changes(panel, record, found, view, address)
        if not self.may_link(found, "create"):
            return panel
        fixed = self._panel_arguments(record, found)
        return replace(
            panel,
            attach_url=self.page_url("attach_view", **fixed),
            list_url=self.page_url("attach_list_view", **fixed),
        )


def _owner(found: Attribute, others: Sequence[Any]) -> str:
    """To whom the one record belongs now, where it can belong to one only."""
    relation = found.relationship
    if relation is None or relation.secondary is not None or not relation.back_populates:
        return ""
    owner = getattr(others[0], relation.back_populates)
    return "" if owner is None else str(owner)
