"""${message}.

Rules for a revision (docs/operations.md says why):
- one schema step or one data step, never both; it is small and it is numbered;
- `upgrade` must be safe beside the version that is running: add nullable columns or columns with a server
  default; drop, rename and tighten a release later, in a revision whose phase is "contract";
- `downgrade` undoes it for real, or raises NotImplementedError with the reason why it cannot;
- read what autogenerate wrote: it does not see renames, and it proposes drops it only guesses.

`flask db lint` looks for these, and says what is wrong and how to do it right (docs/revisions.md has examples):
- Columns: not-null-without-default, default-for-each-row, drops-mapped-column, renames-column, narrows-type,
  type-copies-table, existing-definition-missing, not-null-reads-all-rows, native-enum, default-of-text,
  datetime-without-fractions.
- Tables: drops-mapped-table, renames-table, table-without-primary-key, table-without-charset, name-too-long.
- Indexes: index-blocks-writes, drop-index-blocks, concurrently-in-transaction, concurrently-if-not-exists,
  drops-index-of-foreign-key, index-key-too-long, unique-not-checked.
- Constraints: check-reads-all-rows, check-copies-table, validates-behind-lock, unique-constraint-blocks,
  unnamed-constraint, check-name-doubled.
- Foreign keys: foreign-key-blocks-writes, foreign-key-copies-table, inline-key-ignored, foreign-key-without-index.
- Rows and raw SQL: mixes-schema-and-data, phase-differs, changes-all-rows, raw-sql-without-reason.
- The revision as a whole: several-schema-steps, autocommit-not-alone, contract-too-early, unknown-phase,
  downgrade-missing, wrong-file-name, imports-models, needs-database, ignore-without-reason, ignore-unused.
- SQLite, and what a database has no words for: sqlite-cannot-alter, sqlite-makes-table-anew, cannot-be-written.
Passing over one takes its reason: lint_ignore = {"rule-name": "why it does not matter here"}.
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

# "expand" may run beside the version before, "contract" only once nobody runs it; "data" changes rows.
phase = "expand"


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
