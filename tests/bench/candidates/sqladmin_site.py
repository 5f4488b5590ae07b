"""sqladmin: the same columns, search and filters over the same tables, and no login."""

from __future__ import annotations

import sys

import uvicorn
from sqladmin import Admin, ModelView
from sqladmin.filters import OperationColumnFilter
from starlette.applications import Starlette

from tests.bench.candidates.tables import ARTICLE_LIST, EXPORT, USER_LIST, Article, User, engine


class ArticleAdmin(ModelView, model=Article):
    """Articles, newest first."""

    column_list = ARTICLE_LIST
    column_searchable_list = ("title",)
    column_sortable_list = ("id", "title", "published_at", "created_at")
    column_filters = (OperationColumnFilter(Article.user_id), OperationColumnFilter(Article.published_at))
    column_default_sort = ("id", True)
    column_export_list = EXPORT
    page_size = 25


class UserAdmin(ModelView, model=User):
    """Users, newest first."""

    column_list = USER_LIST
    column_searchable_list = ("username", "email", "name")
    column_default_sort = ("id", True)
    page_size = 25


if __name__ == "__main__":
    address, port = sys.argv[1:3]
    app = Starlette()
    admin = Admin(app, engine(address))
    for view in (ArticleAdmin, UserAdmin):
        admin.add_view(view)
    uvicorn.run(app, port=int(port), log_level="warning")
