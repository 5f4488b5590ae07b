"""What the dry run of an import found of each row of its file."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backoffice.models.base import Model


class ImportRow(Model):
    """One row of a file, by its place in it: what importing it would do, and from which state of which record.

    It goes with its job, the dry run. `changes` are columns as [before, after], as a history keeps them; `cells` is
    what stood in the file, by the file's columns, and `beyond` what stood in none of them. Neither is kept of a row
    that changes nothing.
    """

    __tablename__ = "import_row"
    __audited__ = False

    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # What the person sees beside it: the sheet's row, or the line where it begins.
    line: Mapped[int]
    verdict: Mapped[str] = mapped_column(sa.String(10))
    # The record that it is about; of a new one once it has been created.
    record_key: Mapped[str] = mapped_column(sa.String(255), default="")
    version: Mapped[int | None]
    # What tells the record in this file, as a digest: no two rows may have the same.
    told_by: Mapped[str | None] = mapped_column(sa.String(64))
    changes: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    cells: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    beyond: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")


sa.Index(
    "ix_import_row_job_id_verdict",
    ImportRow.__table__.c.job_id,
    ImportRow.__table__.c.verdict,
    ImportRow.__table__.c.position,
)
sa.Index("ix_import_row_job_id_told_by", ImportRow.__table__.c.job_id, ImportRow.__table__.c.told_by)
