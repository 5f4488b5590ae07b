"""Putting a form together with what others saved meanwhile, field by field.

A form carries a digest of what each of its fields had shown. So it can be told, whatever happened in between, which
fields this person changed, which ones others did, and where both did and differ. Disjoint changes are both kept;
where they overlap a person has to choose.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from wtforms import Form

from backoffice.admin.fields.base import KeptField


@dataclass
class Merge:
    """What to write, which fields others changed and keep, and which both changed."""

    mine: dict[str, Any] = field(default_factory=dict)
    theirs: list[str] = field(default_factory=list)
    overlap: list[str] = field(default_factory=list)


def digests(form: Form, record: Any) -> dict[str, str]:
    """What the form shows for the record, as one digest for each field."""
    return {
        field.short_name: field.fingerprint(getattr(record, field.short_name))
        for field in form
        if isinstance(field, KeptField)
    }


def read_digests(text: str) -> dict[str, str]:
    """The digests as a form sent them; none where it sent none that can be read."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: digest for name, digest in found.items() if isinstance(digest, str)}


def merge(
    form: Form, record: Any, shown: Mapping[str, str], theirs: Collection[str] = (), *, secret_changed: bool = False
) -> Merge:
    """Part what was sent into mine and theirs; fields that stay as others left them forget what was sent.

    `shown` is what the form was made from; `theirs` names the fields in which this person has chosen the others' value.
    `secret_changed` says that others have changed what no form shows.
    Call it before the form is validated: what is not being saved is not judged.
    """
    found = Merge()
    for each in form:
        if not isinstance(each, KeptField):
            continue
        name = each.short_name
        if name not in shown and not each.submitted:
            # A form of another version of the product did not have this field: it says nothing about it.
            continue
        now = getattr(record, name)
        unchanged = each.fingerprint(now) == shown.get(name) and not (secret_changed and each.kind == "password")
        if name in theirs or each.is_still(shown.get(name)):
            each.keep()
            found.theirs += [] if unchanged or name in theirs else [name]
        elif each.differs_from(now):
            found.mine[name] = each.stored
            found.overlap += [] if unchanged else [name]
    return found
