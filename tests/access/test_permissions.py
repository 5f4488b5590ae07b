"""What roles grant, and how a refusal reads."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask_security import current_user

from backoffice.access.permissions import granted, may, require
from backoffice.errors import NotAllowed
from backoffice.extensions import db
from backoffice.models import Role, Staff

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    ("permissions", "model", "action", "answer"),
    [
        (["article:read"], "article", "read", True),
        (["article:read"], "article", "edit", False),
        (["article:read"], "user", "read", False),
        (["article:*"], "article", "publish", True),
        (["article:*"], "articles", "publish", False),
        (["*:read"], "user", "read", True),
        (["*:read"], "user", "delete", False),
        (["*:*"], "staff", "delete", True),
        (["user:read", "article:edit"], "article", "edit", True),
        ([], "article", "read", False),
        (["article"], "article", "read", False),
        (["*"], "article", "read", False),
        ([""], "", "", False),
    ],
)
def test_permission_covers_its_model_and_action(permissions, model, action, answer):
    assert granted(permissions, model, action) is answer


def may_of(app, role: str | None, model: str, action: str, *, active: bool = True) -> bool:
    with app.test_request_context():
        if role is not None:
            found = db.session.scalars(sa.select(Role).where(Role.name == role)).one()
            app.login_manager._update_request_context_with_user(
                Staff(email="a@example.com", active=active, roles=[found])
            )
            assert current_user.is_authenticated is active
        return may(model, action)


@pytest.mark.parametrize(
    ("role", "model", "action", "answer"),
    [
        ("admin", "staff", "delete", True),
        ("editor", "article", "publish", True),
        ("editor", "user", "edit", False),
        ("viewer", "article", "export", True),
        ("viewer", "article", "edit", False),
        (None, "article", "read", False),
    ],
)
def test_first_roles_may_what_they_say(app, role, model, action, answer):
    assert may_of(app, role, model, action) is answer


def test_disabled_account_may_nothing(app):
    assert may_of(app, "admin", "article", "read", active=False) is False


def test_refusal_names_the_permission(app):
    with app.test_request_context(), pytest.raises(NotAllowed, match="article:edit"):
        require("article", "edit")


def test_changed_role_counts_from_the_next_request(sign_in, session):
    browser = sign_in("viewer")
    assert browser.get("/admin/user/").status_code == 200
    role = session.scalars(sa.select(Role).where(Role.name == "viewer")).one()
    role.permissions = ["article:read"]
    session.commit()
    response = browser.get("/admin/user/")
    assert response.status_code == 403
    assert "user:read" in response.text
