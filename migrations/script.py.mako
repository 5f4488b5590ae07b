"""${message}.

Rules for a revision (docs/operations.md says why):
- one schema step or one data step, never both; it is small and it is numbered;
- `upgrade` must be safe beside the version that is running: add nullable columns or columns with a server
  default; drop, rename and tighten a release later;
- `downgrade` undoes it for real, or raises with the reason why it cannot;
- read what autogenerate wrote: it does not see renames, and it proposes drops it only guesses.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
% if imports:
${imports}
% endif

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
