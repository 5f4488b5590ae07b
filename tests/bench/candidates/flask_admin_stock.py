"""Stock Flask-Admin: the same columns, search and filters over the same tables, and no login.

With the third argument `uncounted` it has the pager that needs no count.
"""

from __future__ import annotations

import sys

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from sqlalchemy.orm import scoped_session, sessionmaker
from waitress import serve

from tests.bench.candidates import THREADS
from tests.bench.candidates.tables import ARTICLE_LIST, EXPORT, USER_LIST, Article, User, engine


class ArticleView(ModelView):
    """Articles, newest first."""

    column_list = ARTICLE_LIST
    column_default_sort = ("id", True)
    column_searchable_list = ("title",)
    column_filters = ("id", "title", "user_id", "published_at", "created_at")
    column_sortable_list = ("id", "title", "published_at", "created_at")
    column_export_list = EXPORT
    page_size = 25
    can_export = True
    named_filter_urls = True
    form_columns = ("title", "user", "published_at", "content")
    # Its other way draws a list of all 100,000 users.
    form_ajax_refs = {"user": {"fields": ("username",)}}


class UserView(ModelView):
    """Users, newest first."""

    column_list = USER_LIST
    column_default_sort = ("id", True)
    column_searchable_list = ("username", "email", "name")
    column_filters = ("id", "username", "email", "name", "address", "created_at")
    page_size = 25
    can_export = True
    named_filter_urls = True
    form_columns = ("username", "email", "name", "address", "articles", "collection_articles")
    form_ajax_refs = {
        "articles": {"fields": ("title",)},
        "collection_articles": {"fields": ("title",)},
    }


def make_app(url: str, *, counted: bool = True) -> Flask:
    """The site."""
    app = Flask(__name__)
    app.secret_key = "for the benchmark alone"
    # Flask-Admin translates where Flask-Babel is installed, and then wants it bound.
    Babel(app)
    session = scoped_session(sessionmaker(engine(url)))
    app.teardown_appcontext(lambda _error: session.remove())
    admin = Admin(app, name="Stock")
    for model, view in ((Article, ArticleView), (User, UserView)):
        shown = type(view.__name__, (view,), {"simple_list_pager": not counted})
        admin.add_view(shown(model, session, endpoint=model.__tablename__))
    return app


if __name__ == "__main__":
    address, port, *rest = sys.argv[1:]
    serve(make_app(address, counted=rest != ["uncounted"]), host="127.0.0.1", port=int(port), threads=THREADS)
