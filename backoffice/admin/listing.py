"""The list page: one question, a page of rows, an honest count, and every link that asks another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Response, current_app, flash, jsonify, redirect, request
from flask_admin import expose
from flask_security import current_user

from backoffice.admin.address import PLACES, ListAddress
from backoffice.admin.arranging import rearranged
from backoffice.admin.asking import asker
from backoffice.admin.columns import read_columns
from backoffice.admin.export_menu import export_menu
from backoffice.admin.filters import add_condition, other_match, pills
from backoffice.admin.opened import Opened, open_list, refused, view_tabs
from backoffice.admin.pager import amount, count_in_words, pager
from backoffice.admin.presenters import Action, Header, Link, Listing, Pager
from backoffice.admin.related import may_read
from backoffice.admin.replica import reading
from backoffice.admin.rows import RowsView
from backoffice.admin.turns import Turns
from backoffice.database.attributes import Kind, attributes, label_of
from backoffice.database.counting import Count, count, exact_count
from backoffice.database.paging import Reader, Window, read_place
from backoffice.database.reading import quoted
from backoffice.database.searching import MAX_LENGTH, is_indexed
from backoffice.database.selection import Selection
from backoffice.database.sorting import SortKey
from backoffice.database.time_limits import TooBroad, go_on_reading
from backoffice.database.vocabulary import Vocabulary
from backoffice.errors import BackofficeError, BadInput, NotFound
from backoffice.i18n import gettext as _
from backoffice.i18n import locale_name

ACTION_ICONS = {"export": "download", "delete": "trash"}
# Counting on request may take its time: it holds no page.
EXACT_COUNT_SECONDS = 30


class ListingView(RowsView):
    """The list of a model's records."""

    @expose("/")
    def index_view(self) -> Any:
        """The list as the address, or the saved view that it opens, asks for it."""
        opened = open_list(self, request.args)
        address: ListAddress | None = None
        try:
            address = self.read_address(self.url_of_list, args=opened.arguments, kept=opened.kept)
            if "filter_column" in request.args:
                return self._filter(address)
            if "arrange" in request.args:
                return redirect(rearranged(self, address, request.args), 303)
            opened.check(address.selection)
            listing = self.listing(address, actions=self.actions())
        except (BadInput, NotFound) as problem:
            if not opened.exactly:
                raise
            address, listing = None, refused(self, opened, problem)
        html = self.render(
            self.list_template,
            listing=listing,
            views=view_tabs(self, opened, address),
            view=self,
            breadcrumbs=[Link(str(self.name), "", current=True)],
        )
        return html, TooBroad.status if listing.empty == "too-broad" else NotFound.status if opened.missing else 200

    @expose("/count/")
    def count_view(self) -> Any:
        """The exact number of rows that the address selects, for who asks for it: TooBroad where it takes too long."""
        _opened, selection = self.open_asked()
        turns, person = Turns.of("counts", most=2, each=1), current_user.id
        turns.take(
            person,
            all_taken=_("Others are counting just now. Try again in a minute."),
            own_taken=_("You are counting already. Wait until that is done."),
        )
        try:
            with reading(self.db_session):
                found = Count(exact_count(self.db_session, selection, EXACT_COUNT_SECONDS))
        finally:
            turns.give_back(person)
        words = count_in_words(found, narrowed=selection.narrowed)
        return jsonify(count=found.value, amount=amount(found), text=words)

    def open_asked(self) -> tuple[Opened, Selection]:
        """What a file or a count of the list is asked for: the rows of the arguments and of the view they name."""
        opened = open_list(self, request.args, may_default=False)
        selection = self.read_selection(args=opened.arguments)
        opened.check(selection)
        return opened, selection

    def url_of_list(self, **arguments: str) -> str:
        """The address of the list with these arguments."""
        return self.page_url("index_view", **arguments)

    def read_selection(self, scope: sa.Select[Any] | None = None, args: Mapping[str, str] | None = None) -> Selection:
        """The rows that the request's arguments ask for, of those this person may see; BadInput names what is wrong."""
        args = request.args if args is None else args
        selection = Selection.read(args, self.asked(), self.get_query() if scope is None else scope, asker())
        if not selection.search:
            return selection
        return selection.replace(indexed=is_indexed(self.db_session, self.vocabulary))

    def read_address(
        self,
        make: Any,
        fixed: dict[str, str] | None = None,
        scope: sa.Select[Any] | None = None,
        args: Mapping[str, str] | None = None,
        kept: Mapping[str, str] | None = None,
    ) -> ListAddress:
        """The state of a list from the request's arguments, or from `args`; BadInput names what is wrong."""
        args = request.args if args is None else args
        page_size = self.read_page_size(args.get("page_size", ""))
        return ListAddress(
            make,
            self.read_selection(scope, args),
            place=read_place(lambda name: args.get(name, ""), page_size or self.page_size),
            page_size=page_size,
            columns=read_columns(self, args.get("columns", "")),
            fixed=fixed or {},
            kept=kept or {},
            asked_place={name: args[name] for name in PLACES if args.get(name)},
        )

    def asked(self) -> Vocabulary:
        """What this person may ask: nobody learns through a filter who wrote or keeps what they may not read."""
        known = self.vocabulary.filterable
        closed = {name for name in self._related_filters if not may_read(known[name])}
        if not closed:
            return self.vocabulary
        return replace(self.vocabulary, filterable={n: found for n, found in known.items() if n not in closed})

    @cached_property
    def _related_filters(self) -> tuple[str, ...]:
        """The filters that ask of other records."""
        known = self.vocabulary.filterable.items()
        return tuple(name for name, found in known if found.path or found.relationship is not None)

    def read_page_size(self, text: str) -> int:
        """The rows of a page from an address; 0 for the view's own number."""
        if not text:
            return 0
        if not self.can_set_page_size or text not in map(str, self.page_size_options):
            known = ", ".join(map(str, self.page_size_options))
            raise BadInput(
                _("A page cannot have %(size)s rows. It can have: %(known)s.", size=quoted(text), known=known)
            )
        return int(text)

    def _filter(self, address: ListAddress) -> Response:
        try:
            url = address.selecting(add_condition(address.selection, request.args))
        except BackofficeError as error:
            flash(error.message, "error")
            asked = {name: request.args.get(f"filter_{name}", "")[:100] for name in ("column", "operator")}
            url = self.filter_url(address, **asked)
        return redirect(url, 303)  # type: ignore[return-value]  # werkzeug's response is Flask's here

    def filter_url(self, address: ListAddress, **asked: str) -> str:
        """The page that adds a condition to this list."""
        return self.page_url("filter_view", list=address.start(), **asked)

    def listing(
        self,
        address: ListAddress,
        *,
        names: Sequence[str] | None = None,
        actions: Sequence[Action] = (),
        title: str = "",
        first: int = 0,
    ) -> Listing:
        """The list that the address selects, ready to draw; with `first`, only so many rows of it."""
        names = address.columns or names or self.column_names(self._list_columns)
        per_page = first or address.page_size or self.page_size
        selection = address.selection
        window, counted, broad = self._read(address, names, per_page, counting=not first)
        here = address.to()
        return Listing(
            title=title or str(self.name),
            headers=[self._header(address, name) for name in names],
            rows=self._rows(window.rows, names),
            pager=Pager(0) if broad else pager(address, window, counted, per_page, self._count_url(address)),
            url=address.make(**address.fixed),
            count_text="" if broad else count_in_words(counted, narrowed=selection.narrowed),
            searchable=bool(self.vocabulary.searchable),
            search=selection.search,
            search_hint=_(
                "Search %(columns)s", columns=_(", ").join(self.label(n) for n in self.vocabulary.searchable)
            ),
            search_length=MAX_LENGTH,
            state=address.state(),
            pills=pills(self, address),
            match="any" if selection.where and selection.where.match == "any" else "all",
            match_url=other_match(address),
            clear_url=address.to(search="", where=""),
            filter_url=self.filter_url(address) if selection.vocabulary.filterable and not first else "",
            page_sizes=[
                Link(str(size), address.to(page_size=size), current=size == per_page)
                for size in self.page_size_options
                if self.can_set_page_size
            ],
            actions=actions,
            action_url=self.page_url("action_view"),
            all_text=_("All that match: %(amount)s", amount=amount(counted))
            if window.has_next or window.has_previous
            else "",
            selection=urlencode(selection.args()),
            return_url=here,
            new_url=self.page_url("create_view", url=here) if self.may("create") else "",
            import_url=self.page_url("import_view", url=here) if self.may("import") and not address.fixed else "",
            exports=None if first or address.fixed else export_menu(self, address, names, None if broad else counted),
            empty="" if window.rows else "too-broad" if broad else "no-match" if selection.narrowed else "no-data",
        )

    def _read(
        self, address: ListAddress, names: Sequence[str], per_page: int, *, counting: bool
    ) -> tuple[Window, Count, bool]:
        """The page, the count beside it, and whether the database had to be stopped."""
        reader = Reader(
            self.db_session,
            address.selection,
            secret=current_app.config["SECRET_KEY"],
            per_page=per_page,
            seconds=current_app.extensions["backoffice"].list_seconds,
            options=[*self.loading([*names, *self._naming(names)]), *self.light(names)],
            within=str(sorted(address.fixed.items())),
        )
        with reading(self.db_session):
            try:
                window = reader.read(address.place)
            except TooBroad:
                go_on_reading(self.db_session)
                return Window((), None, has_previous=False, has_next=False), Count(0), True
            counted = count(self.db_session, address.selection, window) if counting else Count(len(window.rows))
        return window, counted, False

    def _naming(self, names: Sequence[str]) -> list[str]:
        """The relations that a record may be called by, beside the columns `names`: every row says what it is."""
        if label_of(self.model) is not None:
            return []
        return [n for n, found in attributes(self.model).items() if found.kind is Kind.ONE and n not in names]

    def _count_url(self, address: ListAddress) -> str:
        return self.page_url("count_view", **address.selection.args()) if not address.fixed else ""

    def actions(self) -> list[Action]:
        """What this person may do with ticked rows."""
        locale = locale_name()
        if locale not in self._actions_shown:
            self._actions_shown[locale] = [self._shown_action(name, str(label)) for name, label in self._actions]
        return [shown for shown in self._actions_shown[locale] if self.is_action_allowed(shown.name)]

    @cached_property
    def _actions_shown(self) -> dict[str, list[Action]]:
        """All of them, put into the words of each language once."""
        return {}

    def _shown_action(self, name: str, label: str) -> Action:
        return Action(name, label, ACTION_ICONS.get(name, "lightning"), danger=name == "delete")

    def _header(self, address: ListAddress, name: str) -> Header:
        found = self.find(name)
        kind = found.kind if found else Kind.TEXT
        description = str((self.column_descriptions or {}).get(name, ""))
        if name not in self.vocabulary.sortable:
            return Header(name, self.label(name), kind, description)
        keys = address.selection.effective_sort
        rank = next((i for i, key in enumerate(keys, 1) if key.name == name), 0)
        descending = bool(rank) and keys[rank - 1].descending
        following = SortKey(name, descending=bool(rank) and not descending)
        return Header(
            name,
            self.label(name),
            kind,
            description,
            ("descending" if descending else "ascending") if rank else "",
            rank if len(keys) > 1 else 0,
            address.to(sort=following),
        )
