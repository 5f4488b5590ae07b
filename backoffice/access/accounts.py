"""Staff accounts without HTTP: made, listed, disabled and given new passwords by an operator."""

from __future__ import annotations

import re
import secrets
import unicodedata
from uuid import uuid4

import sqlalchemy as sa
from flask_security import hash_password

from backoffice.access import passwords
from backoffice.database.reading import checked
from backoffice.errors import BadInput, Conflict, NotFound
from backoffice.extensions import db, security
from backoffice.i18n import gettext as _
from backoffice.models import Role, Staff

LONGEST_ADDRESS = 300
# Without letters and digits that look alike: a one-time password is read off a terminal.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def create(email: str, role_name: str, password: str | None = None) -> tuple[Staff, str | None]:
    """Make an account; returns it with the one-time password made for it, or None where one was given."""
    address, role = _clean(email), _role(role_name)
    if find(address) is not None:
        raise _taken(address)
    if password is not None:
        passwords.require_acceptable(password, address)
    one_time = _make_password() if password is None else None
    staff = Staff(
        email=address,
        password=_hash(password or one_time or ""),
        roles=[role],
        must_change_password=one_time is not None,
        fs_uniquifier=uuid4().hex,
    )
    db.session.add(staff)
    try:
        db.session.commit()
    except sa.exc.IntegrityError:
        db.session.rollback()
        raise _taken(address) from None
    return staff, one_time


def disable(email: str) -> None:
    """Shut an account out at once, wherever it is signed in."""
    staff = _existing(email)
    staff.active = False
    end_sessions(staff)


def enable(email: str) -> None:
    """Let a disabled account sign in again with the password it had."""
    _existing(email).active = True
    db.session.commit()


def reset_password(email: str) -> str:
    """Replace the password by a one-time one, which is returned, and end every session of the account."""
    staff, one_time = _existing(email), _make_password()
    staff.password = _hash(one_time)
    staff.must_change_password = True
    end_sessions(staff)
    return one_time


def everyone() -> list[Staff]:
    """All accounts with their roles, by email address."""
    return list(db.session.scalars(sa.select(Staff).order_by(Staff.email)))


def find(email: str) -> Staff | None:
    """The account of exactly this address: MySQL would also find one that differs in accents."""
    address = normalised(email)
    if not _can_be_kept(address):
        return None
    staff = db.session.scalar(sa.select(Staff).where(Staff.email == address))
    return staff if staff is not None and staff.email == address else None


def authenticate(email: str, password: str) -> Staff | None:
    """The active account with this address and password; a wrong guess at either takes equally long."""
    if len(password) > passwords.LONGEST:
        return None
    staff = find(email)
    if staff is None:
        _hash(password)
        return None
    right = staff.verify_and_update_password(security.password_util.normalize(password))
    return staff if right and staff.active else None


def end_sessions(staff: Staff) -> None:
    """Renew the name that the account's session cookies carry, so that none of them opens anything."""
    staff.fs_uniquifier = uuid4().hex
    db.session.commit()


def normalised(email: str) -> str:
    """The one way to write an address, in which it is kept, compared and counted."""
    # Cut first: no account's address is longer, and normalising a megabyte of combining marks takes minutes.
    return unicodedata.normalize("NFKC", email[:LONGEST_ADDRESS]).strip().lower()


def _existing(email: str) -> Staff:
    staff = find(email)
    if staff is None:
        raise NotFound(_("No account has the address %(email)s. List them: flask staff list", email=email))
    return staff


def _can_be_kept(text: str) -> bool:
    """Asking for anything else fails in the driver: PostgreSQL takes no NUL, none of them half a character."""
    try:
        checked(text)
    except BadInput:
        return False
    return True


def _role(name: str) -> Role:
    role = db.session.scalar(sa.select(Role).where(Role.name == name)) if _can_be_kept(name) else None
    if role is None:
        names = ", ".join(db.session.scalars(sa.select(Role.name).order_by(Role.name)))
        raise NotFound(_("There is no role %(name)s. The roles are: %(names)s.", name=name, names=names))
    return role


def _clean(email: str) -> str:
    # No mail is ever sent there, so an intranet's own domain will do and nobody asks the DNS.
    address = normalised(email)
    if not re.fullmatch(r"[^@\s]{1,64}@[^@\s]{1,190}", address) or not address.isprintable():
        raise BadInput(_("%(email)s is not an email address. Write it like name@example.com.", email=email))
    return address


def _taken(address: str) -> Conflict:
    return Conflict(
        _(
            "%(email)s already has an account. For a new password: flask staff reset-password %(email)s",
            email=address,
        )
    )


def _make_password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _letter in range(4)) for _group in range(4))


def _hash(password: str) -> str:
    return hash_password(security.password_util.normalize(password))
