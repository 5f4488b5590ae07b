"""What every page of a model needs: its columns by name, its scope, its permissions and its addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from flask import current_app, request, url_for
from markupsafe import Markup, escape
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from backoffice.access.permissions import may
from backoffice.access.redirects import referring_page
from backoffice.admin.declaration import Declaration, is_long
from backoffice.admin.formatting import between, formatter
from backoffice.database.attributes import Attribute, Kind, attributes, label_of, once, version_attribute
from backoffice.database.keys import has_key, key_text, parse_key
from backoffice.database.reading import quoted
from backoffice.database.selection import whole
from backoffice.errors import NotAllowed, NotFound
from backoffice.i18n import gettext as _

# An address to return to may hold one of its own, and so on: a longer one than this is forgotten.
MAX_RETURN = 1000
# What a declaration switches off for everybody by `can_…`, in Flask-Admin's words.
SWITCHED = frozenset({"create", "edit", "delete", "export", "import"})
# Where a request keeps the list it came from: a page of a record asks for it four times.
LIST_ADDRESS = "backoffice.list_address"


class BaseRecordView(Declaration):
    """A model's declaration in Flask-Admin's attribute names, and the questions all its pages ask of it."""

    # -- scope and permission: decided here for lists, pages, look-ups, actions and exports alike -----------------

    @property
    def db_session(self) -> Session:
        """The request's session."""
        session: Session = self.session.session
        return session

    def get_query(self) -> sa.Select[Any]:
        """The rows this person may see. Override with `super().get_query().where(…)`: it binds every page and path."""
        return whole(self.model)

    def may(self, action: str) -> bool:
        """Whether the declaration and the person's role both allow the action."""
        return self.allows(action) and may(self.endpoint, action)

    def allows(self, action: str) -> bool:
        """Whether the declaration allows the action to anybody."""
        return action not in SWITCHED or bool(getattr(self, f"can_{action}"))

    def may_change(self, _name: str) -> bool:
        """Whether this person, who may edit records, may change this field of them. Override it to ask for more."""
        return True

    def require(self, action: str) -> None:
        """Stop with a sentence unless `may`."""
        if not self.may(action):
            raise NotAllowed(_("You may not do this here (%(permission)s). Ask an administrator for a role that may.",
                               permission=f"{self.endpoint}:{action}"))  # fmt: skip

    def is_accessible(self) -> bool:
        """Flask-Admin's own question, answered in the one place."""
        return self.may("read")

    def fetch(self, text: str | None, *, anew: bool = False) -> Any:
        """The record with this key text, if there is one that this person may see; NotFound otherwise.

        `anew` reads it again where it has been read before, to be written: one without a version stays locked.
        """
        key = parse_key(self.model, text) if text else None
        if key is not None:
            statement = self.get_query().where(has_key(self.model, [key])).options(*self.loading())
            if anew:
                statement = statement.execution_options(populate_existing=True)
                statement = statement if version_attribute(self.model) else statement.with_for_update(of=self.model)
            record = self.db_session.scalars(statement).unique().one_or_none()
            if record is not None:
                return record
        raise NotFound(
            _(
                "There is no %(noun)s with the key “%(key)s”, or you may not see it.",
                noun=self.singular,
                key=quoted(text or ""),
            )
        )

    get_one = fetch

    def loading(self, names: Iterable[str] = ()) -> list[Any]:
        """Loader options: relations to one come along in the same statement, in a list only with their name."""
        listed = list(names)
        # Who knows what a formatter reads of a related record.
        formatters = {**(self.column_formatters or {}), **(self.column_formatters_export or {})}
        bare = bool(listed) and formatters.keys().isdisjoint(listed)
        options = []
        for name in listed or attributes(self.model):
            found = self.find(name)
            if found is not None and found.path:
                ends = (found.expression,) if found.kind is Kind.ONE else ()
                options.append(_joined_path([*found.path, *ends]))
            elif found is not None and found.kind is Kind.ONE:
                by_name = bare and not any(other.startswith(f"{name}.") for other in listed)
                options.append(_joined_one(found, by_name=by_name))
        return options

    def light(self, names: Sequence[str]) -> list[Any]:
        """Loader options that leave long texts and binaries in the database where no shown column needs them."""
        long = [f for f in attributes(self.model).values() if is_long(f) and f.name not in names]
        return [_deferred(found) for found in long]

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Flask-Admin calls again on any TypeError and so hides the real one; this does not."""
        return fn(self, *args, **kwargs)

    # -- addresses and values ---------------------------------------------------------------------------------

    def page_url(self, page: str, /, **arguments: Any) -> str:
        """The address of one of this view's pages (`edit_view`, `details_view` …), without empty arguments.

        An argument that is a list stands there once for each of its values.
        """
        if len(arguments.get("url") or "") > MAX_RETURN:
            del arguments["url"]
        kind = arguments.pop("export_type", "") if page == "export" else ""
        path = self._path(page, kind or "")
        return with_arguments(path, arguments)

    def _path(self, page: str, kind: str) -> str:
        """A page's path, of an export with the kind of its file; found once for each place that is served."""
        known = (request.script_root, page, kind)
        if known not in self._paths:
            self._paths[known] = url_for(f"{self.endpoint}.{page}", export_type=kind or None)
        return self._paths[known]

    @cached_property
    def _paths(self) -> dict[tuple[str, str, str], str]:
        return {}

    def record_url(self, record: Any, **arguments: Any) -> str:
        """The address of a record's page, or nothing where this person may not open it."""
        return self.page_url("details_view", id=key_text(record), **arguments) if self.may("read") else ""

    def value_html(self, record: Any, name: str, *, long: bool = False) -> Markup:
        """A column's value as it is shown."""
        return self.shown(name, long=long)(record)

    def shown(self, name: str, *, long: bool = False) -> Callable[[Any], Markup]:
        """How a column's values are shown: by the declared formatter, its choices, or its kind."""
        formatters = (self.column_formatters_detail if long else None) or self.column_formatters
        if name in formatters:
            declared = formatters[name]
            return lambda record: escape(declared(self, None, record, name))
        found = self.find(name)
        if found is None:
            raise LookupError(f"{self.endpoint}: column {name!r} is neither an attribute nor has a formatter")
        get, draw = _getter(name), formatter(found, long=long)
        if found.kind is Kind.ONE:
            return _related_shown(found, get, draw(None))
        choices = self._column_choices_map.get(name)
        if not choices:
            return lambda record: draw(get(record))

        def show(record: Any) -> Markup:
            value = get(record)
            return escape(choices[value]) if value in choices else draw(value)

        return show

    def me(self) -> Any | None:
        """The record of this model that is the signed-in person, for filters that say `me`, if there is one."""
        return None


def view_for(model: type[Any]) -> BaseRecordView | None:
    """The registered view of a model, if it has one."""
    views = current_app.extensions["admin"][0]._views
    return next((v for v in views if isinstance(v, BaseRecordView) and v.model is model), None)


def view_at(endpoint: str) -> Any:
    """The registered view of an endpoint; None where this version has none."""
    views = current_app.extensions["admin"][0]._views
    return next((view for view in views if view.endpoint == endpoint), None)


def relation_html(record: Any) -> Markup:
    """A related record's name, leading to it where this person may open it."""
    view = view_for(type(record))
    url = view.record_url(record) if view else ""
    return Markup('<a class="value-link" href="{}">{}</a>').format(url, record) if url else escape(str(record))


def _related_shown(found: Attribute, get: Callable[[Any], Any], blank: Markup) -> Callable[[Any], Markup]:
    """The same for a whole column of related records: whether they may be opened is asked once, and each drawn once."""
    view = view_for(found.related)
    start = escape(view.page_url("details_view") + "?id=") if view is not None and view.may("read") else ""
    drawn: dict[str, Markup] = {}

    def show(record: Any) -> Markup:
        other = get(record)
        if other is None:
            return blank
        if type(other) is not found.related:  # a subclass, which may have a view of its own
            return relation_html(other)
        if not start:
            return escape(str(other))
        key = key_text(other)
        if key not in drawn:
            drawn[key] = between(f'<a class="value-link" href="{start}{quoted_key(key)}">', other, "</a>")
        return drawn[key]

    return show


def list_address() -> str:
    """The list one came from: the page's own `url` argument says it, else the browser does."""
    known: str | None = request.environ.get(LIST_ADDRESS)
    if known is None:
        known = request.environ[LIST_ADDRESS] = request.values.get("url") or _referring_list()
    return known


def _referring_list() -> str:
    """The page one came from, where that is a list: so its rows need not each carry the list's address."""
    page = referring_page() or ""
    try:
        endpoint, _arguments = _adapter().match(page.partition("?")[0], method="GET")
    except HTTPException:
        return ""
    return page if str(endpoint).endswith((".index_view", ".relation_view")) else ""


def _adapter() -> MapAdapter:
    return current_app.url_map.bind_to_environ(request.environ)


def quoted_key(text: str) -> str:
    """A record's key text as it stands in an address: what is quoted is safe inside an attribute."""
    return text if text.isascii() and text.isalnum() else quote(text)


def value_of(record: Any, name: str) -> Any:
    """A record's value by its name, dotted through relations to one; None where a step leads nowhere."""
    for step in name.split("."):
        record = getattr(record, step) if record is not None else None
    return record


def with_arguments(url: str, arguments: Mapping[str, Any]) -> str:
    """An address with more arguments, but for those that are empty; a list stands there once for each of its values."""
    query = "&".join(
        [
            f"{_written(name)}={_written(str(each))}"
            for name, value in arguments.items()
            if value not in (None, "")
            for each in (value if type(value) is list else (value,))
        ]
    )
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


@lru_cache(maxsize=256)
def _written(text: str) -> str:
    """A text as `url_for` writes it into an address. A list has dozens of links, each with the filter in it."""
    return quote_plus(text, safe="!$'()*,/:;?@")


def _getter(name: str) -> Callable[[Any], Any]:
    return attrgetter(name) if "." not in name else lambda record: value_of(record, name)


# Options are asked for with every list, and made once.
@once
def _deferred(found: Attribute) -> Any:
    return sa.orm.defer(found.expression)


@once
def _joined_one(found: Attribute, *, by_name: bool) -> Any:
    option, label = joinedload(found.expression), label_of(found.related)
    return option.load_only(getattr(found.related, label)) if by_name and label else option


def _joined_path(path: Sequence[InstrumentedAttribute[Any]]) -> Any:
    option = joinedload(path[0])
    for step in path[1:]:
        option = option.joinedload(step)
    return option
