"""Which column of a file fills which field of the form, what tells the record, and what is to be done."""

from __future__ import annotations

import re
from collections.abc import Mapping as Named
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from backoffice.admin.fields import KeptField
from backoffice.admin.importing.declared import BOTH, CREATE, modes
from backoffice.database.attributes import Attribute, Kind, primary_key
from backoffice.database.keys import foreign_key
from backoffice.database.reading import quoted
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.i18n import in_each_language
from backoffice.models import Job
from backoffice.records.importing.starting import CHECK

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

# What goes up as a file of its own, is never read, or never comes out.
NOT_IMPORTED = (Kind.BINARY, Kind.OPAQUE, "password")
# What can tell a record: kinds whose values are compared exactly.
TELLING = (Kind.TEXT, Kind.INTEGER, Kind.UUID, Kind.DATE, Kind.ENUM, Kind.BOOLEAN, Kind.ONE)
# Mappings of so many former imports are looked at for one that fits.
REMEMBERED = 50


@dataclass(frozen=True)
class Target:
    """What a column can fill: a field of the form, or a part of the key, which only tells the record."""

    name: str
    label: str
    found: Attribute
    is_field: bool

    @property
    def can_tell(self) -> bool:
        """Whether its values may tell the record."""
        return self.found.kind in TELLING


@dataclass(frozen=True)
class Mapping:
    """The columns of a file that are imported, with the targets they fill; those of `match` tell the record."""

    columns: dict[str, str]
    match: tuple[str, ...]
    mode: str


def targets(view: Any) -> dict[str, Target]:
    """What this person may fill by an import: fields of the forms they may use, and the key."""
    found: dict[str, Target] = {}
    for action, form_class in (("create", view._create_form_class), ("edit", view._edit_form_class)):
        for field in view._prepared(form_class(), None) if view.may(action) else ():
            attribute = view.find(field.short_name)
            if isinstance(field, KeptField) and field.kind not in NOT_IMPORTED and attribute is not None:
                found.setdefault(attribute.name, Target(attribute.name, view.label(attribute.name), attribute, True))
    parts = {p.name: Target(p.name, view.label(p.name), p, False) for p in primary_key(view.model)}
    return {name: part for name, part in parts.items() if name not in found} | found


def guess(view: Any, columns: Sequence[str]) -> Mapping:
    """What each column seems to be, as exports call it, and what tells the record."""
    known = targets(view)
    words: dict[str, str] = {}
    for name, target in known.items():
        relation = target.found.relationship
        key = foreign_key(relation) if relation is not None else None
        for text in (name, *in_each_language(view.lazy_label(name)), *([key.key] if key is not None else ())):
            words.setdefault(_plain(text), name)
    chosen: dict[str, str] = {}
    for column in columns:
        name = words.get(_plain(column), "")
        if name and name not in chosen.values():
            chosen[column] = name
    return Mapping(chosen, _telling(view, known, list(chosen.values())), next(iter(modes(view)), BOTH))


def proposed(view: Any, columns: Sequence[str]) -> Mapping:
    """The mapping of the newest import of the same columns, as far as it still holds, or else a guess."""
    asked = sa.select(Job.arguments).where(Job.endpoint == view.endpoint, Job.kind == CHECK)
    known, allowed = targets(view), modes(view)
    for arguments in view.db_session.scalars(asked.order_by(Job.id.desc()).limit(REMEMBERED)):
        if list(arguments["layout"]["columns"]) == list(columns):
            chosen = {column: name for column, name in arguments["columns"].items() if name in known}
            match = tuple(name for name in arguments["match"] if name in chosen.values())
            mode = arguments["mode"] if arguments["mode"] in allowed else next(iter(allowed), BOTH)
            return Mapping(chosen, match, mode)
    return guess(view, columns)


def read(view: Any, columns: Sequence[str], form: MultiDict[str, str]) -> Mapping:
    """The mapping that was sent; BadInput says what is wrong with it."""
    known = targets(view)
    chosen: dict[str, str] = {}
    for number, column in enumerate(columns):
        name = form.get(f"to-{number}", "")
        if not name:
            continue
        if name not in known:
            raise BadInput(_("There is no field “%(name)s” that you may fill by an import.", name=quoted(name)))
        if name in chosen.values():
            raise BadInput(_("Two columns fill “%(field)s”. Leave one of them out.", field=known[name].label))
        chosen[column] = name
    tells = telling(columns, form)
    if set(tells) - chosen.keys():
        raise BadInput(_("A column that tells the record has to fill a field, or the key."))
    mapping = Mapping(chosen, tuple(chosen[column] for column in tells), form.get("mode", ""))
    _check(view, known, mapping)
    return mapping


def telling(columns: Sequence[str], form: MultiDict[str, str]) -> list[str]:
    """The columns that were sent as telling the record; what is no number of a column is passed over."""
    sent = set(form.getlist("tells"))
    # Compared as texts: a number of thousands of digits is none that Python reads.
    return [column for number, column in enumerate(columns) if str(number) in sent]


def _check(view: Any, known: Named[str, Target], mapping: Mapping) -> None:
    if mapping.mode not in modes(view):
        raise BadInput(_("Choose what is to be done: create records, change those that exist, or both."))
    if not any(known[name].is_field for name in mapping.columns.values()):
        raise BadInput(_("Say which field at least one of the columns fills."))
    if mapping.mode != CREATE and not mapping.match:
        raise BadInput(
            _("Choose what tells the record: the key, or columns that no two records have in common. A file of nothing "
              "but new records needs none with “Only create”.")
        )  # fmt: skip
    for name in mapping.match:
        if not known[name].can_tell:
            raise BadInput(_("“%(field)s” cannot tell the record. Choose another column.", field=known[name].label))


def _telling(view: Any, known: Named[str, Target], names: Sequence[str]) -> tuple[str, ...]:
    """The whole key where the file has it, or else the first column that only one record has."""
    key = [part.name for part in primary_key(view.model)]
    if all(name in names for name in key):
        return tuple(name for name in names if name in key)
    parts = [name for name in names if view._is_key(known[name].found)]
    if parts and {c for name in parts for c in _columns(known[name].found)} >= set(key):
        return tuple(parts)
    return tuple(name for name in names if known[name].found.unique and known[name].can_tell)[:1]


def _columns(found: Attribute) -> set[str]:
    if found.relationship is None:
        return {found.name}
    mapper = found.relationship.parent
    return {mapper.get_property_by_column(local).key for local in found.relationship.local_columns}


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-]+", "", text).casefold()
