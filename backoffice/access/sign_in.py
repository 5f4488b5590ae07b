"""Flask-Security set up for staff: argon2id, email and password, sign out by POST, nothing else open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, Request, current_app, request
from flask_security import SQLAlchemyUserDatastore, user_authenticated
from sqlalchemy.orm import contains_eager, defer
from sqlalchemy.orm.attributes import set_committed_value

from backoffice.access import guard, views
from backoffice.access.passwords import SHORTEST
from backoffice.config import Settings
from backoffice.database.pinging import ask_first
from backoffice.extensions import db, security
from backoffice.models import Role, Staff, utcnow
from backoffice.records.auditing import NOTED
from backoffice.records.saved_views import may_be_visible

CONFIG: dict[str, Any] = {
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_CHANGE_URL": "/change-password",
    "SECURITY_CHANGEABLE": True,
    "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_PASSWORD_LENGTH_MIN": SHORTEST,
    # What is switched off: tokens, the re-authentication page, its files, its commands.
    "SECURITY_API_ENABLED_METHODS": ["session"],
    "SECURITY_FRESHNESS": timedelta(minutes=-1),
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_CLI_USERS_NAME": False,
    "SECURITY_CLI_ROLES_NAME": False,
    "SECURITY_CACHE_CONTROL": None,
    # The token lives as long as the session does: a long edit must not fail on it.
    "WTF_CSRF_TIME_LIMIT": None,
    # Asked for in access.check_request, which has an order of its own; no view can be exempt there.
    "WTF_CSRF_CHECK_DEFAULT": False,
}
ROUTES = {
    "security.login": guard.PUBLIC,
    "security.logout": guard.SIGNED_IN,
    "security.change_password": guard.SIGNED_IN,
}

# Where the application keeps the pages that open a list, and a request the list of which it is known that this person
# sees no saved view there.
LISTS, NO_SAVED_VIEWS = "backoffice.lists", "backoffice.no_saved_views"
# Asked on every request: made once, with the places left open. The roles come in no order: MariaDB would put them down
# in a file to sort them.
SIGNED_IN = (
    sa.select(Staff)
    .outerjoin(Staff.roles)
    .where(Staff.fs_uniquifier == sa.bindparam("uniquifier"))
    # What no page asks of them: each column takes its time.
    .options(defer(Staff.created_at), defer(Staff.updated_at), defer(Staff.last_sign_in_at))
    .options(contains_eager(Staff.roles).defer(Role.description))
)
# Where a list is opened: most have no saved view, and are spared a statement that asks for them.
SIGNED_IN_AT_A_LIST = SIGNED_IN.add_columns(
    may_be_visible(Staff.id.expression, sa.bindparam("endpoint", type_=sa.String))
)


class Datastore(SQLAlchemyUserDatastore):
    """Flask-Security's, which finds who is signed in by a statement that is not built anew each time."""

    def find_user(self, case_insensitive: bool = False, **sought: Any) -> Any:
        """The account of which one attribute is so, or None."""
        if sought.keys() == {"fs_uniquifier"} and not case_insensitive:
            return _signed_in(sought["fs_uniquifier"])
        return super().find_user(case_insensitive, **sought)


def lists(app: Flask) -> set[str]:
    """The endpoints that open a list of the same blueprint, by a saved view or without."""
    endpoints: set[str] = app.extensions.setdefault(LISTS, set())
    return endpoints


def _signed_in(uniquifier: str) -> Staff | None:
    """The person of a session, and whether the list that is asked for may have saved views to show them."""
    is_list = request.endpoint in lists(current_app)
    statement: sa.Select[Any] = SIGNED_IN_AT_A_LIST if is_list else SIGNED_IN
    asked = {"uniquifier": uniquifier, "endpoint": request.blueprint}
    found = ask_first(db.session, lambda: db.session.execute(statement, asked).unique().first())
    if found is None:
        return None
    person: Staff = found[0]
    if len(person.roles) > 1:
        set_committed_value(person, "roles", sorted(person.roles, key=lambda role: (role.name.casefold(), role.name)))
    if is_list and not found[1]:
        request.environ[NO_SAVED_VIEWS] = request.blueprint
    return person


def init_app(app: Flask, settings: Settings) -> None:
    """Bind Flask-Security to the staff tables and declare its three pages."""
    app.config.update({**CONFIG, **settings.extra})
    security.init_app(app, Datastore(db, Staff, Role))
    app.view_functions["security.login"] = views.sign_in
    app.view_functions["security.logout"] = views.sign_out
    app.view_functions["security.change_password"] = views.change_password
    security.login_manager.request_loader(_nobody)
    # Its identities are not used, and loading them would ask the database on every request, files included.
    security.principal.identity_loaders.clear()
    user_authenticated.connect(_note_sign_in, app)
    for endpoint, requirement in ROUTES.items():
        guard.declare(app, endpoint, requirement)


def _nobody(_request: Request) -> None:
    """No token in a header, an address or a body stands for a person."""


def _note_sign_in(_app: Flask, user: Staff, authn_via: list[str] | None = None, **_about: Any) -> None:
    if authn_via != ["password"]:
        return
    # Past the mapper: signing in is no change of the record, so its version, time and history stay.
    db.session.execute(
        sa.update(Staff)
        .where(Staff.id == user.id)
        .values(last_sign_in_at=utcnow(), updated_at=Staff.updated_at)
        .execution_options(synchronize_session=False, **NOTED)
    )
