"""The tables, one noun a file. Import from here: every model is then known to the mapper and to migrations."""

from backoffice.models.article import Article
from backoffice.models.base import Model, Timestamped, UTCDateTime, Versioned, utcnow
from backoffice.models.collection import Collection
from backoffice.models.saved_view import SavedView
from backoffice.models.searchable import Searchable, SearchIndex
from backoffice.models.staff import Role, SignInThrottle, Staff
from backoffice.models.user import User

__all__ = [
    "Article",
    "Collection",
    "Model",
    "Role",
    "SavedView",
    "SearchIndex",
    "Searchable",
    "SignInThrottle",
    "Staff",
    "Timestamped",
    "UTCDateTime",
    "User",
    "Versioned",
    "utcnow",
]
