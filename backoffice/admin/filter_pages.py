"""The page that adds a condition to a list without a script, and what the builder that replaces it is made of."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import jsonify, request
from flask_admin import expose
from werkzeug.datastructures import MultiDict

from backoffice.access.guard import wants_json
from backoffice.access.redirects import inside, split
from backoffice.admin.address import PLACES, ListAddress
from backoffice.admin.filter_texts import builder_texts
from backoffice.admin.filters import filter_columns, pills
from backoffice.admin.listing import ListingView
from backoffice.admin.presenters import FilterColumn, Link
from backoffice.admin.wording import CALENDAR, Words, conditions_of
from backoffice.database.attributes import Kind
from backoffice.database.filtering import MAX_DEPTH, MAX_LINKED
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection
from backoffice.errors import BadInput, NotFound
from backoffice.i18n import gettext as _

# The builder names every chosen record up to so many a condition; of more it shows the keys.
MOST_NAMED = 100
# More arguments than any address of ours has.
MOST_ARGUMENTS = 100


class FilterView(ListingView):
    """What a list can be asked, beside the list."""

    filter_template = "admin/model/filter.html"

    @expose("/filter/")
    def filter_view(self) -> Any:
        """One condition more for the list whose address is `list`; to a script, all it takes to change its filter."""
        path, arguments = _address_of_list(request.args.get("list") or self.url_of_list())
        selection = self.read_selection(args=arguments)
        columns = filter_columns(self, selection.vocabulary)
        if wants_json():
            return jsonify(**self._builder(selection, columns))
        column = _named(columns, request.args.get("column", ""))
        operator = _named(column.operators, request.args.get("operator", "")) if column else None
        kept = [(name, value) for name, value in arguments.items(multi=True) if name not in PLACES]

        def make(**changed: str) -> str:
            return f"{path}?{urlencode(changed)}"

        others = {name: value for name, value in kept if name not in ("search", "where", "sort")}
        return self.render(
            self.filter_template,
            view=self,
            columns=columns,
            column=column,
            operator=operator,
            pills=pills(self, ListAddress(make, selection, fixed=others)),
            calendar=[(_period_text(*known), label) for known, label in CALENDAR.items()],
            has_me=_has_me(selection, column.name) if column else False,
            action=path,
            kept=kept,
            here=f"{path}?{urlencode(kept)}" if kept else path,
            breadcrumbs=[Link(str(self.name), self.url_of_list()), Link(_("Filter"), "", current=True)],
        )

    def _builder(self, selection: Selection, columns: list[FilterColumn]) -> dict[str, Any]:
        """The filter as it is, the names of the records in it, and every column with its comparisons."""
        where = selection.where
        named: dict[str, dict[str, str]] = {}
        if where is not None:
            names = Words(self, selection.asker, where, most=MOST_NAMED).names
            for found in {c.attribute.name: c.attribute for c in conditions_of(where)}.values():
                if found.kind in (Kind.ONE, Kind.MANY):
                    named[found.name] = names.get(found.related, {})
        return {
            "where": where.source if where else None,
            "names": named,
            "columns": [
                {
                    "name": column.name,
                    "label": column.label,
                    "operators": [[o.name, o.label, o.value] for o in column.operators],
                    "entry": column.kind,
                    "aware": column.aware,
                    "choices": column.choices,
                    "lookup": column.lookup_url,
                    "me": _has_me(selection, column.name),
                }
                for column in columns
            ],
            "calendar": [(_period_text(*known), str(label)) for known, label in CALENDAR.items()],
            "most": {"depth": MAX_DEPTH, "links": MAX_LINKED},
            "texts": builder_texts(),
        }


def _address_of_list(address: str) -> tuple[str, MultiDict[str, str]]:
    parts = split(inside(address))
    if parts is None or not parts.path or parts.query.count("&") >= MOST_ARGUMENTS:
        raise BadInput(_("This is not the address of a list. Open the list and choose Filter there."))
    return parts.path, MultiDict(parse_qsl(parts.query))


def _named(known: Any, name: str) -> Any:
    """The column or comparison of this name; None where none is named."""
    found = next((item for item in known if item.name == name), None)
    if name and found is None:
        raise NotFound(
            _("There is no column or comparison “%(name)s” here. Choose one that is shown.", name=quoted(name))
        )
    return found


def _has_me(selection: Selection, name: str) -> bool:
    """Whether `me` can be chosen: the related model can hold a record of the person who asks."""
    found = selection.vocabulary.filterable[name]
    return found.kind in (Kind.ONE, Kind.MANY) and selection.asker.me(found.related) is not None


def _period_text(which: str, unit: str) -> str:
    """A calendar period as addresses write it."""
    return {"last": "yesterday", "this": "today", "next": "tomorrow"}[which] if unit == "day" else f"{which} {unit}"
