"""The tables, one noun a file. Import from here: every model is then known to the mapper and to migrations."""

from backoffice.models.article import Article
from backoffice.models.audit_entry import AuditBatch, AuditChain, AuditEntry
from backoffice.models.base import Model, Timestamped, UTCDateTime, Versioned, utcnow
from backoffice.models.collection import Collection
from backoffice.models.deleted_record import DeletedPart, DeletedRecord
from backoffice.models.draft import Draft
from backoffice.models.form_receipt import FormReceipt
from backoffice.models.import_row import ImportRow
from backoffice.models.job import Job, JobChunk, JobGate, JobKeys, JobOutcome
from backoffice.models.notice import Notice
from backoffice.models.presence import Presence
from backoffice.models.running_process import RunningProcess
from backoffice.models.saved_view import SavedView
from backoffice.models.searchable import Searchable, SearchIndex
from backoffice.models.staff import Role, SignInThrottle, Staff
from backoffice.models.upload import Upload
from backoffice.models.user import User

__all__ = [
    "Article",
    "AuditBatch",
    "AuditChain",
    "AuditEntry",
    "Collection",
    "DeletedPart",
    "DeletedRecord",
    "Draft",
    "FormReceipt",
    "ImportRow",
    "Job",
    "JobChunk",
    "JobGate",
    "JobKeys",
    "JobOutcome",
    "Model",
    "Notice",
    "Presence",
    "Role",
    "RunningProcess",
    "SavedView",
    "SearchIndex",
    "Searchable",
    "SignInThrottle",
    "Staff",
    "Timestamped",
    "UTCDateTime",
    "Upload",
    "User",
    "Versioned",
    "utcnow",
]
