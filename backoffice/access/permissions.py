"""What the signed-in person may do. The one place that menu, pages, actions, look-ups and exports ask."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_security import current_user

from backoffice.errors import NotAllowed


def granted(permissions: Iterable[str], model: str, action: str) -> bool:
    """Whether one of the `model:action` permissions covers this; `*` stands for all on either side."""
    wanted = [(model, action), (model, "*"), ("*", action), ("*", "*")]
    return any(tuple(permission.split(":", 1)) in wanted for permission in permissions)


def may(model: str, action: str) -> bool:
    """Whether the person who is signed in may do this; False for nobody and for a disabled account."""
    if not current_user.is_authenticated or not current_user.active:
        return False
    return any(granted(role.permissions, model, action) for role in current_user.roles)


def require(model: str, action: str) -> None:
    """Raise NotAllowed, naming the permission that is missing, unless the person may do this."""
    if not may(model, action):
        raise NotAllowed(
            _(
                "Your role does not include the permission %(permission)s. Ask an administrator for it.",
                permission=f"{model}:{action}",
            )
        )
