"""What the filter builder says: a script has no catalogue of its own."""

from __future__ import annotations

from typing import Any

from backoffice.database.filtering import MAX_DEPTH, MAX_LINKED
from backoffice.i18n import gettext as _


def builder_texts() -> dict[str, Any]:
    """Every text of the builder in the language of the request; `{record}` and `{count}` are filled in there."""
    return {
        "title": _("Filter"),
        "apply": _("Apply"),
        "cancel": _("Cancel"),
        "clear": _("Clear all"),
        "failed": _("The filter could not be checked. Check the connection and try again."),
        **_tree(),
        **_operands(),
        "picker": _picker(),
    }


def _tree() -> dict[str, str]:
    return {
        "group": _("Group of conditions"),
        "match": _("Which of the conditions have to hold"),
        "match_all": _("All of these hold"),
        "match_any": _("Any of these holds"),
        "match_none": _("None of these holds"),
        "match_some": _("Not all of these hold"),
        "add_condition": _("Add a condition"),
        "add_group": _("Add a group"),
        "remove_group": _("Remove the group"),
        "condition": _("Condition"),
        "remove_condition": _("Remove the condition"),
        "column": _("Column"),
        "comparison": _("Comparison"),
        "deep": _("The filter is nested too deeply: at most %(most)s levels.", most=MAX_DEPTH),
    }


def _operands() -> dict[str, str]:
    return {
        "value": _("Value"),
        "values": _("One value a line"),
        "from": _("From"),
        "to": _("To"),
        "me": _("Me"),
        "chosen": _("Chosen records"),
        "unchoose": _("Take out %(record)s", record="{record}"),
        "period": _("Period"),
        "last_n": _("last …"),
        "next_n": _("next …"),
        "number_of": _("How many"),
        "unit": _("Unit"),
        "unit_hour": _("hours"),
        "unit_day": _("days"),
        "unit_week": _("weeks"),
        "unit_month": _("months"),
        "unit_year": _("years"),
        "local": _("In your time zone."),
        "missing": _("Enter a value for the condition."),
        "incomplete": _("Complete the date or the time."),
        "unchosen": _("Choose at least one record from the list."),
        "integer": _("Enter a whole number."),
        "number": _("Enter a number, like 1234.5."),
        "count": _("Enter a whole number from 0 to %(most)s.", most=MAX_LINKED),
    }


def _picker() -> dict[str, str]:
    """As components/picker.html has them."""
    return {
        "textLoading": _("Searching…"),
        "textEmpty": _("Nothing matches."),
        "textError": _("The search failed. Check the connection and try again."),
        "textSignedOut": _("You are signed out. Sign in again in another tab, then go on here."),
        "textMore": _("There are more: type to narrow them down."),
        "textCount": _("%(count)s found", count="{count}"),
        "textClear": _("Clear the choice"),
        "textHint": _("Search by name"),
    }
