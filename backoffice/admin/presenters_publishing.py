"""What the pages that publish are made of, ready to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from backoffice.admin.fields.inputs import PICKABLE

if TYPE_CHECKING:
    from backoffice.admin.presenters import Action


@dataclass(frozen=True)
class Publication:
    """Whether readers see an article, as a badge, and what may be done about it; empty addresses are not allowed.

    `moment` stands behind the words where there is one.
    """

    state: Literal["draft", "scheduled", "published"]
    words: str
    tone: str
    icon: str
    moment: Markup | None = None
    actions: Sequence[Action] = ()
    schedule_url: str = ""


@dataclass(frozen=True)
class Scheduling:
    """The form that asks for a moment: what was typed, and what is wrong with it."""

    title: str
    post_url: str
    cancel_url: str
    hidden: list[tuple[str, str]]
    now: str
    typed: str = ""
    problem: str = ""

    @property
    def input_type(self) -> str:
        """The browser's picker, unless it would empty what was typed."""
        kind = "datetime-local"
        return kind if not self.typed or PICKABLE[kind].fullmatch(self.typed) else "text"
