"""Which rows somebody was asked about: as the dialog shows them, as it seals them, and as the job finds them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_security import current_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.datastructures import MultiDict

from backoffice.admin.asking import asker
from backoffice.database.asking import Asker
from backoffice.database.keys import has_key, parse_key, print_key
from backoffice.database.searching import is_indexed
from backoffice.database.selection import Selection
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _

if TYPE_CHECKING:
    from backoffice.admin.bulk.view import BulkView

MOST_TICKED = 1000
# Behind the address of a list: as it was left, with its ticks. controllers/navigate.js knows it.
AS_LEFT = "#as-left"


@dataclass(frozen=True)
class Rows:
    """The rows of an action: ticked ones by their `keys`, or all that `arguments` select, as of `now` in `zone`.

    `me` says which records the person was then, by table. `count` is how many the dialog spoke of, and `along` how many
    of each relation when they are deleted.
    """

    keys: tuple[str, ...] | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    now: str = ""
    zone: str = "UTC"
    me: Mapping[str, str | None] = field(default_factory=dict)
    count: int = 0
    along: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def chosen(cls, sent: MultiDict[str, str]) -> Rows:
        """What was chosen in a list, as its form sends it."""
        return cls.matching(sent.get("selection", "")) if sent.get("all") == "yes" else cls.ticked(ticked_keys(sent))

    @classmethod
    def ticked(cls, keys: list[str]) -> Rows:
        """Rows by their keys."""
        return cls(keys=tuple(keys), count=len(keys))

    @classmethod
    def matching(cls, address: str) -> Rows:
        """All rows that the arguments of a list's address select, as this person means them now."""
        asking = asker()
        arguments = {name: value for name, value in parse_qsl(address) if name in ("search", "where", "sort")}
        return cls(arguments=arguments, now=asking.now.isoformat(), zone=getattr(asking.zone, "key", "UTC"))

    @property
    def is_all(self) -> bool:
        """Whether all that match were asked about, and not ticked ones."""
        return self.keys is None

    def kept(self) -> dict[str, Any]:
        """As JSON, for the dialog's seal and the job."""
        if self.keys is not None:
            return {"keys": list(self.keys), "count": self.count}
        return {
            "arguments": dict(self.arguments), "now": self.now, "zone": self.zone, "me": dict(self.me),
            "count": self.count, "along": dict(self.along),
        }  # fmt: skip

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Rows:
        """What `kept` made."""
        values = dict(kept)
        keys = values.pop("keys", None)
        return cls(keys=None if keys is None else tuple(keys), **values)

    def selection(self, view: BulkView, me: Callable[[type[Any]], tuple[Any, ...] | None]) -> Selection:
        """The rows as a Selection; BadInput where the list cannot be asked so any more."""
        if self.keys is not None:
            parsed = [key for text in self.keys if (key := parse_key(view.model, text)) is not None]
            return Selection(view.asked(), view.get_query().where(has_key(view.model, parsed)))
        asking = Asker(datetime.fromisoformat(self.now), ZoneInfo(self.zone), me)
        selection = Selection.read(self.arguments, view.asked(), view.get_query(), asking)
        if self.arguments.get("search") and not selection.search:
            raise BadInput(_("This list can no longer be searched."))
        if not selection.search:
            return selection
        return selection.replace(indexed=is_indexed(view.db_session, view.vocabulary))

    def asked_now(self, view: BulkView) -> tuple[Rows, Selection]:
        """The selection as the signed-in person means it, and these rows with what `me` then stood for."""
        present, known = asker(), dict[str, str | None]()

        def me(model: type[Any]) -> tuple[Any, ...] | None:
            key = present.me(model)
            known[str(model.__table__.name)] = None if key is None else print_key(model, key)
            return key

        selection = self.selection(view, me)
        selection.predicate(view.db_session.get_bind().dialect.name)
        return replace(self, me=known), selection

    def as_frozen(self, view: BulkView) -> sa.Select[Any]:
        """The rows as the job finds them: whoever `me` was stays so."""

        def me(model: type[Any]) -> tuple[Any, ...] | None:
            text = self.me.get(str(model.__table__.name))
            return None if text is None else parse_key(model, text)

        return self.selection(view, me).rows(view.db_session.get_bind().dialect.name)


def ticked_keys(sent: MultiDict[str, str]) -> list[str]:
    """The rows that were ticked in a list; BadInput where they are too many."""
    texts = list(dict.fromkeys(sent.getlist("rowid")))
    if len(texts) > MOST_TICKED:
        raise BadInput(_("Choose at most %(most)s rows at a time.", most=MOST_TICKED))
    return texts


def seal(view: BulkView, action: str, rows: Rows) -> str:
    """The rows as text that only this person's dialog for this action can have."""
    return str(_serializer(view, action).dumps(rows.kept()))


def unseal(view: BulkView, action: str, text: str) -> Rows:
    """What `seal` made; BadInput for anything else."""
    try:
        return Rows.read(_serializer(view, action).loads(text))
    except (BadSignature, TypeError, ValueError):
        raise BadInput(_("This question was asked of somebody else, or too long ago. Choose the rows again.")) from None


def _serializer(view: BulkView, action: str) -> URLSafeSerializer:
    purpose = f"bulk:{current_user.get_id()}:{view.endpoint}:{action}"
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=purpose)
