"""Checks of accounts and roles: somebody may do everything, and every permission means something."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.access.permissions import granted
from backoffice.models import Role, Staff, utcnow
from backoffice.operations.checks.findings import Finding, Installation, database_check, fail, listed, ok, warn

SECTION = "People"
LEFT_UNUSED = timedelta(days=7)
FIRST_ACCOUNT = "admin@example.com"


@database_check(SECTION)
def accounts(installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Somebody can sign in and may do everything; nobody is left with nothing, or with a one-time password."""
    with Session(connection) as session:
        people = [person for person in session.scalars(sa.select(Staff).order_by(Staff.email)) if person.active]
        found = list(_of(people, live=installation.is_live))
        masters = [person for person in people if granted(_permissions(person), "*", "*")]
    if not masters:
        told = "Nobody can sign in." if not people else "Nobody who can sign in may do everything."
        tell = fail if installation.is_live else warn
        yield tell(told, "Make an account.", "flask staff create EMAIL --role admin")
    elif not found:
        yield ok(f"{len(people):,} can sign in, {len(masters):,} of them may do everything.")
    yield from found


def _of(people: list[Staff], *, live: bool) -> Iterator[Finding]:
    idle = [person.email for person in people if not person.roles]
    unused = [p.email for p in people if p.must_change_password and p.created_at < utcnow() - LEFT_UNUSED]
    if idle:
        yield warn(f"{listed(idle)} may do nothing: no role.", "Disable the account, or give it a role.",
                   f"flask staff disable {idle[0]}")  # fmt: skip
    if unused:
        yield warn(f"{listed(unused)} never replaced a one-time password.", "Disable who does not come.",
                   f"flask staff disable {unused[0]}")  # fmt: skip
    if live and FIRST_ACCOUNT in [person.email for person in people]:
        yield warn(f"{FIRST_ACCOUNT} can sign in, the account that development makes.", "Disable it.",
                   f"flask staff disable {FIRST_ACCOUNT}")  # fmt: skip


def _permissions(person: Staff) -> set[str]:
    return {permission for role in person.roles for permission in role.permissions}


@database_check(SECTION)
def permissions(installation: Installation, connection: sa.Connection) -> Iterator[Finding]:
    """Each permission of a role names a model and an action that exist: a typing error grants nothing."""
    with Session(connection) as session:
        roles = list(session.scalars(sa.select(Role).order_by(Role.name)))
    odd = [
        f"{role.name}: {permission}"
        for role in roles
        for permission in role.permissions
        if not _means_something(installation, permission)
    ]
    if odd:
        yield warn(f"They name no model or action: {listed(odd)}.", "Correct or remove them (docs/extending.md).")
    else:
        yield ok(f"{len(roles)} roles, each permission of which names a model and an action.")


def _means_something(installation: Installation, permission: str) -> bool:
    model, mark, action = permission.partition(":")
    models = installation.permissions
    actions = frozenset[str]().union(*models.values()) if model == "*" else models.get(model, frozenset())
    return bool(mark) and (model == "*" or model in models) and (action == "*" or action in actions)
