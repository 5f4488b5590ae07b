"""What the signed-in person may do. The one place that menu, pages, actions, look-ups and exports ask."""

from __future__ import annotations

from collections.abc import Container

from flask import g
from flask_security import current_user

from backoffice.errors import NotAllowed
from backoffice.i18n import gettext as _


def granted(permissions: Container[str], model: str, action: str) -> bool:
    """Whether one of the `model:action` permissions covers this; `*` stands for all on either side."""
    return (
        "*:*" in permissions
        or f"{model}:{action}" in permissions
        or f"{model}:*" in permissions
        or f"*:{action}" in permissions
    )


def may(model: str, action: str) -> bool:
    """Whether the person who is signed in may do this; False for nobody and for a disabled account."""
    return granted(_held(), model, action)


def _held() -> frozenset[str]:
    """The permissions of the person who is signed in, gathered once a request, which asks for dozens."""
    kept = g._get_current_object()
    known: tuple[object, frozenset[str]] | None = kept.get("permissions")
    # Flask-Login keeps the person there, once it has looked.
    if known is None or known[0] is not kept.get("_login_user"):
        person = current_user._get_current_object()
        roles = person.roles if person.is_authenticated and person.active else ()
        known = kept.permissions = (person, frozenset(p for role in roles for p in role.permissions))
    return known[1]


def require(model: str, action: str) -> None:
    """Raise NotAllowed, naming the permission that is missing, unless the person may do this."""
    if not may(model, action):
        raise NotAllowed(
            _(
                "Your role does not include the permission %(permission)s. Ask an administrator for it.",
                permission=f"{model}:{action}",
            )
        )
