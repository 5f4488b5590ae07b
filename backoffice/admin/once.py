"""Carrying out what a form asks for exactly once, however often it is sent, and answering each time the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from secrets import token_hex
from typing import Any, TypedDict

from flask import flash, redirect, request, session
from flask_security import current_user

from backoffice.admin.record import DetailsView
from backoffice.records.transactions import StaleRecord
from backoffice.records.units import answer_of, once
from backoffice.signals import form_conflicted, form_saved

FORM_ID = "form_id"
# What the browser adds by itself says nothing of what was asked for.
NOT_ASKED = ("csrf_token", "_draft")


class Answer(TypedDict):
    """Where a form that was carried out leads, and what is said there: sentences with their category."""

    url: str
    messages: list[list[str]]


class OnceView(DetailsView):
    """The unit of work behind a posted form."""

    def once(self, work: Callable[[], Answer]) -> Answer:
        """Do the work in one transaction, at most once for this form with this content.

        It may run more than once before it is committed: it reads what it changes anew, by `fetch(…, anew=True)`.
        """
        try:
            answer = once(self.db_session, work, receipt())
        except StaleRecord:
            form_conflicted.send()
            raise
        form_saved.send()
        return answer

    def carry_out(self, work: Callable[[], Answer]) -> Any:
        """The same, and the answer to the browser."""
        return self.say(self.once(work))

    def once_saying(self, work: Callable[[], Any], url: str) -> Answer:
        """The same for work that tells by flashing: what it flashed is said when it is committed, each time."""

        def told() -> Answer:
            before = list(session.get("_flashes", ()))
            try:
                work()
            finally:
                flashed = session.pop("_flashes", [])[len(before) :]
                if before:
                    session["_flashes"] = before
            return Answer(url=url, messages=[[str(message), category] for category, message in flashed])

        return self.once(told)

    def answered(self) -> Answer | None:
        """What was said to this very form, if it has been carried out: what it was about may be gone since."""
        known: Answer | None = answer_of(self.db_session, receipt())
        return known

    def say(self, answer: Answer) -> Any:
        """Lead on, with the sentences shown there."""
        for message, category in answer["messages"]:
            flash(message, category)
        return redirect(answer["url"])


def new_form_id() -> str:
    """One for each form that is shown."""
    return token_hex(16)


def receipt() -> str:
    """What tells this form with this content, sent by this person, from every other; nothing for a form without id."""
    form_id = request.form.get(FORM_ID, "")
    if not form_id:
        return ""
    parts = [str(current_user.get_id()), request.path, request.query_string.decode("latin-1"), *_sent()]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _sent() -> Iterable[str]:
    for name, values in sorted(request.form.lists()):
        if name not in NOT_ASKED:
            yield from (f"{name}={value}" for value in values)
    for name, files in sorted(request.files.lists()):
        for file in files:
            digest = sha256()
            while block := file.stream.read(1 << 20):
                digest.update(block)
            file.stream.seek(0)
            yield f"{name}={file.filename}:{digest.hexdigest()}"
