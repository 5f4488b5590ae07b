"""Comparing texts so that a filter means the same rows on every database, whatever its collation.

Equal texts are equal character by character: MariaDB's collation takes `É` for `e`, many an emoji for any other, and
no heed of blanks at the end; here they all differ. To contain, start or end with a text is asked without regard to
case, by Unicode's simple case folding: the databases' own notions of case differ, so each letter is written as the
list of its forms (`[aA]`), which all their regular expressions understand alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

# No script beyond this has two cases.
LAST_CASED = 0x1FFFF
# What the product's own tables are collated by: an index serves only comparisons by its own collation.
COLLATION = "utf8mb4_unicode_520_ci"


def same(expression: Any, text: str) -> sa.ColumnElement[bool]:
    """The very same text; served by an index."""
    return one_of(expression, [text])


def one_of(expression: Any, texts: Sequence[str]) -> sa.ColumnElement[bool]:
    """One of these very texts; served by an index."""
    return _OneOf(expression, *(sa.literal(text) for text in dict.fromkeys(texts)))


def contains(expression: Any, text: str) -> sa.ColumnElement[bool]:
    """The text stands anywhere, in letters of either case."""
    if is_cased(text):
        return _found(expression, pattern_of(text))
    return _like(expression, f"%{like_text(text)}%")


def starts_with(expression: Any, text: str) -> sa.ColumnElement[bool]:
    """The text stands at the beginning, in letters of either case; served by an index where there is a fitting one."""
    if not is_cased(text):
        test = _like(expression, f"{like_text(text)}%")
    else:
        test = _found(expression, f"^{pattern_of(text)}")
    plain = re.match(r"[\0-\x7f]*", text)
    prefix = text if not is_cased(text) else plain[0] if plain else ""
    return sa.and_(_MayStart(expression, sa.literal(f"{like_text(prefix)}%")), test) if prefix else test


def ends_with(expression: Any, text: str) -> sa.ColumnElement[bool]:
    """The text stands at the end, in letters of either case."""
    if is_cased(text):
        # In some dialects a bare `$` also holds before a line's end.
        return _found(expression, rf"{pattern_of(text)}$(?!\n)")
    return _like(expression, f"%{like_text(text)}")


def fold(text: str) -> str:
    """The text with every letter in the one form that stands for all its forms: the meaning of “either case”."""
    return "".join(map(_fold_letter, text))


def is_cased(text: str) -> bool:
    """Whether any of its letters has another form."""
    return any(len(_forms().get(_fold_letter(character), "")) > 1 for character in text)


def pattern_of(text: str) -> str:
    """A regular expression for the text in letters of either case, in what all the databases' dialects share."""
    return "".join(map(_pattern_of_letter, text))


def like_text(text: str) -> str:
    """The text within a LIKE pattern, its `%` and `_` only text; escaped by a slash."""
    return re.sub("[/%_]", r"/\g<0>", text)


def _fold_letter(character: str) -> str:
    # Folding by Unicode's full rules makes two letters of some (ß, ﬁ): those only lose their case, if they can.
    return next((folded for folded in (character.casefold(), character.lower()) if len(folded) == 1), character)


@cache
def _forms() -> dict[str, str]:
    """Every letter that has several forms, by what it folds to."""
    forms: dict[str, str] = {}
    for character in map(chr, range(LAST_CASED + 1)):
        if (folded := _fold_letter(character)) != character:
            forms[folded] = forms.get(folded, folded) + character
    return forms


def _pattern_of_letter(character: str) -> str:
    forms = _forms().get(_fold_letter(character))
    if forms:
        return f"[{forms}]"
    return f"\\{character}" if character in r"\.^$|()[]{}*+?" else character


def _found(expression: Any, pattern: str) -> sa.ColumnElement[bool]:
    return expression.regexp_match(_Exact(sa.literal(pattern)))  # type: ignore[no-any-return]  # an untyped attribute's method


def _like(expression: Any, pattern: str) -> sa.ColumnElement[bool]:
    return expression.like(_Exact(sa.literal(pattern)), escape="/")  # type: ignore[no-any-return]  # as above


class _Exact(FunctionElement[str]):
    """A text that others are compared with by its characters alone, whatever the column's collation."""

    type = sa.Text()
    inherit_cache = True


class _Test(FunctionElement[bool]):
    """A condition of several parts. It brackets itself, and is never compared with 1, which would hide an index."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - SQLAlchemy's own signature
        return self


class _OneOf(_Test):
    """The first is, byte by byte, one of the others."""

    inherit_cache = True


class _MayStart(_Test):
    """What MariaDB looks up in an index before it looks more closely; elsewhere nothing."""

    inherit_cache = True


@compiles(_Exact)
def _exact(element: _Exact, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_Exact, "mysql", "mariadb")
def _exact_on_mysql(element: _Exact, compiler: Any, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} COLLATE utf8mb4_bin"


@compiles(_OneOf)
def _one_of(element: _OneOf, compiler: Any, **options: Any) -> str:
    first, *others = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({first} IN ({', '.join(others)}))"


@compiles(_OneOf, "mysql", "mariadb")
def _one_of_on_mysql(element: _OneOf, compiler: Any, **options: Any) -> str:
    # Collations overlook accents and blanks at the end, bytes do not; the first half is what an index serves.
    first, *others = (compiler.process(clause, **options) for clause in element.clauses)
    exact, *exactly = (f"CAST(CONVERT({text} USING utf8mb4) AS BINARY)" for text in (first, *others))
    return f"({first} IN ({', '.join(others)}) AND {exact} IN ({', '.join(exactly)}))"


@compiles(_MayStart)
def _may_start(_element: _MayStart, _compiler: Any, **_options: Any) -> str:
    return "1 = 1"


@compiles(_MayStart, "mysql", "mariadb")
def _may_start_on_mysql(element: _MayStart, compiler: Any, **options: Any) -> str:
    expression, pattern = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{expression} LIKE {pattern} COLLATE {COLLATION} ESCAPE '/'"
