"""starlette-admin: the same columns, search and filters over the same tables, and no login."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette_admin import DateTimeField, HasOne, IntegerField, StringField, TextAreaField
from starlette_admin.contrib.sqla import Admin, ModelView

from tests.bench.candidates.tables import Article, User, engine


class ArticleView(ModelView):
    """Articles, newest first; content is left out of the list."""

    fields = (
        IntegerField("id"),
        StringField("title"),
        HasOne("user", key="user"),
        IntegerField("user_id"),
        DateTimeField("published_at"),
        DateTimeField("created_at"),
        TextAreaField("content", exclude_from_list=True),
    )
    # It filters by nothing that it does not show and search.
    searchable_fields = ("title", "user_id", "published_at")
    fields_default_sort = (("id", True),)
    page_size = 25


class UserView(ModelView):
    """Users, newest first."""

    fields = (
        IntegerField("id"),
        StringField("username"),
        StringField("email"),
        StringField("name"),
        StringField("address"),
        DateTimeField("created_at"),
    )
    fields_default_sort = (("id", True),)
    page_size = 25


if __name__ == "__main__":
    address, port = sys.argv[1:3]
    app = Starlette()
    admin = Admin(engine(address))
    admin.add_view(ArticleView(Article, key="article"))
    admin.add_view(UserView(User, key="user"))
    admin.mount_to(app)
    uvicorn.run(app, port=int(port), log_level="warning")
