"""How a view declares what can be done to many of its records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from wtforms import Form

from backoffice.errors import BadInput
from backoffice.i18n import gettext as _

Method = TypeVar("Method", bound=Callable[..., Any])
Given = Mapping[str, Sequence[str]]
# From the view and what has been given so far: the inputs by name.
Fields = Callable[[Any, Given], Mapping[str, Any]]


@dataclass(frozen=True)
class Asked:
    """What a bulk action is asked to do: its arguments as they were typed and read, and when that was confirmed."""

    form: Form
    given: Given
    at: datetime

    def __getitem__(self, name: str) -> Any:
        """What an argument was read as; BadInput where it is missing."""
        if name not in self.form:
            raise BadInput(_("Say first what is to be done."))
        return self.form[name].data


@dataclass(frozen=True)
class BulkAction:
    """What a view can do to many records.

    `permission` is the action it needs, `fields` makes the inputs it asks for, `done` says how many were changed.
    With `at_once` ticked rows are not asked about. `more` puts it behind the others.
    """

    name: str
    label: Any
    icon: str = "lightning"
    permission: str = ""
    question: Any = ""
    fields: Fields | None = None
    done: Callable[[int], str] | None = None
    at_once: bool = False
    more: bool = False
    danger: bool = False

    @property
    def needs(self) -> str:
        """The permission that it asks for."""
        return self.permission or self.name


def bulk_action(name: str, label: Any, **options: Any) -> Callable[[Method], Method]:
    """Declare a method as a bulk action of its view: given an `Asked`, it returns the `Change` that is to be made.

        @bulk_action("publish", _l("Publish"), icon="check2-circle")
        def publish_change(self, asked):
            return SetValues(Article, {"published_at": asked.at}, only=Article.published_at.is_(None))

    The options are those of BulkAction. The method is called when the dialog is shown and for each chunk of the job,
    so it has to say the same each time for the same `asked`.
    """

    def declare(method: Method) -> Method:
        method._bulk = BulkAction(name, label, **options)  # type: ignore[attr-defined]  # read by BulkView
        return method

    return declare
