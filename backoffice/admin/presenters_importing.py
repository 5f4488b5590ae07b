"""What the pages of imports are made of, ready to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from backoffice.admin.presenters_history import FieldChange


@dataclass(frozen=True)
class UploadPage:
    """The form that takes a file. `fields` are what its columns may be called, `key` what tells a record."""

    title: str
    post_url: str
    cancel_url: str
    form_id: str
    most: int
    fields: Sequence[str]
    problem: str = ""


@dataclass(frozen=True)
class ColumnOfFile:
    """A column of the file, with what stands first in it, what it fills, and whether it tells the record."""

    number: int
    name: str
    samples: Sequence[str]
    target: str
    tells: bool


@dataclass(frozen=True)
class MappingPage:
    """The form that says which column fills what. `targets` are names with their words, in two groups."""

    title: str
    post_url: str
    sheet_url: str
    cancel_url: str
    hidden: Sequence[tuple[str, str]]
    file_name: str
    found: str
    rows: str
    sheets: Sequence[str]
    sheet: str
    columns: Sequence[ColumnOfFile]
    fields: Sequence[tuple[str, str]]
    keys: Sequence[tuple[str, str]]
    modes: Sequence[tuple[str, str, str]]
    mode: str
    problem: str = ""


@dataclass(frozen=True)
class ImportRowShown:
    """A row of the file with what was found of it; a wrong one with what stands in it."""

    line: int
    verdict: str
    verdict_label: str
    record: Markup
    changes: Sequence[FieldChange]
    cells: Sequence[tuple[str, str]]
    reason: str


@dataclass(frozen=True)
class ImportRows:
    """A page of a dry run's rows; `kinds` are what can be chosen, each with its number, address and whether it is."""

    rows: Sequence[ImportRowShown]
    kinds: Sequence[tuple[str, str, int, str, bool]]
    previous_url: str = ""
    next_url: str = ""
    wrong_url: str = ""
