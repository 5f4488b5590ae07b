"""What an import is called, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backoffice.admin.bulk.declared import BulkAction
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import Job
from backoffice.records.importing.starting import CHECK, IMPORT

# The name under which jobs know it, and the permission.
ACTION = BulkAction(IMPORT, _l("Import"), icon="upload")
TRIAL = BulkAction(CHECK, _l("Dry run of an import"), icon="upload", permission=IMPORT)

CREATE, UPDATE, BOTH = "create", "update", "both"
# What each way of importing asks for beside the import itself.
NEEDS: Mapping[str, tuple[str, ...]] = {CREATE: ("create",), UPDATE: ("edit",), BOTH: ("create", "edit")}


def modes(view: Any) -> list[str]:
    """The ways in which this person may import, the most usual first."""
    return [mode for mode in (BOTH, CREATE, UPDATE) if all(view.may(action) for action in NEEDS[mode])]


def require(view: Any, mode: str) -> None:
    """Stop with a sentence unless this person may import in this way."""
    for action in (IMPORT, *NEEDS[mode]):
        view.require(action)


def is_import(job: Job) -> bool:
    """Whether a job is a dry run, an import or the undo of one."""
    return job.kind in (CHECK, IMPORT) or (job.kind == "undo" and "check" in job.arguments)
