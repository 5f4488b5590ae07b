"""What the pages of bulk actions and jobs are made of, ready to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from backoffice.admin.presenters import Alternatives, Property
from backoffice.admin.presenters_history import FieldChange
from backoffice.admin.presenters_importing import ImportRows


@dataclass(frozen=True)
class Sample:
    """One of the rows that are asked about, with what would become of it."""

    label: str
    url: str
    key: str
    changes: Sequence[FieldChange] = ()


@dataclass(frozen=True)
class BulkQuestion:
    """The dialog before something is done to many rows: which, how many, what will change, and what is asked for.

    `ready` says that all is given that the action needs; with a `word` it is done only where that was typed.
    """

    title: str
    question: str
    rows: str
    count: int
    count_text: str
    post_url: str
    cancel_url: str
    button: str
    icon: str
    hidden: Sequence[tuple[str, str]]
    fields: Sequence[Any] = ()
    ready: bool = True
    samples: Sequence[Sample] = ()
    more: int = 0
    changing_text: str = ""
    consequences: Sequence[str] = ()
    alternatives: Sequence[Alternatives] = ()
    word: str = ""
    problem: str = ""
    danger: bool = False
    labels: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class OutcomeGroup:
    """Rows of a job that were left for the same reason."""

    reason: str
    count: int
    failed: bool
    examples: Sequence[Markup] = ()


@dataclass(frozen=True)
class JobPage:
    """A job as its page shows it."""

    id: int
    title: str
    state: str
    state_label: str
    tone: str
    icon: str
    facts: Sequence[Property]
    percent: int
    done_text: str
    rate_text: str
    counts: Sequence[tuple[str, str, int]]
    groups: Sequence[OutcomeGroup]
    message: str = ""
    is_open: bool = False
    pause_url: str = ""
    cancel_url: str = ""
    resume_url: str = ""
    retry_url: str = ""
    undo_url: str = ""
    undo_text: str = ""
    failed_url: str = ""
    progress_url: str = ""
    links: Sequence[tuple[str, str]] = ()
    apply_url: str = ""
    apply_text: str = ""
    imported: ImportRows | None = None
