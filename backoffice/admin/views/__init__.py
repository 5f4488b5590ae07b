"""Every model's view, one line each: this is where a new model is registered."""

from __future__ import annotations

from backoffice.admin.record_view import RecordView
from backoffice.admin.views.activity import ActivityView
from backoffice.admin.views.article import ArticleView
from backoffice.admin.views.collection import CollectionView
from backoffice.admin.views.deleted import DeletedView
from backoffice.admin.views.job import JobView
from backoffice.admin.views.staff import StaffView
from backoffice.admin.views.user import UserView
from backoffice.extensions import db
from backoffice.i18n import lazy_gettext as _l
from backoffice.models import Article, AuditEntry, Collection, DeletedRecord, Job, Staff, User


def views() -> list[RecordView]:
    """The views in the order of the menu; `category` is the group, the icon a name of Bootstrap Icons."""
    content, people, system = _l("Content"), _l("People"), _l("System")
    return [
        ArticleView(Article, db, name=_l("Articles"), category=content, menu_icon_value="file-text"),
        CollectionView(Collection, db, name=_l("Collections"), category=content, menu_icon_value="bookmark"),
        UserView(User, db, name=_l("Users"), category=people, menu_icon_value="people"),
        StaffView(Staff, db, name=_l("Staff"), category=system, menu_icon_value="person-badge"),
        ActivityView(
            AuditEntry, db, name=_l("Activity"), endpoint="activity", category=system, menu_icon_value="clock-history"
        ),
        JobView(Job, db, name=_l("Jobs"), endpoint="job", category=system, menu_icon_value="list"),
        DeletedView(
            DeletedRecord,
            db,
            name=_l("Recently deleted"),
            endpoint="deleted",
            category=system,
            menu_icon_value="trash3",
        ),
    ]
