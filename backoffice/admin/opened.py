"""Which saved view a list is opened by, and what the list then asks for.

In this order: `view=12` opens that view and `view=all` none; `based=12` says which view the arguments beside it depart
from; without any argument the person's own default opens, else the default of their first role that has one, else all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import request
from flask_security import current_user

from backoffice.access import permissions
from backoffice.access.sign_in import NO_SAVED_VIEWS
from backoffice.admin.address import PLACES, ListAddress
from backoffice.admin.arranging import order_of
from backoffice.admin.base import BaseRecordView
from backoffice.admin.columns import offered_columns
from backoffice.admin.presenters import Listing, Pager
from backoffice.admin.presenters_views import Refusal, Tab, ViewMenu, ViewTabs
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection
from backoffice.errors import BackofficeError, BadInput, NotFound
from backoffice.i18n import gettext as _
from backoffice.models import SavedView
from backoffice.records.saved_views import ARGUMENTS, Person, opens_first, visible

ALL = "all"


@dataclass(frozen=True)
class Opened:
    """A list as it is opened: `arguments` are what it is read from, `base` the view they come or depart from.

    `exactly` where nothing but the view itself was asked for, `missing` names one that is not there. `kept` is what
    every link of the page carries on.
    """

    arguments: Mapping[str, str]
    person: Person
    views: Sequence[SavedView] = ()
    base: SavedView | None = None
    default: SavedView | None = None
    exactly: bool = False
    missing: str = ""
    notices: Sequence[str] = ()

    @property
    def kept(self) -> dict[str, str]:
        """Departing from a view, or staying off the default that would open by itself."""
        if self.base is not None:
            return {"based": str(self.base.id)}
        return {"view": ALL} if self.default is not None else {}

    def check(self, selection: Selection) -> None:
        """Refuse what is not there, and a search that the list no longer knows: it would mean more rows."""
        if self.missing:
            raise NotFound(_("There is no saved view “%(view)s” in this list, or it is not shared with you.",
                             view=quoted(self.missing)))  # fmt: skip
        kept = self.base.arguments.get("search") if self.base else None
        if kept and self.arguments.get("search") == kept and not selection.search:
            raise BadInput(_("This list can no longer be searched."))


@dataclass
class _Repair:
    """The arguments of a view without what is no longer there, and a sentence for each thing left out."""

    arguments: dict[str, str]
    notices: list[str] = field(default_factory=list)


def person_before(view: BaseRecordView) -> Person:
    """The signed-in person as the saved views of this list know them."""
    return Person(
        current_user.id,
        tuple(role.id for role in current_user.roles),
        may_share=view.may("share-views"),
        manages=permissions.may("saved-view", "manage"),
    )


def open_list(view: BaseRecordView, args: Mapping[str, str], *, may_default: bool = True) -> Opened:
    """What the arguments of an address open, among the views that this person sees.

    A file or a count of the list takes no default: the links of the list say all that they mean.
    """
    person = person_before(view)
    known_none = request.environ.get(NO_SAVED_VIEWS) == view.endpoint
    views = [] if known_none else visible(view.db_session, view.endpoint, person)
    default = opens_first(views, person)
    given = {name: args[name] for name in (*ARGUMENTS, *PLACES) if name in args}
    asked, based = args.get("view", ""), args.get("based", "")
    if asked and asked != ALL:
        base = _named(views, asked)
        if base is None:
            return Opened({}, person, views, None, default, exactly=True, missing=asked)
    elif asked or given or based or not may_default:
        # Somebody else's private view may stand in an address that was passed on: its rows are asked for all the same.
        return Opened(given, person, views, None if asked else _named(views, based), default)
    else:
        base = default
    if base is None:
        return Opened({}, person, views, None, default)
    repair = _repaired(view, base)
    arguments = {**repair.arguments, **given}
    return Opened(arguments, person, views, base, default, exactly=not given, notices=repair.notices)


def _named(views: Sequence[SavedView], text: str) -> SavedView | None:
    return next((view for view in views if str(view.id) == text), None)


def _repaired(view: BaseRecordView, saved: SavedView) -> _Repair:
    """Leave out what changes only the look: columns, order and page size. Never what narrows the rows."""
    arguments = {name: text for name, text in saved.arguments.items() if name in ARGUMENTS and isinstance(text, str)}
    repair = _Repair(arguments)
    _without(repair, "columns", offered_columns(view), _("These columns are left out, because the list no longer "
             "has them or you may not see them: %(names)s."))  # fmt: skip
    _without(repair, "sort", view.vocabulary.sortable, _("The list can no longer be sorted by: %(names)s."))
    sizes = map(str, view.page_size_options) if view.can_set_page_size else ()
    _without(repair, "page_size", tuple(sizes), _("A page can no longer have %(names)s rows."))
    return repair


def _without(repair: _Repair, argument: str, known: Sequence[str] | Mapping[str, object], sentence: str) -> None:
    names = repair.arguments.pop(argument, "").split(",")
    gone = [name.removeprefix("-") for name in names if name and name.removeprefix("-") not in known]
    left = [name for name in names if name and name.removeprefix("-") in known]
    if left:
        repair.arguments[argument] = ",".join(left)
    if gone:
        repair.notices.append(sentence % {"names": _(", ").join(quoted(name) for name in gone)})


def state_of(address: ListAddress) -> dict[str, str]:
    """What a view kept now would hold."""
    arguments = address.arguments(page="")
    return {name: arguments[name] for name in ARGUMENTS if name in arguments}


def view_tabs(view: BaseRecordView, opened: Opened, address: ListAddress | None) -> ViewTabs:
    """The tabs of a list and the menu beside them; without an address where the open view could not be asked."""
    base = opened.base
    state = state_of(address) if address else {}
    changed = address is not None and _plain(view, state) != _plain(view, base.arguments if base else {})
    everything = Tab(_("All"), view.page_url("index_view", view=ALL if opened.default else ""), base is None)
    tabs = [everything, *(_tab(view, saved, base, changed) for saved in opened.views)]
    return ViewTabs(
        tabs,
        _menu(view, opened, state, changed),
        (*view.list_notices(), *opened.notices),
        arrange_url=view.page_url("arrange_view", **address.arguments(page="")) if address else "",
        order=",".join(map(str, order_of(address))) if address else "",
        can_sort=address is not None and bool(view.vocabulary.sortable),
    )


def refused(view: BaseRecordView, opened: Opened, problem: BackofficeError) -> Listing:
    """A view that cannot be shown: none of its rows, and a way on that says what it leaves out."""
    address = view.page_url("index_view")
    return Listing(
        str(view.name), headers=(), rows=(), pager=Pager(0), url=address, refusal=_refusal(view, opened, problem)
    )


def _refusal(view: BaseRecordView, opened: Opened, problem: BackofficeError) -> Refusal:
    if opened.missing:
        return Refusal(_("No such view"), problem.message, view.page_url("index_view", view=ALL), _("Show all"))
    rest = {name: text for name, text in opened.arguments.items() if name not in ("search", "where", *PLACES)}
    return Refusal(
        _("This view cannot be shown"),
        _("It asks for something that you may not ask or that is no longer there, so none of its rows are shown: "
          "%(reason)s", reason=problem.message),
        view.page_url("index_view", **opened.kept, **rest),
        _("Clear search and filters"),
    )  # fmt: skip


def _tab(view: BaseRecordView, saved: SavedView, base: SavedView | None, changed: bool) -> Tab:
    return Tab(
        saved.name,
        view.page_url("index_view", view=saved.id),
        saved is base,
        saved is base and changed,
        saved.role.name if saved.role else "",
        saved.is_default,
    )


def _menu(view: BaseRecordView, opened: Opened, state: dict[str, str], changed: bool) -> ViewMenu:
    base = opened.base
    new_url = view.page_url("saved_view_new", **state) if changed else ""
    if base is None:
        return ViewMenu(new_url)
    discard_url = view.page_url("index_view", view=base.id) if changed else ""
    if not opened.person.may_change(base):
        return ViewMenu(new_url, discard_url)
    return ViewMenu(
        new_url,
        discard_url,
        settings_url=view.page_url("saved_view_edit", id=base.id),
        delete_url=view.page_url("saved_view_delete", id=base.id),
        change_url=view.page_url("saved_view_change"),
        may_save=changed,
        state=[("id", str(base.id)), ("version", str(base.version)), ("based", str(base.id)), *state.items()],
    )


def _plain(view: BaseRecordView, arguments: Mapping[str, str]) -> dict[str, str]:
    """The arguments without those that say what the list does by itself."""
    own = {"page_size": str(view.page_size), "sort": ",".join(map(str, view.vocabulary.default_sort))}
    return {name: text for name, text in arguments.items() if text and text != own.get(name)}
