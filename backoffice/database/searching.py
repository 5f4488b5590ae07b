"""The search box: every word typed has to be found in one of the searchable columns.

Where the searched columns keep tokens (see models/tokens.py), a word is found where a word begins, Chinese anywhere;
`matched` asks the index, `probed` looks at the rows one by one, and both find the same. Other columns are searched for
the plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty, Session, aliased

from backoffice.database.attributes import Attribute, Kind, primary_key
from backoffice.database.keys import foreign_key, has_key, parse_key
from backoffice.database.operators import matches
from backoffice.database.search_index import is_complete, keys_alone, matching
from backoffice.database.values import parse_value
from backoffice.database.vocabulary import Vocabulary
from backoffice.errors import BadInput
from backoffice.models.searchable import is_searchable
from backoffice.models.tokens import COLUMNS, Phrase, like_pattern, phrases

# More than the longest title there is.
MAX_LENGTH = 300
MAX_WORDS = 60
# More than this narrows nothing further: the rows that are left are looked at one by one.
MOST_TERMS = 16


def check_search(text: str) -> str:
    """The text without surrounding blanks; BadInput where no search could serve it."""
    text = " ".join(text.split())
    if len(text) > MAX_LENGTH or len(text.split()) > MAX_WORDS:
        raise BadInput(
            _(
                "Search for at most %(words)s words and %(length)s characters.",
                words=MAX_WORDS,
                length=MAX_LENGTH,
            )
        )
    if "\x00" in text:
        raise BadInput(_("The search holds a character that no text can hold. Type it again."))
    return text


def matched(text: str, vocabulary: Vocabulary, dialect: str, *, indexed: bool) -> sa.ColumnElement[bool]:
    """The rows in which every word is found: by the index where it is `indexed`, else by the plain text."""
    sources = _sources(vocabulary)
    if not indexed or sources is None:
        return search_predicate(text, vocabulary.searchable.values())
    words = phrases(text)
    if not words:
        return sa.false()
    if len(sources) == 1:
        return sources[0].found(vocabulary.model, words, dialect)
    return sa.and_(*(_in_any(vocabulary.model, sources, word, dialect) for word in words))


def found_keys(text: str, vocabulary: Vocabulary, dialect: str) -> sa.Select[Any] | None:
    """The keys of the rows that `matched` finds by the index, where the index can tell them without the table.

    Some come twice.
    """
    sources, words = _sources(vocabulary), phrases(text)
    if sources is None or len(sources) > 1 or sources[0].path or not words:
        return None
    return sources[0].keys(words, dialect)


def is_one_term(text: str) -> bool:
    """Whether the index is asked for one term alone."""
    return len(_terms(phrases(text))[0]) == 1


def probed(text: str, vocabulary: Vocabulary) -> sa.ColumnElement[bool] | None:
    """The same as `matched`, decided row by row without the index: to be asked of few rows. None without tokens."""
    sources = _sources(vocabulary)
    if sources is None:
        return None
    words = phrases(text)
    if not words:
        return sa.false()
    return sa.and_(*(sa.or_(*(source.holds(vocabulary.model, word) for source in sources)) for word in words))


def exact(text: str, vocabulary: Vocabulary) -> sa.ColumnElement[bool] | None:
    """The rows that are named by the text: by key, or by the whole of an indexed column. None where nothing can be."""
    key = parse_key(vocabulary.model, text)
    ways = [] if key is None else [has_key(vocabulary.model, [key])]
    for found in vocabulary.searchable.values():
        if found.kind is Kind.TEXT and not found.path and _is_looked_up(found):
            ways.append(found.expression == text)
    return sa.or_(*ways) if ways else None


def is_indexed(session: Session, vocabulary: Vocabulary) -> bool:
    """Whether every table that a search of this vocabulary looks into has its index, complete."""
    sources = _sources(vocabulary)
    return sources is not None and all(is_complete(session, source.model) for source in sources)


def search_predicate(text: str, columns: Iterable[Attribute]) -> sa.ColumnElement[bool]:
    """The rows whose plain text holds each word; what was typed is only text, never a pattern."""
    columns = list(columns)
    return sa.and_(sa.true(), *(sa.or_(sa.false(), *_word_in(word, columns)) for word in text.split()))


@dataclass(frozen=True)
class Source:
    """A model that keeps tokens, reached over `path`, and the letters of those of its columns that are searched."""

    model: type[Any]
    path: tuple[InstrumentedAttribute[Any], ...]
    letters: str

    def found(self, base: Any, words: Sequence[Phrase], dialect: str) -> sa.ColumnElement[bool]:
        """The rows of `base` where every word stands in these columns, by the index."""

        def condition(entity: Any) -> sa.ColumnElement[bool]:
            asked, rest = self._asked(words)
            return sa.and_(matching(dialect, entity, asked), *(self._beside(entity, word) for word in rest))

        return _reached(base, self.path, condition, by_key=True)

    def keys(self, words: Sequence[Phrase], dialect: str) -> sa.Select[Any] | None:
        """The keys of those rows from the index alone, where it decides every word and holds keys."""
        asked, rest = self._asked(words)
        return None if rest else keys_alone(dialect, self.model, asked)

    def holds(self, base: Any, word: Phrase) -> sa.ColumnElement[bool]:
        """The rows of `base` where the word stands in these columns, looked at one by one."""
        return _reached(base, self.path, lambda entity: self._beside(entity, word), by_key=False)

    def _asked(self, words: Sequence[Phrase]) -> tuple[list[list[str]], list[Phrase]]:
        """Of each term the tokens that the index is asked for, one a column, and the words it cannot decide alone."""
        terms, rest = _terms(words)
        return [[letter + term for letter in self.letters] for term in terms], rest

    def _beside(self, entity: Any, word: Phrase) -> sa.ColumnElement[bool]:
        return sa.or_(*(entity.search_tokens.like(like_pattern(word, letter)) for letter in self.letters))


def _sources(vocabulary: Vocabulary) -> list[Source] | None:
    """Where the searchable columns keep their tokens; None if one of them keeps none."""
    found: dict[tuple[InstrumentedAttribute[Any], ...], list[str]] = {}
    models: dict[tuple[InstrumentedAttribute[Any], ...], type[Any]] = {}
    for column in vocabulary.searchable.values():
        model = column.path[-1].property.mapper.class_ if column.path else vocabulary.model
        if not is_searchable(model) or column.key not in model.__search__:
            return None
        models[column.path] = model
        found.setdefault(column.path, []).append(COLUMNS[model.__search__.index(column.key)])
    return [Source(models[path], path, "".join(letters)) for path, letters in found.items()] or None


def _terms(words: Sequence[Phrase]) -> tuple[list[str], list[Phrase]]:
    """What to ask the index for, and the words it cannot decide alone."""
    terms = list(dict.fromkeys(term for word in words for term in word.strong))
    if not terms:
        terms = list(dict.fromkeys(term for word in words for term in word.weak))
    asked = terms[:MOST_TERMS]
    return asked, [word for word in words if len(word.tokens) > 1 or f"{word.tokens[-1]}*" not in asked]


def _in_any(model: type[Any], sources: Sequence[Source], word: Phrase, dialect: str) -> sa.ColumnElement[bool]:
    """The rows where the word stands in one of several tables: each is asked by its own index, and the keys are put
    together. An OR of two such questions would be answered by reading the whole table."""
    key = [part.expression for part in primary_key(model)]
    either = sa.union(*(sa.select(*key).where(source.found(model, [word], dialect)) for source in sources)).subquery()
    return (sa.tuple_(*key) if len(key) > 1 else key[0]).in_(sa.select(*either.c))


def _reached(
    entity: Any,
    path: Sequence[InstrumentedAttribute[Any]],
    condition: Callable[[Any], sa.ColumnElement[bool]],
    *,
    by_key: bool,
) -> sa.ColumnElement[bool]:
    """A condition on the record at the end of a path, as one on the row it starts from.

    `by_key` finds those records first and their rows by the foreign key; otherwise each row looks up its own.
    """
    if not path:
        return condition(entity)
    relation = cast(RelationshipProperty[Any], path[0].property)
    target = aliased(relation.mapper.class_)
    inner = _reached(target, path[1:], condition, by_key=by_key)
    column = foreign_key(relation) if by_key else None
    if column is None:
        return getattr(entity, path[0].key).of_type(target).has(inner)  # type: ignore[no-any-return]  # untyped
    keys = sa.select(getattr(target, primary_key(relation.mapper.class_)[0].name)).where(inner)
    return getattr(entity, column.key).in_(keys)  # type: ignore[no-any-return]  # an untyped attribute's method


def _is_looked_up(attribute: Attribute) -> bool:
    """Whether an index finds the rows with a value of this column."""
    column = attribute.column
    indexes = getattr(getattr(column, "table", None), "indexes", ())
    return attribute.unique or any(next(iter(index.columns), None) is column for index in indexes)


def _word_in(word: str, columns: list[Attribute]) -> Iterator[sa.ColumnElement[bool]]:
    for column in columns:
        if column.kind is Kind.TEXT:
            yield matches(column, "contains", word)
            continue
        try:
            value = parse_value(column, word)
        except BadInput:
            continue
        yield matches(column, "equals", value)
