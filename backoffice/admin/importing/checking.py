"""The dry run: what importing each row of a file would do, found out without changing anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from backoffice.admin.importing.declared import CREATE, UPDATE
from backoffice.admin.importing.reading import Outcome, Reading, RowForms
from backoffice.database.attributes import version_attribute
from backoffice.database.keys import key_text
from backoffice.errors import BackofficeError, BadInput
from backoffice.i18n import gettext as _
from backoffice.models import ImportRow, Job
from backoffice.records.importing import Bounds, Layout, Row
from backoffice.records.importing.matching import Matcher, taken_by_others
from backoffice.records.importing.reading import kept_row, readers, written_size
from backoffice.records.importing.verdicts import CHANGED, NEW, UNCHANGED, WRONG
from backoffice.records.jobs.chunks import Stopped
from backoffice.records.jobs.tasks import Tally

ROW: Any = ImportRow.__table__
LONGEST_REASON = 300
# Characters of JSON in one statement: escaped and in UTF-8 they are four bytes each at the worst.
MOST_AT_ONCE = 1_000_000


@dataclass
class Finding:
    """A row of the file, and what was found of it."""

    row: Row
    reading: Reading
    record: Any = None
    outcome: Outcome | None = None
    told_by: str | None = None
    verdict: str = WRONG
    reason: str = ""

    def refuse(self, reason: str) -> None:
        """It is wrong; the first reason stands."""
        self.verdict, self.reason = WRONG, self.reason or reason[:LONGEST_REASON]

    @property
    def is_wrong(self) -> bool:
        """Whether something is wrong with it by now."""
        return bool(self.reason)


@dataclass
class Check:
    """Works through the numbers of a file's rows. `path` is where the file is."""

    view: Any
    job: Job
    path: Path
    first: int = 100
    most: int = 1000
    forms: RowForms = field(init=False)

    def __post_init__(self) -> None:
        self.forms = RowForms(self.view, self.job.arguments)

    @property
    def mode(self) -> str:
        """What is to be done with the rows."""
        return str(self.job.arguments["mode"])

    def run(self, keys: Sequence[str], start: int) -> Tally:
        """Find out about these rows, and write it down."""
        rows = [kept_row(row, Bounds()) for row in self._rows(start, len(keys))]
        found = [Finding(row, Reading(row.values, row.problem or "")) for row in rows]
        self.forms.read([each.reading for each in found])
        for each in found:
            if each.reading.problem:
                each.refuse(each.reading.problem)
        matcher = self.forms.matcher(self.view.db_session, self.view.get_query())
        if matcher is not None:
            self._match(matcher, found)
            self._refuse_repeated(found)
        self._compare(found)
        self._refuse_taken(found)
        self._write(found, start)
        tally = Tally(length=start + len(found) if len(found) < len(keys) else None)
        tally.changed = sum(each.verdict == CHANGED for each in found)
        tally.unchanged = sum(each.verdict == UNCHANGED for each in found)
        tally.failed = sum(each.verdict == WRONG for each in found)
        return tally

    def _rows(self, start: int, count: int) -> list[Row]:
        layout = Layout.from_dict(self.job.arguments["layout"])
        reading = (self.job.arguments["file"], self.job.id)
        try:
            rows = readers.read(reading, self.path, layout, start, count)
        except BackofficeError as problem:
            raise Stopped(problem.message) from None
        except OSError:
            raise Stopped(_("This file is not there any more. Upload it again.")) from None
        if len(rows) < count and self.job.arguments["whole"]:
            raise Stopped(_("The file is not the one that was looked at. Upload it again."))
        if len(rows) < count or start + count >= self.job.length:
            readers.end(reading)
        return rows

    # -- which records ------------------------------------------------------------------------------------------------

    def _match(self, matcher: Matcher, found: Sequence[Finding]) -> None:
        wanted = {n: each.reading.match for n, each in enumerate(found) if each.reading.match and not each.is_wrong}
        records = matcher.find(wanted)
        for number, each in enumerate(found):
            if each.is_wrong:
                continue
            there = records.get(number, [])
            if len(there) > 1:
                each.refuse(_("Several records match."))
            elif there:
                each.record = there[0]
                if self.mode == CREATE:
                    each.refuse(_("There is such a record already."))
            elif self.mode == UPDATE or (each.reading.match is None) != self._is_key_alone():
                each.refuse(self._untold(each))
            if each.reading.match is not None:
                told = "=" + key_text(each.record) if each.record is not None else matcher.digest(each.reading.match)
                each.told_by = told if len(told) <= 64 else matcher.digest(each.reading.match)

    def _is_key_alone(self) -> bool:
        """Whether a key that nobody gives tells the record: a row without one is new, an unknown one a mistake."""
        return not any(target.is_field for target in self.forms.match) and not self._gives_key()

    def _gives_key(self) -> bool:
        return any(self.view._is_key(target.found) for target in self.forms.targets.values() if target.is_field)

    def _untold(self, each: Finding) -> str:
        labels = _(", ").join(target.label for target in self.forms.match)
        if each.reading.match is None:
            return str(_("Nothing stands in the column that tells the record: %(columns)s.", columns=labels))
        return str(_("There is no such record, or you may not see it: %(columns)s.", columns=labels))

    def _refuse_repeated(self, found: Sequence[Finding]) -> None:
        """A record that two rows are about is changed by the first; which of them is meant nobody can tell."""
        told = [each.told_by for each in found if each.told_by is not None]
        before = sa.select(ROW.c.told_by, ROW.c.line).where(ROW.c.job_id == self.job.id, ROW.c.told_by.in_(told))
        seen = {row.told_by: row.line for row in self.view.db_session.execute(before)} if told else {}
        for each in found:
            if each.told_by is None:
                continue
            if each.told_by in seen:
                each.refuse(_("The row in line %(line)s is about the same record.", line=seen[each.told_by]))
                each.told_by = None
            else:
                seen[each.told_by] = each.row.number

    # -- what would become of them ------------------------------------------------------------------------------------

    def _compare(self, found: Sequence[Finding]) -> None:
        for each in found:
            if each.is_wrong:
                continue
            try:
                each.outcome = self.forms.outcome(each.reading, each.record)
            except BadInput as problem:
                each.refuse(problem.message)
                continue
            each.verdict = NEW if each.record is None else CHANGED if each.outcome.columns else UNCHANGED

    def _refuse_taken(self, found: Sequence[Finding]) -> None:
        for target in self.forms.targets.values():
            if not (target.is_field and target.found.unique):
                continue
            wanted: dict[int, Any] = {
                number: (value, None if each.record is None else sa.inspect(each.record).identity)
                for number, each in enumerate(found)
                if each.outcome is not None and (value := each.outcome.values.get(target.name)) is not None
            }
            for number in taken_by_others(self.view.db_session, self.view.model, target.found, wanted):
                found[number].refuse(f"{target.label}: " + _("Another record already has this value."))

    def _write(self, found: Sequence[Finding], start: int) -> None:
        version = version_attribute(self.view.model)
        # A column by its own name: the word alone would be taken for the name of an icon.
        rows = []
        for place, each in enumerate(found, start):
            kept = each.verdict != UNCHANGED
            columns = each.outcome.columns if each.outcome is not None and each.verdict in (NEW, CHANGED) else {}
            rows.append({
                "job_id": self.job.id, "position": place, ROW.c.line.name: each.row.number, "verdict": each.verdict,
                "record_key": "" if each.record is None else key_text(each.record)[:255],
                "version": getattr(each.record, version) if version and each.record is not None else None,
                "told_by": each.told_by, "changes": columns, "cells": dict(each.reading.cells) if kept else {},
                "beyond": list(each.row.beyond), "reason": each.reason,
            })  # fmt: skip
        for portion in _portions(rows):
            self.view.db_session.execute(sa.insert(ROW), portion)


def _portions(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """The rows in their order, together as long as one statement may be; one that is longer goes by itself."""
    first, size = 0, 0
    for number, row in enumerate(rows):
        own = written_size([row["changes"], row["cells"], row["beyond"]])
        if number > first and size + own > MOST_AT_ONCE:
            yield rows[first:number]
            first, size = number, 0
        size += own
    if rows:
        yield rows[first:]
