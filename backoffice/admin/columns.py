"""Which columns a list offers, and which of them an address asks for, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backoffice.admin.base import BaseRecordView
from backoffice.database.attributes import Attribute, Kind, is_secret, version_attribute
from backoffice.database.reading import names_in, quoted
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _


def own_columns(view: BaseRecordView) -> tuple[str, ...]:
    """The columns the view declares for its list: what is shown when nobody asks for others."""
    return tuple(view.column_names(view._list_columns))


def offered_columns(view: BaseRecordView) -> tuple[str, ...]:
    """The list's own columns and, of those on the details page or in exports, what may stand in a list as well.

    What the other page shows through a formatter of its own is left out where the list has none: it may hide a part.
    """
    more = _unmasked(view, view._details_columns, view.column_formatters_detail)
    if view.may("export"):
        more += _unmasked(view, view._export_columns, view.column_formatters_export)
    fit = [name for name in more if _fits(view, view.find(name))]
    return tuple(dict.fromkeys((*own_columns(view), *fit)))


def read_columns(view: BaseRecordView, text: str) -> tuple[str, ...]:
    """The columns of an address, `title,user`; empty for the list's own. BadInput names one that is not offered."""
    names = tuple(dict.fromkeys(names_in(text)))
    offered = offered_columns(view) if names else ()
    for name in names:
        if name not in offered:
            raise BadInput(
                _("The list has no column “%(name)s”. It can show: %(known)s.",
                  name=quoted(name), known=", ".join(offered))
            )  # fmt: skip
    return () if names == own_columns(view) else names


def print_columns(names: Sequence[str]) -> str:
    """The same as text for an address."""
    return ",".join(names)


def arranged(ticked: Sequence[str], places: Mapping[str, str]) -> tuple[str, ...]:
    """The ticked columns in the order of the numbers typed beside them; without a number they keep their place.

    Of two with one number the later comes first: so a column gets the very place that is typed, whichever way it moves.
    """
    numbers = {name: int(text) for name, text in places.items() if text.isascii() and text.isdigit() and len(text) < 6}
    known = [(numbers.get(name, at), -at, name) for at, name in enumerate(ticked, 1)]
    return tuple(name for _number, _at, name in sorted(known))


def _unmasked(view: BaseRecordView, declared: object, formatters: Mapping[str, object] | None) -> list[str]:
    return [
        name
        for name in view.column_names(declared)  # type: ignore[arg-type]  # Flask-Admin keeps it untyped
        if name in (view.column_formatters or {}) or name not in (formatters or {})
    ]


def _fits(view: BaseRecordView, found: Attribute | None) -> bool:
    if found is None or found.kind is Kind.MANY or is_secret(found) or view.is_foreign_key(found):
        return False
    if found.name == version_attribute(view.model):
        return False
    return not (found.column is not None and found.column.info.get("internal"))
