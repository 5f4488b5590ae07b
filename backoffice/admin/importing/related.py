"""The records that rows name by their key or by an exact name: looked up together, in what this person may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from backoffice.admin.base import view_for
from backoffice.admin.related import naming_columns
from backoffice.database.keys import has_key
from backoffice.database.naming import who_is_meant
from backoffice.database.reading import quoted
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _


class Related:
    """The records at the other end of one relation."""

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        self._known: dict[str, Any] = {}
        self._several: set[str] = set()

    def look_up(self, texts: Iterable[str]) -> None:
        """Find out who is meant by these texts: by key, by user name, by title."""
        view = view_for(self.model)
        self._known, self._several = {}, set()
        wanted = list(dict.fromkeys(text for text in texts if text))
        if view is None or not view.may("read") or not wanted:
            return
        session, scope = view.db_session, view.get_query()
        meant = who_is_meant(session, scope, self.model, naming_columns(view), wanted)
        self._several = set(meant.several)
        keys = list(set(meant.one.values()))
        rows = scope.where(has_key(self.model, keys)).options(*view.light(())) if keys else None
        found = list(session.scalars(rows).unique()) if rows is not None else []
        records = {tuple(view.model.__mapper__.primary_key_from_instance(record)): record for record in found}
        self._known = {text: records[key] for text, key in meant.one.items() if key in records}

    def loader(self) -> Callable[[str], Any | None]:
        """How a field of a form finds the record of a text; BadInput where several bear the name."""

        def load(text: str) -> Any | None:
            if text in self._several:
                raise BadInput(_("Several records are called “%(text)s”. Give the key.", text=quoted(text)))
            return self._known.get(text)

        return load
