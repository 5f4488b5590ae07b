"""From a dry run to the import that carries out what it has shown."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from backoffice.errors import Conflict
from backoffice.models import Job
from backoffice.records.importing.verdicts import to_apply
from backoffice.records.jobs import ledger
from backoffice.records.units import once

CHECK, IMPORT = "import-check", "import"


def carry_out(session: Session, check_id: int, *, held: bool, **asked_by: Any) -> Job:
    """The import of a dry run: a new job, or the one that there is already. `held` is reserved for the caller."""

    def work() -> int:
        check = ledger.locked(session, check_id)
        if check.kind != CHECK or check.state != "done":
            raise Conflict(_("Only a dry run that has come to its end can be carried out."))
        known = import_of(session, check_id)
        if known is not None:
            return known
        arguments = {name: value for name, value in check.arguments.items() if name != "numbered"}
        job = Job(
            kind=IMPORT, endpoint=check.endpoint, action=IMPORT, arguments={**arguments, "check": check.id},
            selection={}, words="", parent_id=check.id, **asked_by,
        )  # fmt: skip
        if held:
            ledger.reserve(job)
        if not ledger.create(session, job, to_apply(session, check.id)).length:
            raise Conflict(_("Nothing in this file would change anything."))
        return job.id

    return ledger.find(session, once(session, work))


def import_of(session: Session, check_id: int) -> int | None:
    """The job that carries out a dry run, where there is one."""
    found = sa.select(Job.id).where(Job.parent_id == check_id, Job.kind == IMPORT).limit(1)
    return session.scalar(found)
