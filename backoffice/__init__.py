"""Backoffice: the admin back-office of a content platform."""

from __future__ import annotations

from flask import Flask
from flask_bootstrap import Bootstrap5

from backoffice import access, admin, commands, i18n, icons, logs, pages
from backoffice.config import ROOT, Settings
from backoffice.database.connection import prepare_connections
from backoffice.database.replica import REPLICA, Replica
from backoffice.extensions import babel, csrf, db
from backoffice.operations import metrics, migrate, sentry
from backoffice.pages import readiness
from backoffice.pages.environment import Environment
from backoffice.pages.routing import LateRule
from backoffice.records import uploads


@commands.failing_plainly
def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; settings come from the environment unless given."""
    settings = settings or Settings.from_environment()
    app = Flask(
        "backoffice",
        instance_path=str(settings.instance_path),
        template_folder=str(ROOT / "templates"),
    )
    app.jinja_environment = Environment
    app.url_rule_class = LateRule
    app.config.from_mapping(settings.flask_config())
    app.extensions["backoffice"] = settings
    settings.instance_path.mkdir(parents=True, exist_ok=True)
    uploads.prepare(settings.uploads)

    logs.init_app(app, settings)
    sentry.init_app(settings)
    db.init_app(app)
    with app.app_context():
        prepare_connections(db.engine, settings.slow_statement_ms)
        if REPLICA in db.engines:
            prepare_connections(db.engines[REPLICA], settings.slow_statement_ms, writes=False)
            app.extensions["backoffice.replica"] = Replica(db.engine, db.engines[REPLICA])
    migrate.init_app(app, db)
    i18n.init_app(app, babel)
    Bootstrap5(app)
    icons.init_app(app)
    csrf.init_app(app)
    readiness.init_app(app)
    access.init_app(app, settings)
    pages.init_app(app, settings)
    metrics.init_app(app, settings)
    admin.init_app(app)
    commands.init_app(app)
    return app
