"""What a view declares, in Flask-Admin's attribute names, and what follows from it: columns, labels, vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from flask_admin.contrib.sqla import ModelView
from sqlalchemy.orm import InstrumentedAttribute

from backoffice.database.attributes import (
    Attribute,
    Kind,
    attribute,
    attributes,
    is_secret,
    primary_key,
    version_attribute,
)
from backoffice.database.sorting import SortKey
from backoffice.database.vocabulary import Vocabulary
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import Timestamped

COMMON_LABELS = {
    "id": _l("ID"),
    "created_at": _l("Created"),
    "updated_at": _l("Changed"),
    "version": _l("Version"),
}
HEAVY = (Kind.BINARY, Kind.JSON, Kind.OPAQUE)


class Declaration(ModelView):  # type: ignore[misc]  # Flask-Admin's own base is typed as Any
    """The attributes that a view sets, with our defaults, and the questions about its columns."""

    page_size = 25
    page_size_options = (10, 25, 50, 100, 200)
    can_set_page_size = True
    can_view_details = True
    can_export = True
    export_types = ("csv",)
    column_display_pk = True
    # The noun for one record; `name` is the plural that stands in the menu.
    singular_name: Any = None
    # Text columns that hold Markdown: written with a preview, read as it is rendered.
    column_markdown: tuple[str, ...] = ()

    @property
    def can_import(self) -> bool:
        """Whether rows of files become records here; a view that makes and changes none says no by itself."""
        return bool(self.can_create or self.can_edit)

    def list_notices(self) -> Sequence[str]:
        """Sentences that stand over the list, whatever it shows."""
        return ()

    @cached_property
    def system_columns(self) -> frozenset[str]:
        """Columns the product keeps itself: shown, never typed."""
        stamps = {"created_at", "updated_at"} if issubclass(self.model, Timestamped) else set()
        return frozenset(stamps | {version_attribute(self.model) or ""} - {""})

    def scaffold_list_columns(self) -> list[str]:
        """Without a `column_list`: the key, every light column, and relations to one instead of their foreign keys."""
        return [
            found.name
            for found in attributes(self.model).values()
            if found.kind is not Kind.MANY
            and not is_long(found)
            and not is_secret(found)
            and not self.is_foreign_key(found)
            and found.name != version_attribute(self.model)
        ]

    def is_foreign_key(self, found: Attribute) -> bool:
        """Whether a relation stands for this column, so that people never meet the bare number."""
        return found.column is not None and any(
            found.column in relation.local_columns
            for relation in sa.inspect(self.model).relationships
            if not relation.uselist
        )

    def get_column_names(self, only_columns: Any, excluded_columns: Any) -> list[tuple[Any, Any]]:
        """Names with their labels; an unknown name stops the start-up with a sentence."""
        names = [_name(c) for c in only_columns if c not in (excluded_columns or ())]
        return [(name, self.lazy_label(name)) for name in names]

    def column_names(self, declared: Iterable[tuple[Any, Any]]) -> list[str]:
        """The plain names of columns as Flask-Admin caches them."""
        return [str(name) for name, _label in declared]

    def find(self, name: str) -> Attribute | None:
        """The attribute behind a column name; None for a virtual column that only a formatter knows."""
        try:
            return attribute(self.model, name)
        except LookupError:
            return None

    def label(self, name: str) -> str:
        """A column's words in the reader's language."""
        return str(self.lazy_label(name))

    def lazy_label(self, name: str) -> Any:
        """A column's words, translated only when shown: declared, common to all models, or made from its name."""
        declared = (self.column_labels or {}).get(name, COMMON_LABELS.get(name))
        # Not asked whether it is empty: that would translate it.
        return name.replace(".", " ").replace("_", " ").capitalize() if declared is None else declared

    @property
    def singular(self) -> str:
        """One record's noun, in the reader's language."""
        return str(self.singular_name or self.model.__name__)

    def get_sortable_columns(self) -> dict[Any, Any]:
        """Every shown column with an order of its own, unless `column_sortable_list` says which."""
        if self.column_sortable_list is None:
            names = {n: n for n in self.column_names(self.get_list_columns())}
        else:
            names = {_name(c[0]): _name(c[1]) for c in map(_pair, self.column_sortable_list)}
        unordered = (Kind.ONE, Kind.MANY, *HEAVY)
        return {n: target for n, target in names.items() if (f := self.find(target)) and f.kind not in unordered}

    def init_search(self) -> bool:
        """Search needs `column_searchable_list`."""
        return bool(self.column_searchable_list)

    def get_filters(self) -> None:
        """Flask-Admin's own filters are not used: `column_filters` names feed the filter grammar instead."""
        return

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What this model's lists can be asked."""
        return Vocabulary(
            self.model,
            searchable={_name(c): attribute(self.model, _name(c)) for c in self.column_searchable_list or ()},
            filterable={_name(c): attribute(self.model, _name(c)) for c in self.column_filters or ()},
            sortable={n: attribute(self.model, target) for n, target in self._sortable_columns.items()},
            default_sort=self._default_sort_keys(),
        )

    def _default_sort_keys(self) -> tuple[SortKey, ...]:
        declared = self.column_default_sort
        if not declared:
            return tuple(
                SortKey(p.name, descending=True) for p in primary_key(self.model) if p.name in self._sortable_columns
            )
        pairs = declared if isinstance(declared, list) else [declared]
        return tuple(SortKey(_name(p[0]), bool(p[1])) if isinstance(p, tuple) else SortKey(_name(p)) for p in pairs)


def is_long(found: Attribute) -> bool:
    if found.kind in HEAVY:
        return True
    return found.kind is Kind.TEXT and isinstance(found.type, sa.Text)


def _name(column: Any) -> str:
    return column.key if isinstance(column, InstrumentedAttribute) else str(column)


def _pair(column: Any) -> tuple[Any, Any]:
    return column if isinstance(column, tuple) else (column, column)
