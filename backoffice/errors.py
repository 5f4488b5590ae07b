"""What a person can put right: one family of errors whose message is shown to them as it stands."""

from __future__ import annotations


class BackofficeError(Exception):
    """A problem the person can mend; `message` says what is wrong and names the fix. Never holds SQL or a secret.

    A page answers with `status`, a command ends with `exit_code`.
    """

    status = 400
    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(BackofficeError):
    """A setting is missing or wrong; the process exits with code 2 and the message."""

    status = 500


class BadInput(BackofficeError):
    """The address or the form holds something that cannot be understood."""


class NotAllowed(BackofficeError):
    """The person lacks the permission the message names."""

    status = 403


class NotFound(BackofficeError):
    """No such record, page or relation, or none that this person may see."""

    status = 404


class Conflict(BackofficeError):
    """Somebody else changed the record, or a rule of the database refuses the change."""

    status = 409
