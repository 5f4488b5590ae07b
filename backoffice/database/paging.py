"""One page of a statement, with its total: page numbers for lists that are small enough to number."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy.orm import Session

from backoffice.database.reading import quoted
from backoffice.errors import BadInput, NotFound


class Page(Pagination):
    """Flask-SQLAlchemy's pagination (items, page, pages, total, has_next, iter_pages …) over a plain statement.

    It takes `session`, the ordered `statement` and `count`, the same rows as a statement to count.
    """

    def __init__(
        self, *, session: Session, statement: sa.Select[Any], count: sa.Select[Any], page: int, per_page: int
    ) -> None:
        self.session, self.statement, self.count_statement = session, statement, count
        super().__init__(page=page, per_page=per_page, max_per_page=None, error_out=False)
        if page > max(self.pages, 1):
            raise NotFound(
                _("There is no page %(page)s; the last one is %(last)s.", page=page, last=max(self.pages, 1))
            )

    def _query_items(self) -> list[Any]:
        statement = self.statement.limit(self.per_page).offset(self._query_offset)
        return list(self.session.scalars(statement).unique())

    def _query_count(self) -> int:
        return self.session.scalar(self.count_statement) or 0


def count_of(statement: sa.Select[Any]) -> sa.Select[Any]:
    """The statement that counts the rows of `statement`, without its order, columns and loading."""
    return statement.order_by(None).with_only_columns(sa.func.count(), maintain_column_froms=True)


def parse_page(text: str) -> int:
    """A page number from an address, from 1 on."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= 10_000_000 and len(text) <= 12):
        raise BadInput(_("“%(page)s” is not a page. Pages are numbered from 1.", page=quoted(text)))
    return int(text)
