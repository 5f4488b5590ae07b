"""What the first visitors of a process would wait for, made before `/readyz` sends them here.

It is mostly templates: compiling them takes ten times as long as drawing a page, for each language anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from time import monotonic, sleep

from babel.dates import format_datetime
from babel.numbers import format_decimal
from flask import Flask

from backoffice.i18n import LOCALE_COOKIE, LOCALES
from backoffice.operations import memory

KEY = "backoffice.warming"
# For so long those who are there already go first, and so long is a look whether they are.
PATIENCE, PAUSE = 2.0, 0.005


def warm(app: Flask, give_way: Callable[[], object] = lambda: None) -> None:
    """Compile all templates of ours in each language, as they are at the top of a site."""
    names = app.jinja_loader.list_templates() if app.jinja_loader else []
    # Flask builds no address for a host that is not answered.
    host = next(iter(app.config["TRUSTED_HOSTS"] or ["localhost"])).removeprefix(".")
    for locale, _name in LOCALES:
        # How a language writes moments and numbers is read from files as well.
        format_datetime(datetime.now(UTC), locale=locale)
        format_decimal(0, locale=locale)
    memory.keep_little_of_the_world()
    for locale, _name in LOCALES:
        with app.test_request_context(base_url=f"http://{host}/", headers={"Cookie": f"{LOCALE_COOKIE}={locale}"}):
            for name in names:
                give_way()
                app.jinja_env.get_template(name)


def begin(app: Flask, is_busy: Callable[[], bool]) -> None:
    """The same beside the pages, of which those that are asked for meanwhile go first."""
    until = monotonic() + PATIENCE

    def give_way() -> None:
        while is_busy() and monotonic() < until:
            sleep(PAUSE)

    thread = app.extensions[KEY] = Thread(target=warm, args=(app, give_way), name="warming", daemon=True)
    thread.start()


def is_warming(app: Flask) -> bool:
    """Whether it is still going on: a page takes longer than it will in a moment."""
    thread: Thread | None = app.extensions.get(KEY)
    return thread is not None and thread.is_alive()
