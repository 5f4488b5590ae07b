"""What a password of staff has to be like."""

from __future__ import annotations

from backoffice.database.reading import checked
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _

SHORTEST, LONGEST = 12, 128


def complaint(password: str, email: str) -> str | None:
    """What is wrong with a new password, in a sentence, or None."""
    if len(password) < SHORTEST:
        return str(_("The password is too short: use at least %(number)s characters.", number=SHORTEST))
    if len(password) > LONGEST:
        return str(_("The password is too long: use at most %(number)s characters.", number=LONGEST))
    if len(set(password)) < 5:
        return str(_("The password repeats the same few characters: use at least five different ones."))
    if password.casefold() == email.casefold():
        return str(_("The password is the email address: choose another."))
    return None


def require_acceptable(password: str, email: str) -> None:
    """Raise BadInput with the complaint, if there is one."""
    if sentence := complaint(checked(password), email):
        raise BadInput(sentence)
