"""After an upgrade: whether the schema that stands there is the one that the models of this version map."""

from __future__ import annotations

import sqlalchemy as sa

from backoffice.errors import BackofficeError
from backoffice.operations import schema_journal
from backoffice.operations.checks import drift
from backoffice.operations.checks.findings import Finding, Status
from backoffice.operations.revisions import line
from backoffice.operations.upgrading.report import present, whole


class Incomplete(BackofficeError):
    """The newest revision is reached, and yet tables or columns are missing: what serves would fail on them."""

    exit_code = 1


def look(connection: sa.Connection) -> list[Finding]:
    """What differs; nothing where another revision than the newest stands, which the models were not written for."""
    if schema_journal.version(connection) != line().head:
        return []
    return list(drift.findings(connection, is_complete=False))


def tell(found: list[Finding]) -> None:
    """Tell it to the report; Incomplete where something is missing."""
    report = present()
    report.verified(found)
    missing = [whole(finding) for finding in found if finding.status is Status.FAIL]
    if missing:
        raise Incomplete(f"The schema is at {line().head}. {' '.join(missing)}")
