"""Filters in words: what each comparison is called, a condition as a sentence, a whole selection as a few of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from flask_babel import format_date, format_datetime, ngettext
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from backoffice.admin.base import BaseRecordView, view_for
from backoffice.database.asking import Asker
from backoffice.database.attributes import Attribute, Kind, label_of
from backoffice.database.filtering import ME, Condition, Group
from backoffice.database.keys import has_key, key_text
from backoffice.database.relative import Period
from backoffice.database.selection import Selection, whole
from backoffice.i18n import gettext as _
from backoffice.i18n import lazy_gettext as _l

# How many values of a list are told; the rest is a number.
MOST_VALUES = 5

OPERATOR_LABELS: dict[str, Any] = {
    "contains": _l("contains"),
    "not_contains": _l("does not contain"),
    "equals": _l("is"),
    "not_equals": _l("is not"),
    "starts_with": _l("starts with"),
    "ends_with": _l("ends with"),
    "in": _l("is one of"),
    "not_in": _l("is none of"),
    "empty": _l("is empty"),
    "not_empty": _l("is not empty"),
    "null": _l("has no value"),
    "not_null": _l("has a value"),
    "is": _l("is"),
    "on": _l("is on"),
    "during": _l("is within"),
    "greater": _l("is greater than"),
    "at_least": _l("is at least"),
    "less": _l("is less than"),
    "at_most": _l("is at most"),
    "between": _l("is between"),
}
TIME_LABELS: dict[str, Any] = {
    "equals": _l("is exactly"),
    "greater": _l("is after"),
    "at_least": _l("is at or after"),
    "less": _l("is before"),
    "at_most": _l("is at or before"),
}
MANY_LABELS: dict[str, Any] = {
    "in": _l("include one of"),
    "not_in": _l("include none of"),
    "empty": _l("has none"),
    "not_empty": _l("has some"),
    "at_least": _l("number at least"),
    "at_most": _l("number at most"),
}


CALENDAR: dict[tuple[str, str], Any] = {
    ("this", "day"): _l("today"),
    ("last", "day"): _l("yesterday"),
    ("next", "day"): _l("tomorrow"),
    ("this", "week"): _l("this week"),
    ("last", "week"): _l("last week"),
    ("next", "week"): _l("next week"),
    ("this", "month"): _l("this month"),
    ("last", "month"): _l("last month"),
    ("next", "month"): _l("next month"),
    ("this", "quarter"): _l("this quarter"),
    ("last", "quarter"): _l("last quarter"),
    ("next", "quarter"): _l("next quarter"),
    ("this", "year"): _l("this year"),
    ("last", "year"): _l("last year"),
    ("next", "year"): _l("next year"),
}


def operator_label(kind: Kind, operator: str) -> str:
    """What a comparison is called for this kind of column."""
    if kind in (Kind.DATE, Kind.TIME, Kind.DATETIME) and operator in TIME_LABELS:
        return str(TIME_LABELS[operator])
    if kind is Kind.MANY and operator in MANY_LABELS:
        return str(MANY_LABELS[operator])
    return str(OPERATOR_LABELS[operator])


def period_in_words(period: Period) -> str:
    """A relative date: “last week”, “next 3 days”."""
    if not period.number:
        return str(CALENDAR[period.which, period.unit])
    counted = {
        ("last", "hour"): lambda n: ngettext("last %(num)s hour", "last %(num)s hours", n),
        ("next", "hour"): lambda n: ngettext("next %(num)s hour", "next %(num)s hours", n),
        ("last", "day"): lambda n: ngettext("last %(num)s day", "last %(num)s days", n),
        ("next", "day"): lambda n: ngettext("next %(num)s day", "next %(num)s days", n),
        ("last", "week"): lambda n: ngettext("last %(num)s week", "last %(num)s weeks", n),
        ("next", "week"): lambda n: ngettext("next %(num)s week", "next %(num)s weeks", n),
        ("last", "month"): lambda n: ngettext("last %(num)s month", "last %(num)s months", n),
        ("next", "month"): lambda n: ngettext("next %(num)s month", "next %(num)s months", n),
        ("last", "year"): lambda n: ngettext("last %(num)s year", "last %(num)s years", n),
        ("next", "year"): lambda n: ngettext("next %(num)s year", "next %(num)s years", n),
    }
    return str(counted[period.which, period.unit](period.number))


def choices(view: BaseRecordView, name: str, found: Attribute) -> list[tuple[str, str]]:
    """The values to choose from, where a column has few."""
    if found.kind is Kind.BOOLEAN:
        return [("true", _("Yes")), ("false", _("No"))]
    declared = view._column_choices_map.get(name)
    if declared:
        return [(str(value), str(label)) for value, label in declared.items()]
    return [(value, value) for value in getattr(found.type, "enums", ())] if found.kind is Kind.ENUM else []


def explain(view: BaseRecordView, selection: Selection) -> str:
    """Which rows, in which order, in words: for saved views, exports and questions before something is done."""
    parts = []
    if selection.search:
        parts.append(_("Search for “%(text)s”", text=selection.search))
    if selection.where:
        parts.append(Words(view, selection.asker, selection.where).of(selection.where))
    if selection.sort:
        keys = (_sort_in_words(view, key.name, descending=key.descending) for key in selection.sort)
        parts.append(_("Sorted by %(columns)s", columns=_(", ").join(keys)))
    return " · ".join(parts) or str(_("All records"))


def _sort_in_words(view: BaseRecordView, name: str, *, descending: bool) -> str:
    label = view.label(name)
    return str(_("%(column)s (descending)", column=label) if descending else label)


class Words:
    """Conditions and groups as sentences, to one person. Related records are named by one statement a model."""

    def __init__(self, view: BaseRecordView, asker: Asker, where: Group, most: int = MOST_VALUES) -> None:
        self.view, self.asker, self.where, self.most = view, asker, where, most

    def of(self, node: Condition | Group) -> str:
        """A condition or group."""
        if isinstance(node, Condition):
            words = [self.view.label(node.attribute.name), operator_label(node.attribute.kind, node.operator)]
            return " ".join([*words, self.operand(node)] if node.operand is not None else words)
        if node.match == "not":
            return str(_("not (%(condition)s)", condition=self.of(node.items[0])))
        joint: str = _(" and ") if node.match == "all" else _(" or ")
        return joint.join(
            f"({text})" if isinstance(item, Group) and item.match != "not" else text
            for item, text in ((item, self.of(item)) for item in node.items)
        )

    def operand(self, condition: Condition) -> str:
        """What is compared with; of a long list the beginning."""
        operand, raw = condition.operand, condition.source[2]
        if not isinstance(operand, list):
            return self._value(condition.attribute, raw, operand)
        pairs = list(zip(raw, operand, strict=True))
        words = [self._value(condition.attribute, source, value) for source, value in pairs[: self.most]]
        if condition.operator == "between":
            return str(_("%(low)s and %(high)s", low=words[0], high=words[1]))
        named, more = _(", ").join(words), len(pairs) - len(words)
        return str(_("%(names)s and %(count)s more", names=named, count=more) if more else named)

    def _value(self, found: Attribute, source: Any, value: Any) -> str:
        if found.kind in (Kind.ONE, Kind.MANY):
            return self._related(found, source) if not isinstance(value, int) else str(value)
        if isinstance(value, Period):
            return period_in_words(value)
        if isinstance(value, datetime):
            return str(format_datetime(_in_zone(value, self.asker.zone), "short", rebase=False))
        if isinstance(value, date):
            return str(format_date(value, "medium"))
        known = dict(choices(self.view, found.name, found))
        plain = str(source).lower() if isinstance(source, bool) else str(source)
        return known.get(plain, f"“{source}”" if isinstance(value, str) else plain)

    def _related(self, found: Attribute, source: Any) -> str:
        if source == ME:
            return str(_("me") if self.asker.me(found.related) else _("me (you have no record there)"))
        return self.names.get(found.related, {}).get(str(source), f"#{source}")

    @cached_property
    def names(self) -> dict[Any, dict[str, str]]:
        """The related records that are spoken of, by model and key; none that this person may not read."""
        asked: dict[Any, list[Any]] = {}
        for condition in conditions_of(self.where):
            if condition.attribute.kind in (Kind.ONE, Kind.MANY) and isinstance(condition.operand, list):
                keys = [key for key in condition.operand[: self.most] if key != ME]
                asked.setdefault(condition.attribute.related, []).extend(keys)
        return {model: _names(model, keys) for model, keys in asked.items() if keys}


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """A moment as the clocks there have it; at the ends of the calendar, where there is no such day, as it is."""
    try:
        return moment.astimezone(zone) if moment.tzinfo else moment
    except OverflowError:
        return moment


def conditions_of(node: Condition | Group) -> Iterable[Condition]:
    """Every condition of a filter."""
    if isinstance(node, Condition):
        yield node
    else:
        for item in node.items:
            yield from conditions_of(item)


def _names(model: type[Any], keys: list[Any]) -> dict[str, str]:
    view = view_for(model)
    if view is None or not view.may("read"):
        return {}
    query, wanted = view.get_query(), dict.fromkeys(keys)
    records = _at_hand(view.db_session, model, wanted) if query is whole(model) else []
    if len(records) < len(wanted):
        statement = query.where(has_key(model, list(wanted))).options(*view.loading())
        records = view.db_session.scalars(statement).unique().all()
    return {key_text(record): str(record) for record in records}


def _at_hand(session: Session, model: type[Any], keys: Iterable[tuple[Any, ...]]) -> Sequence[Any]:
    """The records of these keys that have been read, their names included: the rows of a list name their authors."""
    label = label_of(model)
    found = (session.identity_map.get(identity_key(model, key)) for key in keys) if label else ()
    return [record for record in found if record is not None and label in sa.inspect(record).dict]
