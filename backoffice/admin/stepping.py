"""Previous and next: from one record of a list to its neighbours, in the list's own order, search and filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from flask import current_app, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from backoffice.access.redirects import inside
from backoffice.admin.base import BaseRecordView, list_address, view_at
from backoffice.admin.listing import ListingView
from backoffice.admin.opened import open_list
from backoffice.admin.presenters_records import Step
from backoffice.admin.relations import RelationsView
from backoffice.database.keys import key_text
from backoffice.database.neighbours import neighbours
from backoffice.database.paging import Reader
from backoffice.database.selection import Selection
from backoffice.database.time_limits import TooBroad, go_on_reading
from backoffice.errors import BackofficeError


def steps(view: RelationsView, record: Any, page: str) -> tuple[Step | None, Step | None]:
    """The records before and after this one, opened on the same page; None, None where one came from no list."""
    back = list_address()
    selection = _list_of(view, back)
    if selection is None:
        return None, None
    # As little of them as their names take.
    naming = view._naming([])
    reader = Reader(
        view.db_session,
        selection,
        secret=current_app.config["SECRET_KEY"],
        per_page=1,
        seconds=current_app.extensions["backoffice"].list_seconds,
        options=[*(view.loading(naming) if naming else ()), *view.light(())],
    )
    try:
        before, after = neighbours(reader, record)
    except TooBroad:
        go_on_reading(view.db_session)
        return None, None
    return _step(view, before, page, back), _step(view, after, page, back)


def _step(view: RelationsView, record: Any | None, page: str, back: str) -> Step:
    return Step() if record is None else Step(view.page_url(page, id=key_text(record), url=back), str(record))


def _list_of(view: RelationsView, address: str) -> Selection | None:
    """What the list at an address asks for: this model's own list, or a panel of another record that shows it.

    None where the address is no such list, or can no longer be read: its page then says why.
    """
    path, _mark, query = (inside(address) or "").partition("?")
    arguments = ImmutableMultiDict(parse_qsl(query))
    try:
        if path == view.page_url("index_view"):
            opened = open_list(view, arguments)
            selection = view.read_selection(args=opened.arguments)
            opened.check(selection)
            return selection
        scope = _panel_scope(view, path, arguments)
        return None if scope is None else view.read_selection(scope, arguments)
    except BackofficeError:
        return None


def _panel_scope(view: ListingView, path: str, arguments: Mapping[str, str]) -> sa.Select[Any] | None:
    owner = _view_at(path)
    if not isinstance(owner, RelationsView) or not owner.may("read"):
        return None
    found = owner.relations().get(arguments.get("name", ""))
    if found is None or found.related is not view.model:
        return None
    return owner._linked(owner.fetch(arguments.get("id")), found, view)


def _view_at(path: str) -> BaseRecordView | None:
    """The view whose panels stand at a path."""
    adapter = current_app.url_map.bind_to_environ(request.environ)
    try:
        endpoint, _arguments = adapter.match(path.removeprefix(request.script_root), method="GET")
    except HTTPException:
        return None
    name, _dot, page = str(endpoint).rpartition(".")
    return view_at(name) if page == "relation_view" else None
