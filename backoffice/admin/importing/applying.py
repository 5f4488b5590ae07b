"""Carrying an import out: exactly what its dry run has shown, or not at all, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from wtforms import ValidationError

from backoffice.admin.importing.checking import Finding
from backoffice.admin.importing.reading import Outcome, Reading, RowForms
from backoffice.database.attributes import version_attribute
from backoffice.database.keys import key_text
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.models import ImportRow, Job
from backoffice.records.bulk.change import Target
from backoffice.records.importing import Row
from backoffice.records.importing.matching import taken_by_others
from backoffice.records.importing.verdicts import NEW
from backoffice.records.jobs.chunks import Stopped
from backoffice.records.jobs.tasks import FAILED, SKIPPED, Tally

ROW: Any = ImportRow.__table__


@dataclass
class Apply:
    """Works through the places of new and changed rows in a dry run."""

    view: Any
    job: Job
    first: int = 50
    most: int = 500
    forms: RowForms = field(init=False)

    def __post_init__(self) -> None:
        self.forms = RowForms(self.view, self.job.arguments)

    def run(self, keys: Sequence[str], _start: int) -> Tally:
        """Save what is still as it was seen; the rest is left with the reason."""
        tally, rows = Tally(), self._rows(keys)
        found = {key: Finding(Row(row.line), Reading(row.cells)) for key, row in rows.items()}
        self.forms.read([each.reading for each in found.values()])
        self._find_changed(rows, found, tally)
        self._refuse_made(rows, found, tally)
        self._compare(rows, found, tally)
        self._refuse_taken(found, tally)
        ready = {key: each for key, each in found.items() if each.outcome is not None and key not in tally.left}
        for each in ready.values():
            self._set(each)
        self.view.db_session.flush()
        self._note_keys(rows, ready)
        tally.changed = len(ready)
        return tally

    def _rows(self, keys: Sequence[str]) -> dict[str, ImportRow]:
        places = [int(key) for key in keys]
        asked = sa.select(ImportRow).where(ROW.c.job_id == self.job.arguments["check"], ROW.c.position.in_(places))
        found = {str(row.position): row for row in self.view.db_session.scalars(asked)}
        if len(found) < len(keys):
            raise Stopped(_("The dry run of this import is not there any more."))
        return {key: found[key] for key in keys}

    # -- is everything as it was seen --------------------------------------------------------------------------------

    def _find_changed(self, rows: Mapping[str, ImportRow], found: Mapping[str, Finding], tally: Tally) -> None:
        """Lock the records that are to be changed, and leave those that others have changed since."""
        model, session = self.view.model, self.view.db_session
        target = Target(session, model, self.view.get_query(), self.view.get_query())
        wanted = {key: row for key, row in rows.items() if row.verdict != NEW}
        parsed = target.parsed([row.record_key for row in wanted.values()])
        asked = target.these(list(parsed.values())).options(*self.view.loading())
        asked = asked.execution_options(populate_existing=True)
        there = {key_text(record): record for record in session.scalars(asked).unique()} if parsed else {}
        version = version_attribute(model)
        for key, row in wanted.items():
            record = found[key].record = there.get(row.record_key)
            if record is None:
                tally.leave(key, SKIPPED, _("It is gone, or may no longer be seen."))
            elif version and getattr(record, version) != row.version:
                tally.leave(key, SKIPPED, _("Somebody has changed it since."))

    def _refuse_made(self, rows: Mapping[str, ImportRow], found: Mapping[str, Finding], tally: Tally) -> None:
        """Leave rows whose records were new, and that this import or somebody else has made by now."""
        new = [key for key, row in rows.items() if row.verdict == NEW]
        for key in new:
            if rows[key].record_key:  # it is tried again, and its record was noted the first time
                tally.leave(key, SKIPPED, _("This row has been imported already."))
        matcher = self.forms.matcher(self.view.db_session, self.view.get_query())
        if matcher is None:
            return
        matches = {int(key): found[key].reading.match for key in new if key not in tally.left}
        wanted = {place: match for place, match in matches.items() if match is not None}
        for place, records in matcher.find(wanted).items():
            if records:
                tally.leave(str(place), SKIPPED, _("Somebody has made such a record since."))

    def _compare(self, rows: Mapping[str, ImportRow], found: Mapping[str, Finding], tally: Tally) -> None:
        for key, each in found.items():
            if key in tally.left:
                continue
            try:
                outcome = self.forms.outcome(each.reading, each.record)
            except BadInput as problem:
                tally.leave(key, FAILED, problem.message)
                continue
            if outcome.columns != rows[key].changes:
                tally.leave(key, SKIPPED, _("It would no longer do what was shown. Try the import out again."))
                continue
            each.outcome = outcome

    def _refuse_taken(self, found: Mapping[str, Finding], tally: Tally) -> None:
        for target in self.forms.targets.values():
            if not (target.is_field and target.found.unique):
                continue
            wanted: dict[int, Any] = {
                int(key): (value, None if each.record is None else sa.inspect(each.record).identity)
                for key, each in found.items()
                if each.outcome is not None and (value := each.outcome.values.get(target.name)) is not None
            }
            for place in taken_by_others(self.view.db_session, self.view.model, target.found, wanted):
                reason = f"{target.label}: " + _("Another record already has this value.")
                tally.leave(str(place), FAILED, reason)

    # -- saving ------------------------------------------------------------------------------------------------------

    def _set(self, each: Finding) -> None:
        """As a form sets it; what is refused here is looked for by the caller, record by record."""
        outcome: Outcome = each.outcome  # type: ignore[assignment]  # those without are left out
        created = each.record is None
        record = each.record = self.view.build_new_instance() if created else each.record
        for name, value in outcome.values.items():
            setattr(record, name, value)
        self.view.db_session.add(record)
        try:
            self.view.on_model_change(outcome.form, record, created)
        except ValidationError as refusal:
            raise BadInput(str(refusal)) from None

    def _note_keys(self, rows: Mapping[str, ImportRow], ready: Mapping[str, Finding]) -> None:
        """Which record each new row became: an undo finds it by that."""
        made = [
            {"place": int(key), "key": key_text(each.record)[:255]}
            for key, each in ready.items()
            if rows[key].verdict == NEW
        ]
        if made:
            place = sa.and_(ROW.c.job_id == self.job.arguments["check"], ROW.c.position == sa.bindparam("place"))
            change = sa.update(ROW).where(place).values(record_key=sa.bindparam("key"))
            self.view.db_session.connection().execute(change, made)
