"""Deleting: the question states what goes along and offers what may become of it; all of it can be brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from flask import current_app, request
from flask_admin import expose
from flask_babel import format_decimal, ngettext
from sqlalchemy.orm import RelationshipProperty

from backoffice.access.redirects import safe_target
from backoffice.admin.base import view_for
from backoffice.admin.once import FORM_ID, Answer, new_form_id
from backoffice.admin.presenters import Alternatives, Confirmation
from backoffice.admin.related import find_related
from backoffice.admin.relations import RelationsView
from backoffice.database.keys import key_text
from backoffice.errors import BackofficeError, BadInput
from backoffice.i18n import gettext as _
from backoffice.records.consequences import COUNT_CAP, Choice, Consequence, Rule, consequences, rule_of, ways
from backoffice.records.deleting import remove
from backoffice.records.transactions import StaleRecord

SHOWN = 10
# From so many records on that go or change, whoever deletes has to type what.
TYPED_FROM = 50
# The inputs of the question: what becomes of a relation's records and to whom they go; what was seen; what was typed.
WHEN, TO, SEEN, TYPED = "when-", "to-", "seen", "typed"


class DeletingView(RelationsView):
    """A model's deletion page."""

    confirm_template = "admin/model/confirm.html"

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> Any:
        """GET asks and tells what else goes; POST (with Flask-Admin's `id` and `url` fields) deletes what was seen."""
        self.require("delete")
        back = safe_target(request.values.get("url"), self.page_url("index_view"))
        if request.method != "POST":
            return self._ask_to_delete(self.fetch(request.values.get("id")), back)
        try:
            return self.carry_out(lambda: self._delete_one(back))
        except BackofficeError as refusal:
            record = self.fetch(request.values.get("id"))
            return self._ask_to_delete(record, back, refusal.message, refusal.status)

    def _delete_one(self, back: str) -> Answer:
        record = self.fetch(request.values.get("id"), anew=True)
        if problem := self.deletion_problem([record]):
            raise StaleRecord(problem)
        name = str(record)
        self.delete_records([record])
        message = _("%(noun)s “%(record)s” was deleted.", noun=self.singular, record=name)
        return Answer(url=self.readable_list(back), messages=[[message, "success"]])

    def delete_records(self, records: Sequence[Any]) -> int:
        """Delete in the present unit of work, with what was chosen for what goes along."""
        for record in records:
            self.on_model_delete(record)
        count = remove(self.db_session, records, self.choices_for(records, request.form))
        for record in records:
            self.after_model_delete(record)
        return count

    def deletion_problem(self, records: Sequence[Any]) -> str:
        """Why these records may not be deleted as the question was answered; nothing where they may."""
        found = consequences(self.db_session, records)
        if request.form.get(SEEN) != self.seen(records, found):
            return _("Somebody changed this after you were asked. Look again at what is deleted, then confirm.")
        word = self.deletion_word(records, found)
        if word and request.form.get(TYPED, "").strip() != word:
            return _("Type “%(word)s” to confirm: this is a lot.", word=word)
        return ""

    def deletion_question(self, records: Sequence[Any], problem: str = "", **addresses: Any) -> Confirmation:
        """What is about to be deleted, with all that goes along."""
        alone, count = len(records) == 1, format_decimal(len(records))
        found = consequences(self.db_session, records)
        days = current_app.extensions["backoffice"].deleted_days
        addresses["hidden"] = [*addresses["hidden"], (SEEN, self.seen(records, found))]
        return Confirmation(
            title=_("Delete %(noun)s “%(record)s”?", noun=_lower(self.singular), record=records[0])
            if alone
            else _("Delete %(count)s records?", count=count),
            question=ngettext(
                "It can be brought back from “Recently deleted” for %(num)s day.",
                "It can be brought back from “Recently deleted” for %(num)s days.",
                days,
            ),
            labels=[str(record) for record in records[:SHOWN]],
            more=max(0, len(records) - SHOWN),
            consequences=[self.in_words(c) for c in found if not c.choices],
            alternatives=[self.alternatives_for(c) for c in found if c.choices],
            button=_("Delete") if alone else _("Delete %(count)s records", count=count),
            danger=True,
            word=self.deletion_word(records, found),
            problem=problem,
            **addresses,
        )

    def _ask_to_delete(self, record: Any, back: str, problem: str = "", status: int = 200) -> Any:
        key = key_text(record)
        question = self.deletion_question(
            [record],
            problem,
            post_url=self.page_url("delete_view"),
            cancel_url=self.page_url("details_view", id=key, url=back),
            hidden=[(FORM_ID, new_form_id()), ("id", key), ("url", back)],
        )
        return self.ask(question, status)

    def choices_for(self, records: Sequence[Any], given: Mapping[str, str]) -> dict[str, Choice]:
        """What was chosen for the records of each relation, by the names of the question's inputs."""
        found: dict[str, Choice] = {}
        for relation in sa.inspect(self.model).relationships:
            rule = given.get(WHEN + relation.key)
            if not rule:
                self._require_unchosen(relation, records)
                continue
            words: Any = rule
            to = find_related(self.model, given.get(TO + relation.key, "").strip()) if rule == HAND_OVER else None
            if rule == HAND_OVER and to is None:
                raise BadInput(
                    _("Choose to whom “%(label)s” are handed over, by the key or the exact name.",
                      label=self.label(relation.key))
                )  # fmt: skip
            self._require_change(relation.mapper.class_, rule)
            found[relation.key] = Choice(words, to)
        return found

    def _require_unchosen(self, relation: RelationshipProperty[Any], records: Sequence[Any]) -> None:
        """Where there was a choice and none was made the foreign key's own rule acts: it needs the same permission."""
        if len(ways(relation)) > 1 and any(
            found.relation == relation.key for found in consequences(self.db_session, records)
        ):
            self._require_change(relation.mapper.class_, rule_of(relation))

    def _require_change(self, model: Any, rule: str) -> None:
        view = view_for(model)
        if view is not None:
            view.require("delete" if rule == "delete" else "edit")

    def _far_label(self, name: str) -> str:
        """What the other records call their way back here."""
        relation = sa.inspect(self.model).relationships[name]
        view = view_for(relation.mapper.class_)
        return view.label(relation.back_populates) if view is not None and relation.back_populates else self.singular

    def alternatives_for(self, found: Consequence) -> Alternatives:
        """What may become of them, to choose from."""
        label, count = self.label(found.relation), self._count(found)
        words: dict[Rule, str] = {
            "hand over": _("Hand them over to another %(noun)s", noun=_lower(self.singular)),
            "unlink": _("Keep them: “%(label)s” is then empty", label=self._far_label(found.relation)),
            "delete": _("Delete them too"),
            "refuse": _("Do not delete"),
            "links": _("Remove the links"),
        }
        related = view_for(sa.inspect(self.model).relationships[found.relation].mapper.class_)
        may = {"delete": related is None or related.may("delete")}
        options = [(rule, words[rule]) for rule in found.choices if may.get(rule, True)]
        to = request.form.get(TO + found.relation, "")
        chosen = find_related(self.model, to) if to else None
        return Alternatives(
            found.relation,
            _("%(label)s: %(count)s. What becomes of them?", label=label, count=count),
            options,
            chosen=request.form.get(WHEN + found.relation) or options[0][0],
            handed=HAND_OVER,
            lookup_url=self.page_url("lookup_view") if self.may("read") else "",
            to=key_text(chosen) if chosen is not None else to,
            to_label=str(chosen) if chosen is not None else to,
        )

    def _count(self, found: Consequence) -> str:
        count = format_decimal(min(found.count, COUNT_CAP))
        return _("more than %(count)s", count=count) if found.capped else count

    def in_words(self, found: Consequence) -> str:
        """What becomes of the records of a relation, where nothing can be chosen."""
        count, label = self._count(found), self.label(found.relation)
        sentences: dict[str, str] = {
            "delete": _("%(label)s: %(count)s records are deleted too.", label=label, count=count),
            "links": _("%(label)s: %(count)s links go; what they lead to stays.", label=label, count=count),
            "unlink": _("%(label)s: %(count)s records stay and lose their link.", label=label, count=count),
            "refuse": _("%(label)s: %(count)s records forbid it. Remove or move them first.", label=label, count=count),
        }
        return sentences[found.rule]

    def deletion_word(self, records: Sequence[Any], found: Sequence[Consequence]) -> str:
        """What has to be typed where much is at stake: the record's name, or how many they are."""
        if len(records) + sum(c.count for c in found) < TYPED_FROM:
            return ""
        return " ".join(str(records[0]).split())[:60].strip() if len(records) == 1 else str(len(records))

    def seen(self, records: Sequence[Any], consequences: Sequence[Consequence]) -> str:
        """A digest of the records in the state that was asked about, with how much goes along."""
        states = sorted(f"{key_text(record)}={self.version_text(record)}" for record in records)
        states += [f"{found.relation}={found.count}" for found in consequences]
        return sha256("\0".join(states).encode()).hexdigest()[:32]

    def ask(self, confirmation: Confirmation, status: int = 200) -> Any:
        """The page with the question."""
        html = self.render(
            self.confirm_template,
            confirmation=confirmation,
            view=self,
            breadcrumbs=self.breadcrumbs(confirmation.title),
        )
        return html, status

    def readable_list(self, back: str) -> str:
        """The list's address one came from."""
        return back


HAND_OVER = "hand over"


def _lower(noun: str) -> str:
    return noun.lower() if noun.isascii() else noun
