"""The foot of a list: where in the result one is, in honest words, and every way to another part of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from babel.numbers import format_compact_decimal, format_decimal

from backoffice.admin.address import ListAddress
from backoffice.admin.presenters import PageNumber, Pager
from backoffice.database.counting import Count
from backoffice.database.effort import CAP
from backoffice.database.paging import Window
from backoffice.i18n import gettext as _
from backoffice.i18n import locale_name

NEAR = 2


def amount(count: Count) -> str:
    """The number, as far as it is known: “343”, “about 1.2M”, “more than 10,000”."""
    if count.kind == "estimate":
        return str(_("about %(count)s", count=_rounded(count.value, locale_name())))
    exact = _grouped(count.value)
    return exact if count.is_exact else str(_("at least %(count)s", count=exact) if count.value != CAP
                                            else _("more than %(count)s", count=exact))  # fmt: skip


# Babel takes its time, and a list says the same numbers several times.
@lru_cache(maxsize=1000)
def _rounded(value: int, locale: str) -> str:
    return str(format_compact_decimal(value, fraction_digits=1, locale=locale))


@lru_cache(maxsize=1000)
def _exact(value: int, locale: str) -> str:
    return str(format_decimal(value, locale=locale))


def _grouped(number: int) -> str:
    return _exact(number, locale_name())


def count_in_words(count: Count, *, narrowed: bool) -> str:
    """The line under a list's title."""
    found = amount(count)
    return str(_("%(count)s found", count=found) if narrowed else _("%(count)s in all", count=found))


def pager(address: ListAddress, window: Window, count: Count, per_page: int, count_url: str) -> Pager:
    """Links by cursor for the neighbours and the ends; numbers while the result is small enough to be numbered."""
    first = _first(window, count)
    last = None if first is None else first + len(window.rows) - 1
    small = count.is_exact and count.value <= CAP
    pages = max(1, -(-count.value // per_page)) if small else 0
    page = (first - 1) // per_page + 1 if pages and first and (first - 1) % per_page == 0 else 0
    locale = locale_name()

    def to(number: int) -> str:
        return address.to(page=number) if number > 1 else address.start()

    return Pager(
        total=count.value,
        kind=count.kind,
        first=first,
        last=last,
        where=_where(first, window, count),
        page=page,
        pages=pages,
        first_url=address.start() if window.has_previous else "",
        previous_url=_by(address, "before", window.before, window.has_previous, (first or 0) - per_page),
        next_url=_by(address, "after", window.after, window.has_next, (last or 0) + 1),
        last_url=address.to(last=1) if window.has_next else "",
        numbers=[PageNumber(_exact(n, locale), to(n), n == page) if n else PageNumber() for n in _numbers(page, pages)],
        goto="" if not (window.has_next or window.has_previous) else "page" if pages else "position",
        count_url="" if count.is_exact else count_url,
        total_text=amount(count),
    )


def _by(address: ListAddress, way: str, cursor: str, there: bool, position: int) -> str:
    """By cursor; a row whose values are too long for an address is reached by its position."""
    if not there:
        return ""
    if cursor:
        return address.to(**{way: cursor})
    return address.to(position=position) if position > 1 else address.start()


def _first(window: Window, count: Count) -> int | None:
    """The position of the first row, if it agrees with the count: rows may have come or gone since it was noted."""
    rows = len(window.rows)
    if count.is_exact and not window.has_next:
        return count.value - rows + 1
    first = window.first
    if first is not None and first < 0:
        first = first + count.value + 1 if count.is_exact else None
    if first is None or first < 1 or (count.is_exact and first + rows > count.value):
        return None
    return first


def _where(first: int | None, window: Window, count: Count) -> str:
    rows, total = len(window.rows), amount(count)
    if first is None:
        text = _("%(rows)s of %(total)s") if window.has_next else _("The last %(rows)s of %(total)s")
        return str(text % {"rows": _grouped(rows), "total": total})
    return str(_("%(first)s–%(last)s of %(total)s",
                 first=_grouped(first), last=_grouped(first + rows - 1), total=total))  # fmt: skip


def _numbers(page: int, pages: int) -> Iterator[int | None]:
    """The first, the last and those around the present one; None for a gap."""
    shown = sorted({1, pages, *range(max(1, page - NEAR), min(pages, (page or 1) + NEAR) + 1)} if pages > 1 else ())
    for before, number in zip([0, *shown], shown, strict=False):
        if number - before > 1:
            yield None
        yield number
