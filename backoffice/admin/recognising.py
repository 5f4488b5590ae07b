"""What a pasted list was taken to mean, as a page says it before anything is attached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from backoffice.admin.base import value_of
from backoffice.admin.listing import ListingView
from backoffice.admin.presenters_relations import Ambiguity, Candidate, PastedList, Recognised
from backoffice.admin.related import naming_columns
from backoffice.database.attributes import Attribute, Kind
from backoffice.database.keys import key_text, print_key, records_of
from backoffice.database.naming import MOST_OF_A_NAME, Meant, who_is_meant
from backoffice.database.pasted import Pasted, parts_of
from backoffice.i18n import gettext as _
from backoffice.records.linking import belonging_elsewhere, linked_among

SHOWN = 5
# Names borne by several that one page asks about; the others are listed, to be given by their keys.
MOST_ASKED = 20
TELLING = (Kind.ONE, Kind.TEXT, Kind.DATE, Kind.DATETIME)
COMMAS = re.compile("[,;，；、]")


def recognised(
    view: ListingView, record: Any, found: Attribute, pasted: Pasted, meant: Meant, page: PastedList
) -> Recognised:
    """The parts of a list, counted and with samples: a handful of statements, however long the list."""
    relation, session = found.relationship, view.db_session
    assert relation is not None  # noqa: S101  # for the type checker: a relation has its relationship
    keys = list(dict.fromkeys(meant.one.values()))
    attached = linked_among(session, record, relation, keys)
    new = [key for key in keys if key not in attached]
    texts = [print_key(view.model, key) for key in new]
    asked = dict(list(meant.several.items())[:MOST_ASKED])
    shown = [*texts[:SHOWN], *(print_key(view.model, key) for some in asked.values() for key in some[:MOST_OF_A_NAME])]
    named = _by_key(view, shown)
    labels = [str(named[text]) for text in texts[:SHOWN] if text in named]
    return Recognised(
        title=_("Check the list"),
        page=page,
        keys=texts,
        labels=labels,
        more=max(0, len(texts) - len(labels)),
        attached=len(attached),
        elsewhere=belonging_elsewhere(session, record, relation, new),
        # Two names of one record, say.
        repeated=pasted.repeated + len(meant.one) - len(keys),
        ambiguous=[_ambiguity(view, text, keys, named) for text, keys in asked.items()],
        unasked=list(meant.several)[MOST_ASKED:],
        missing=meant.none,
    )


def split_further(view: ListingView, pasted: Pasted) -> Pasted:
    """The same, where names stand in one line between commas: a line that names nobody is taken apart."""
    with_commas = [text for text in pasted.texts if COMMAS.search(text)]
    if not with_commas:
        return pasted
    meant = who_is_meant(view.db_session, view.get_query(), view.model, naming_columns(view), with_commas)
    apart = set(meant.none)
    texts = [part for text in pasted.texts for part in (_parts(view, text) if text in apart else [text])]
    once = tuple(dict.fromkeys(texts))
    return Pasted(once, pasted.repeated + len(texts) - len(once))


def _parts(view: ListingView, text: str) -> Iterable[str]:
    parts = [part.strip() for part in COMMAS.split(text)]
    return [key for part in parts if part for key in parts_of(part, view.model)]


def _by_key(view: ListingView, texts: Sequence[str]) -> dict[str, Any]:
    named = view.get_query().options(*view.loading(), *view.light(()))
    return {key_text(found): found for found in records_of(view.db_session, named, view.model, texts)}


def _ambiguity(view: ListingView, text: str, keys: Sequence[Any], named: dict[str, Any]) -> Ambiguity:
    texts = [print_key(view.model, key) for key in keys[:MOST_OF_A_NAME]]
    candidates = [Candidate(key, str(named[key]), _detail(view, named[key])) for key in texts if key in named]
    return Ambiguity(text, candidates, more=len(keys) > MOST_OF_A_NAME)


def _detail(view: ListingView, record: Any) -> str:
    """What tells records of one name apart: the key, and the first of the list's columns that say who, what or when."""
    label, telling = str(record), []
    for name in view.column_names(view._list_columns):
        found = view.find(name)
        if found is None or found.kind not in TELLING or value_of(record, name) in (None, "", label):
            continue
        telling.append(view.value_html(record, name).striptags())
    return " · ".join([f"#{key_text(record)}", *telling[:3]])
