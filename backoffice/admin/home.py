"""The first page of the morning: four figures, articles per day, and what is newest."""

from __future__ import annotations

import json
from typing import Any

from flask import request
from flask_admin import BaseView, expose
from flask_babel import format_date, format_decimal

from backoffice.admin.address import ListAddress
from backoffice.admin.base import BaseRecordView, view_for
from backoffice.admin.draft_cards import draft_cards
from backoffice.admin.listing import ListingView
from backoffice.admin.presenters import Link, Listing
from backoffice.admin.presenters_home import Bar, Chart, Figure
from backoffice.admin.replica import reading
from backoffice.database import figures
from backoffice.database.reading import quoted
from backoffice.database.selection import Selection
from backoffice.errors import BadInput
from backoffice.i18n import gettext as _
from backoffice.models import Article, Collection, User

DAYS = (30, 90, 365)
WIDTH, HEIGHT = 720, 160
NEWEST = 5


class HomeView(BaseView):  # type: ignore[misc]  # Flask-Admin's own base is typed as Any
    """Shows only what the person's role may read."""

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """As in BaseRecordView: no second call that hides the first one's error."""
        return fn(self, *args, **kwargs)

    @expose("/")
    def index(self) -> Any:
        """Figures, chart and newest records."""
        article, user, collection = (view_for(model) for model in (Article, User, Collection))
        return self.render(
            "admin/index.html",
            drafts=draft_cards(),
            figures=[f for f in _figures(article, user, collection) if f],
            chart=_chart(article) if article and article.may("read") else None,
            newest=[_newest(v) for v in (article, user) if isinstance(v, ListingView) and v.may("read")],
        )


def _figures(
    article: BaseRecordView | None, user: BaseRecordView | None, collection: BaseRecordView | None
) -> list[Figure | None]:
    published = json.dumps({"all": [["published", "is", True]]}, separators=(",", ":"))
    return [
        _figure(article, _("Articles"), "file-text"),
        _figure(article, _("Published"), "check2-circle", where=published),
        _figure(user, _("Users"), "people"),
        _figure(collection, _("Collected"), "bookmark"),
    ]


def _figure(view: BaseRecordView | None, label: str, icon: str, **question: str) -> Figure | None:
    if view is None or not view.may("read"):
        return None
    rows = Selection.read(question, view.vocabulary, view.get_query()).rows("")
    with reading(view.db_session):
        counted = figures.count(view.db_session, rows)
    return Figure(label, counted, view.page_url("index_view", **question), icon=icon)


def _newest(view: ListingView) -> Listing:
    address = ListAddress(view.url_of_list, Selection(view.vocabulary, view.get_query()))
    return view.listing(address, names=view.column_names(view._list_columns)[:4], first=NEWEST)


def _chart(view: BaseRecordView) -> Chart:
    """Bars of articles made per day, placed by the server so that the page needs no script to show them."""
    days = _days()
    with reading(view.db_session):
        counts = figures.per_day(view.db_session, view.get_query(), Article.created_at, days)
    peak = max([n for _day, n in counts] + [1])
    step = WIDTH / len(counts)
    bars = [
        Bar(
            day.isoformat(), format_date(day, "medium"), n, round(i * step, 2), round(HEIGHT - HEIGHT * n / peak, 2),
            round(max(step * 0.8, 0.5), 2), round(HEIGHT * n / peak, 2),
        )
        for i, (day, n) in enumerate(counts)
    ]  # fmt: skip
    return Chart(
        _("Articles per day"),
        bars,
        WIDTH,
        HEIGHT,
        peak,
        [(HEIGHT * (1 - share), format_decimal(round(peak * share))) for share in ((1, 0.5) if peak > 1 else (1,))],
        [Link(_("%(days)s days", days=d), f"{request.path}?days={d}", current=d == days) for d in DAYS],
    )


def _days() -> int:
    text = request.args.get("days", str(DAYS[0]))
    if text not in map(str, DAYS):
        known = ", ".join(map(str, DAYS))
        raise BadInput(_("The chart shows %(known)s days, not “%(days)s”.", known=known, days=quoted(text)))
    return int(text)
