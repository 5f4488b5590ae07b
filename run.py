"""`python run.py`: upgrade the schema, index what is to be searched, load demo data on the first run, serve.

WSGI servers take `run:app`.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

import click
from flask import Flask
from flask.cli import load_dotenv
from waitress.server import create_server

from backoffice import create_app
from backoffice.access import accounts
from backoffice.admin.downloads import PIECE
from backoffice.admin.working import working_beside
from backoffice.commands import telling_plainly
from backoffice.commands.search import reindex_what_is_due
from backoffice.config import Settings
from backoffice.errors import ConfigurationError
from backoffice.extensions import db
from backoffice.operations import memory
from backoffice.operations.readiness import State, schema
from backoffice.operations.serving import serve
from backoffice.pages import warming

FIRST_ACCOUNT = "admin@example.com"
# So many objects are made before Python looks for circles among them.
YOUNG = 1_500
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def __getattr__(name: str) -> Flask:
    """Build `app` when somebody asks for it, so that importing this module does nothing."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    load_dotenv()
    globals()["app"] = app = create_app()
    # At once, and not beside: a server may fork now.
    warming.warm(app)
    return app


@click.command()
def main() -> None:
    """Upgrade the schema, index what can be searched, load demo data on the first run, and serve until Ctrl-C.

    With UPGRADE_ON_START=no it only serves.
    """
    signal.signal(signal.SIGTERM, _stop)
    # Before the first thread begins.
    memory.share()
    with telling_plainly():
        load_dotenv()
        app = create_app()
        settings: Settings = app.extensions["backoffice"]
        # First of all, so that a taken port is told before anything is loaded or printed.
        server = _bind(app, settings)
        with app.app_context(), telling_plainly():
            one_time_password = _prepare(settings) if settings.upgrade_on_start else None
        # What is there now stays for good: no request need wait for it to be gone through. Not collected before, as a
        # signal that comes in the middle of that would be lost.
        gc.freeze()
        # A page makes and leaves some thousand objects, and hardly one in a circle: looking for those less often takes
        # some hundredths off its time. More seldom still would take more memory.
        gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
        warming.begin(app, lambda: server.task_dispatcher.active_count > 0)
        # Ctrl-C ends it quietly from the moment the address is printed, also before the server listens.
        with suppress(KeyboardInterrupt):
            with app.app_context():
                _tell(settings, one_time_password)
            with working_beside(app):
                serve(server, delay=settings.drain_delay_seconds, seconds=settings.drain_seconds)
        server.close()


def _bind(app: Flask, settings: Settings) -> Any:
    try:
        return create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            # Above what the application refuses on a page of its own, below what would fill the disk.
            max_request_body_size=(settings.max_upload_mb + 1) * 1024 * 1024,
            # A download that nobody reads waits on the disk and not in a thread that others need.
            outbuf_high_watermark=2 * 1024**3,
            # What has been sent of a buffer in memory stays there until all of it is: pages do, files go to the disk.
            outbuf_overflow=PIECE - 1,
            ident=None,
            # Behind a proxy the application reads these headers itself.
            clear_untrusted_proxy_headers=settings.proxies == 0,
        )
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "no such address"
        raise ConfigurationError(
            f"Cannot serve on port {settings.port} of {settings.host} ({reason}). "
            "Set PORT to a free port, for example PORT=8001, and HOST to an address of this machine."
        ) from None


def _prepare(settings: Settings) -> str | None:
    _upgrade()
    reindex_what_is_due()
    return _first_run(settings)


def _upgrade() -> None:
    """Only where there is something to do: Alembic would stay in memory for as long as this serves."""
    with db.engine.connect() as connection:
        found = schema(connection)
    if found.state is State.BEHIND:
        from backoffice.operations.upgrading import ways

        if not found.database:
            # A newcomer's first start; what an upgrade did to a database in use is told in the log.
            logging.getLogger("backoffice.upgrade").setLevel(logging.WARNING)
        ways.upgrade()


def _first_run(settings: Settings) -> str | None:
    """Demo data and the first account, made last: a first run that was stopped half-way is simply done again."""
    if accounts.everyone() or settings.environment not in ("development", "demo"):
        return None
    # What makes demo data is loaded where some is made.
    from backoffice.commands.demo import load_with_bar
    from backoffice.demo.load import is_empty
    from backoffice.demo.world import Size

    with db.engine.connect() as connection:
        if is_empty(connection):
            load_with_bar(connection, Size())
    return accounts.create(FIRST_ACCOUNT, "admin")[1]


def _tell(settings: Settings, one_time_password: str | None) -> None:
    host = "127.0.0.1" if settings.host in EVERYWHERE else settings.host
    click.echo(f"\n  Backoffice:         http://{host}:{settings.port}/")
    if one_time_password:
        click.echo(f"  Email:              {FIRST_ACCOUNT}")
        click.echo(f"  One-time password:  {one_time_password}")
        click.echo("\n  You choose a password of your own when you sign in. Ctrl-C stops the server.\n")
        return
    # Where the deploy upgrades, there may be no table yet to look for accounts in.
    if not settings.upgrade_on_start:
        click.echo("  Ctrl-C stops the server.\n")
        return
    staff = accounts.everyone()
    if not staff:
        click.echo("  Nobody can sign in yet. Make an account: flask staff create EMAIL --role admin\n")
    elif all(person.last_sign_in_at is None for person in staff):
        click.echo(f"  Nobody has signed in yet. A new password: flask staff reset-password {staff[0].email}\n")
    else:
        click.echo("  Ctrl-C stops the server.\n")


def _stop(*_signal: object) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    main()
