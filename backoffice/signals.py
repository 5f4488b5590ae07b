"""What happens in the product, told to whoever counts it: those who tell know nothing of those who listen."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

# A statement has ended, well or not: `seconds`.
statement_done = _signals.signal("statement-done")
# A unit of work or a chunk of a job is done again: `error`, which was in its way.
unit_retried = _signals.signal("unit-retried")
# A chunk of a job is committed: how many rows were `changed`, `unchanged`, `skipped`, `failed`.
chunk_done = _signals.signal("chunk-done")
# What a form asked for is committed.
form_saved = _signals.signal("form-saved")
# A form is refused, because somebody else has changed the same meanwhile.
form_conflicted = _signals.signal("form-conflicted")
# Somebody is not let in: `reason` is `wrong`, or `throttled` where the password was not even looked at.
sign_in_refused = _signals.signal("sign-in-refused")
