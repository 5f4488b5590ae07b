"""Django's admin: the same columns, search and filters over the same tables, behind its own sign-in.

Accounts and sessions are in an SQLite file beside, so that the measured database keeps this product's schema.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.apps import AppConfig
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import path
from waitress import serve

from tests.bench.candidates import THREADS

NAME, PASSWORD = "bench", "a password for the benchmark alone"
ENGINES = {"mysql": "mysql", "postgresql": "postgresql", "sqlite": "sqlite3"}
OWN = "bench_content"
urlpatterns: list[Any] = []


class Content(AppConfig):
    """What the two models below belong to."""

    name, label = "tests.bench.candidates", OWN


class Router:
    """The two tables are in the measured database, Django's own in the file."""

    def db_for_read(self, model: Any, **_hints: Any) -> str:
        """Which database a model is in."""
        return "content" if model._meta.app_label == OWN else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        """Nothing is ever made in the measured database."""
        return db == "default" and app_label != OWN


def configure(url: str, file: Path) -> None:
    """Settings as `startproject` writes them, in production."""
    parts = urlsplit(url)
    backend = ENGINES[parts.scheme.split("+")[0]]
    if backend == "mysql":
        import pymysql

        # Django asks for mysqlclient by its version number; the driver is to be everybody's.
        pymysql.version_info = (2, 2, 8, "final", 0)
        pymysql.install_as_MySQLdb()
    content: dict[str, Any] = {"ENGINE": f"django.db.backends.{backend}", "NAME": unquote(parts.path[1:])}
    if parts.hostname:
        known = {"HOST": parts.hostname, "PORT": parts.port, "USER": parts.username}
        content |= {**known, "PASSWORD": unquote(parts.password or ""), "CONN_MAX_AGE": None}
    settings.configure(
        SECRET_KEY="for the benchmark alone",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": file}, "content": content},
        DATABASE_ROUTERS=[f"{__name__}.Router"],
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages")),
            f"{__name__}.Content",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        STATIC_URL="/static/",
        USE_TZ=False,
    )
    django.setup()


def register() -> None:
    """The two models and their pages."""
    from django.contrib import admin
    from django.db import models

    class User(models.Model):
        username = models.CharField(max_length=80)
        email = models.CharField(max_length=120)
        name = models.CharField(max_length=70, null=True)
        address = models.CharField(max_length=200, null=True)
        created_at = models.DateTimeField()

        class Meta:
            app_label, db_table, managed = OWN, "user", False

        def __str__(self) -> str:
            return self.username

    class Article(models.Model):
        title = models.CharField(max_length=200)
        content = models.TextField()
        user = models.ForeignKey(User, models.SET_NULL, null=True)
        published_at = models.DateTimeField(null=True)
        created_at = models.DateTimeField()

        class Meta:
            app_label, db_table, managed = OWN, "article", False

    class ArticleAdmin(admin.ModelAdmin):
        list_display = ("id", "title", "user", "published_at", "created_at")
        list_select_related = ("user",)
        list_filter = (("published_at", admin.DateFieldListFilter),)
        search_fields = ("title",)
        ordering = ("-id",)
        list_per_page = 25

    class UserAdmin(admin.ModelAdmin):
        list_display = ("id", "username", "email", "name", "address", "created_at")
        search_fields = ("username", "email", "name")
        ordering = ("-id",)
        list_per_page = 25

    admin.site.register(Article, ArticleAdmin)
    admin.site.register(User, UserAdmin)
    urlpatterns.append(path("admin/", admin.site.urls))


def main(url: str, port: str, file: str) -> None:
    """Serve; the account is made by whoever starts first."""
    configure(url, Path(file))
    if not Path(file).exists():
        os.environ["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
        call_command("migrate", verbosity=0)
        call_command("createsuperuser", interactive=False, username=NAME, email="bench@example.com", verbosity=0)
    register()
    serve(get_wsgi_application(), host="127.0.0.1", port=int(port), threads=THREADS)


if __name__ == "__main__":
    main(*sys.argv[1:4])
