"""The list page: one question, two statements, and every link that asks another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import Response, flash, redirect, request
from flask_admin import expose
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup

from backoffice.admin.address import ListAddress
from backoffice.admin.base import BaseRecordView
from backoffice.admin.filters import add_condition, filter_columns, other_match, pills
from backoffice.admin.presenters import Action, Cell, Header, Link, Listing, PageNumber, Pager, Row
from backoffice.admin.related import may_read
from backoffice.database.attributes import Kind
from backoffice.database.keys import key_text
from backoffice.database.paging import Page, count_of, parse_page
from backoffice.database.selection import Selection, Vocabulary
from backoffice.database.sorting import SortKey
from backoffice.errors import BackofficeError, BadInput

ACTION_ICONS = {"publish": "check2-circle", "withdraw": "eye-slash", "delete": "trash"}


class ListingView(BaseRecordView):
    """The list of a model's records."""

    @expose("/")
    def index_view(self) -> Any:
        """The list as the address asks for it."""
        address = self.read_address(self.url_of_list)
        if "filter_column" in request.args:
            return self._filter(address)
        listing = self.listing(address, self.get_query(), actions=self.actions())
        return self.render(
            self.list_template,
            listing=listing,
            view=self,
            breadcrumbs=[Link(str(self.name), "", current=True)],
        )

    def url_of_list(self, **arguments: str) -> str:
        """The address of the list with these arguments."""
        return self.page_url("index_view", **arguments)

    def read_address(self, make: Any, fixed: dict[str, str] | None = None) -> ListAddress:
        """The state of a list from the request's arguments; BadInput names what is wrong."""
        args = request.args
        return ListAddress(
            make,
            Selection.read(args, self.asked()),
            page=parse_page(args.get("page") or "1"),
            page_size=self.read_page_size(args.get("page_size", "")),
            fixed=fixed or {},
        )

    def asked(self) -> Vocabulary:
        """What this person may ask: nobody learns through a filter who wrote or keeps what they may not read."""
        known = self.vocabulary.filterable
        return replace(self.vocabulary, filterable={name: found for name, found in known.items() if may_read(found)})

    def read_page_size(self, text: str) -> int:
        """The rows of a page from an address; 0 for the view's own number."""
        if not text:
            return 0
        if not self.can_set_page_size or text not in map(str, self.page_size_options):
            known = ", ".join(map(str, self.page_size_options))
            raise BadInput(_("A page cannot have %(size)s rows. It can have: %(known)s.", size=text, known=known))
        return int(text)

    def _filter(self, address: ListAddress) -> Response:
        try:
            url = address.selecting(add_condition(address.selection, request.args))
        except BackofficeError as error:
            flash(error.message, "error")
            url = address.to()
        return redirect(url, 303)  # type: ignore[return-value]  # werkzeug's response is Flask's here

    def listing(
        self,
        address: ListAddress,
        base: sa.Select[Any],
        *,
        names: Sequence[str] | None = None,
        actions: Sequence[Action] = (),
        title: str = "",
        first: int = 0,
    ) -> Listing:
        """The list of the rows of `base` that the address selects, ready to draw; with `first`, only so many."""
        names = names or self.column_names(self._list_columns)
        page = self._page(address, base, names, first)
        selection = address.selection
        here = address.to()
        return Listing(
            title=title or str(self.name),
            headers=[self._header(address, name) for name in names],
            rows=self._rows(page.items, names, here),
            pager=_pager(address, page),
            url=address.make(**address.fixed),
            count_text=_count_in_words(page.total or 0, narrowed=selection.narrowed),
            searchable=bool(self.vocabulary.searchable),
            search=selection.search,
            search_hint=_(
                "Search %(columns)s", columns=_(", ").join(self.label(n) for n in self.vocabulary.searchable)
            ),
            state=address.state(),
            pills=pills(self, address),
            match="any" if selection.where and selection.where.match == "any" else "all",
            match_url=other_match(address),
            clear_url=address.selecting(selection.replace(search="", where=None)),
            filters=[] if first else filter_columns(self, selection.vocabulary),
            page_sizes=[
                Link(str(size), address.to(page_size=size), current=size == page.per_page)
                for size in self.page_size_options
                if self.can_set_page_size
            ],
            actions=actions,
            action_url=self.page_url("action_view"),
            return_url=here,
            new_url=self.page_url("create_view", url=here) if self.may("create") else "",
            export_url=self.page_url("export", export_type="csv", **selection.args()) if self.may("export") else "",
            empty="" if page.items else "no-match" if selection.narrowed else "no-data",
        )

    def actions(self) -> list[Action]:
        """What this person may do with ticked rows."""
        labels, _confirmations = self.get_actions_list()
        return [Action(n, str(label), ACTION_ICONS.get(n, "lightning"), n == "delete") for n, label in labels]

    def _page(self, address: ListAddress, base: sa.Select[Any], names: Sequence[str], first: int) -> Page:
        rows = address.selection.filtered(base)
        dialect = self.db_session.get_bind().dialect.name
        return Page(
            session=self.db_session,
            statement=address.selection.ordered(rows, dialect).options(*self.loading(names), *self.light(names)),
            count=count_of(rows),
            page=address.page,
            per_page=first or address.page_size or self.page_size,
        )

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
            address.selecting(address.selection.replace(sort=(following,))),
        )

    def _rows(self, records: Sequence[Any], names: Sequence[str], here: str) -> list[Row]:
        readable, editable = self.may("read"), self.may("edit")
        kinds = {name: found.kind if (found := self.find(name)) else Kind.TEXT for name in names}
        title = self._title_column(names)
        rows = []
        for record in records:
            key = key_text(record)
            url = self.page_url("details_view", id=key, url=here) if readable else ""
            edit = self.page_url("edit_view", id=key, url=here) if editable else ""
            values = {name: self.value_html(record, name) for name in names}
            if url:
                values[title] = Markup('<a class="record-link" href="{}">{}</a>').format(url, values[title])
            cells = [Cell(name, kinds[name], html) for name, html in values.items()]
            rows.append(Row(key, str(record), cells, url, edit))
        return rows

    def _title_column(self, names: Sequence[str]) -> str:
        """The column that leads to the record: its first text, else the first that leads nowhere else."""
        kinds = {name: found.kind for name in names if (found := self.find(name))}
        texts = [name for name, kind in kinds.items() if kind is Kind.TEXT]
        others = [name for name, kind in kinds.items() if kind is not Kind.ONE]
        return next(iter(texts + others), names[0])


def _count_in_words(total: int, *, narrowed: bool) -> str:
    count = format_decimal(total)
    return str(_("%(count)s found", count=count) if narrowed else _("%(count)s in all", count=count))


def _pager(address: ListAddress, page: Page) -> Pager:
    def to(number: int | None) -> str:
        return address.to(page=number if number and number > 1 else "") if number else ""

    return Pager(
        page.page,
        page.pages,
        page.total or 0,
        page.first,
        page.last,
        first_url=to(1) if page.has_prev else "",
        previous_url=to(page.prev_num) if page.has_prev else "",
        next_url=to(page.next_num) if page.has_next else "",
        last_url=to(page.pages) if page.has_next else "",
        numbers=[
            PageNumber(number, to(number), number == page.page)
            for number in page.iter_pages(left_edge=1, left_current=2, right_current=2, right_edge=1)
        ],
    )
