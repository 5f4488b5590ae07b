"""The pages that arrange a list, and those that keep, rename, share, order and delete saved views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_security import current_user

from backoffice.access.redirects import safe_target
from backoffice.admin.actions import ActionsView
from backoffice.admin.arranging import arrangement
from backoffice.admin.base import list_address
from backoffice.admin.opened import person_before, state_of
from backoffice.admin.presenters import Confirmation, Link
from backoffice.admin.presenters_views import RoleChoice, SavedViewPage
from backoffice.admin.wording import explain
from backoffice.database.reading import quoted
from backoffice.errors import BackofficeError, BadInput, NotAllowed, NotFound
from backoffice.i18n import gettext as _
from backoffice.models import Role, SavedView
from backoffice.records import saved_views
from backoffice.records.saved_views import Person

STEPS = {"earlier": -1, "later": 1}


class SavedViewsView(ActionsView):
    """Saved views of a model's list. They grant nothing, so whoever may read the list may keep some."""

    saved_view_template = "admin/model/saved_view.html"
    arrange_template = "admin/model/arrange.html"

    @expose("/arrange/")
    def arrange_view(self) -> Any:
        """The forms for columns, order and density. A page of its own, so that no list has to carry them."""
        kept = {name: request.args[name] for name in ("view", "based") if name in request.args}
        address = self.read_address(self.url_of_list, kept=kept)
        return self.render(
            self.arrange_template,
            arrangement=arrangement(self, address),
            back=address.to(),
            view=self,
            breadcrumbs=[Link(str(self.name), address.to()), Link(_("Columns and order"), "", current=True)],
        )

    @expose("/views/new/", methods=("GET", "POST"))
    def saved_view_new(self) -> Any:
        """Keep the list as the address (then the form) describes it, under a name."""
        person = person_before(self)
        # An address that could not be asked is refused here, not each time the view is opened.
        address = self.read_address(self.url_of_list, args=request.values)
        state = state_of(address)
        page = SavedViewPage(
            _("Save this view"),
            self.page_url("saved_view_new"),
            self.page_url("index_view", **state),
            _("Save view"),
            roles=self._roles(person),
            hidden=list(state.items()),
            explained=explain(self, address.selection),
        )
        if request.method == "GET":
            return self._form(page)
        try:
            role_id, is_default = self._sent_role(person), "is_default" in request.form
            view = saved_views.create(
                self.db_session, person, self.endpoint, self._sent_name(), state, role_id, is_default=is_default
            )
        except BackofficeError as problem:
            return self._form(page, problem)
        flash(_("The view “%(name)s” was saved.", name=view.name), "success")
        return redirect(self.page_url("index_view", view=view.id))

    @expose("/views/edit/", methods=("GET", "POST"))
    def saved_view_edit(self) -> Any:
        """The name of a view, whom it is shared with, and whether it opens first."""
        person, view, back = *self._changeable(), self._back()
        page = self._page(person, view, back)
        if request.method == "GET":
            return self._form(page)
        try:
            saved_views.change(
                self.db_session, person, view, request.form.get("version", ""),
                name=self._sent_name(), role_id=self._sent_role(person, view), is_default="is_default" in request.form,
            )  # fmt: skip
        except BackofficeError as problem:
            # The form then carries today's version: sending it again is a decision.
            return self._form(self._page(person, self._changeable()[1], back), problem)
        flash(_("The view “%(name)s” was saved.", name=view.name), "success")
        return redirect(back)

    @expose("/views/change/", methods=("POST",))
    def saved_view_change(self) -> Any:
        """Keep the list as it is in the view it departs from (`save`), or move the tab (`earlier`, `later`)."""
        person, view = self._changeable()
        address = self.read_address(self.url_of_list, args=request.form)
        state, wanted = state_of(address), request.form.get("change", "")
        if wanted in STEPS:
            saved_views.move(self.db_session, view, STEPS[wanted])
            return redirect(self.page_url("index_view", **{**state, "based": view.id}))
        if wanted != "save":
            known = ", ".join(["save", *STEPS])
            raise BadInput(_("“%(change)s” cannot be done with a view. It can be: %(known)s.",
                             change=quoted(wanted), known=known))  # fmt: skip
        saved_views.change(self.db_session, person, view, request.form.get("version", ""), arguments=state)
        flash(_("The view “%(name)s” was saved.", name=view.name), "success")
        return redirect(self.page_url("index_view", view=view.id))

    @expose("/views/delete/", methods=("GET", "POST"))
    def saved_view_delete(self) -> Any:
        """GET asks, POST deletes."""
        _person, view = self._changeable()
        name = view.name
        if request.method == "POST":
            saved_views.delete(self.db_session, view, request.form.get("version", ""))
            flash(_("The view “%(name)s” was deleted.", name=name), "success")
            return redirect(self.page_url("index_view"))
        question = Confirmation(
            _("Delete the view “%(name)s”?", name=name),
            _("For everybody with the role “%(role)s”. This cannot be undone.", role=view.role)
            if view.role
            else _("This cannot be undone."),
            (),
            0,
            (),
            post_url=self.page_url("saved_view_delete"),
            cancel_url=self._back(),
            button=_("Delete"),
            danger=True,
            hidden=[("id", str(view.id)), ("version", str(view.version))],
        )
        return self.ask(question)

    def _changeable(self) -> tuple[Person, SavedView]:
        """The view that the request's `id` names, where this person sees it and may change it."""
        person, text = person_before(self), request.values.get("id", "")
        for view in saved_views.visible(self.db_session, self.endpoint, person):
            if str(view.id) == text:
                if not person.may_change(view):
                    raise NotAllowed(_("This view is shared with you. Save it under a name of your own to change it."))
                return person, view
        raise NotFound(_("There is no saved view “%(view)s” in this list, or it is not yours to change.",
                         view=quoted(text)))  # fmt: skip

    def _page(self, person: Person, view: SavedView, back: str) -> SavedViewPage:
        return SavedViewPage(
            _("The view “%(name)s”", name=view.name),
            self.page_url("saved_view_edit"),
            back,
            _("Save"),
            name=view.name,
            role_id=view.role_id,
            roles=self._roles(person, view),
            is_default=view.is_default,
            hidden=[("id", str(view.id)), ("version", str(view.version)), ("url", back)],
            delete_url=self.page_url("saved_view_delete", id=view.id),
            kind="kept",
        )

    def _form(self, page: SavedViewPage, problem: BackofficeError | None = None) -> Any:
        if problem is not None:
            sent = request.form.get("role_id", "")
            page = replace(
                page,
                problem=problem.message,
                name=request.form.get("name", ""),
                role_id=int(sent) if sent in {str(role.id) for role in page.roles} else None,
                is_default="is_default" in request.form,
            )
        html = self.render(self.saved_view_template, page=page, view=self, breadcrumbs=self.breadcrumbs(page.title))
        return html, problem.status if problem else 200

    def _roles(self, person: Person, view: SavedView | None = None) -> list[RoleChoice]:
        """The roles to share with; the one it is shared with now always among them."""
        if person.manages:
            roles = list(self.db_session.scalars(sa.select(Role).order_by(Role.name)))
        else:
            roles = list(current_user.roles) if person.may_share else []
        if view is not None and view.role is not None and view.role not in roles:
            roles.append(view.role)
        return [RoleChoice(role.id, role.name) for role in roles]

    def _sent_name(self) -> str:
        return request.form.get("name", "")

    def _sent_role(self, person: Person, view: SavedView | None = None) -> int | None:
        text = request.form.get("role_id", "")
        if not text:
            return None
        if text not in {str(role.id) for role in self._roles(person, view)}:
            raise NotAllowed(_("You may not share a view of this list with that role. Ask an administrator to do it."))
        return int(text)

    def _back(self) -> str:
        return safe_target(list_address(), self.page_url("index_view"))
