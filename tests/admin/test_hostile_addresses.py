"""Whatever stands in an address of a list, the answer is a page or a sentence, never a failure of ours.

`tests/hostile_addresses.jsonl` holds one set of arguments a line; a list as a value is pieces, each with how often it
stands there. Random ones come on top.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.database.operators import OPERATORS
from tests.factories import NOON, collect, make_articles, make_user

CORPUS = Path(__file__).parents[1] / "hostile_addresses.jsonl"
# A redirect, a page, a sentence about the address, a page that is not there, a question that is too broad.
ANSWERS = {200, 302, 303, 400, 403, 404, 414, 422}
ARGUMENTS = (
    "search", "where", "sort", "columns", "page", "page_size", "after", "before", "position", "last", "view", "based",
    "arrange", "filter_column", "filter_operator", "filter_value", "url",
)  # fmt: skip
COLUMNS = ("id", "title", "content", "user", "users", "published", "published_at", "created_at", "user.name", "nothing")


@pytest.fixture
def ask(sign_in: Callable[..., FlaskClient], session: Session, backend: str) -> Callable[[dict[str, str]], None]:
    """Asks every page that takes the state of a list; of a server the list, and the others by turns."""
    ada = make_user(session, username="ada")
    collect(session, ada, make_articles(session, 30, user_id=ada.id, published_at=NOON))
    admin, turns = sign_in("admin"), count()
    panel = f"id={ada.id}&name=collection_articles&"

    def asking(arguments: dict[str, str]) -> None:
        asked = urlencode(arguments, errors="surrogatepass")
        # The test's client takes no line as long as some servers do; what is refused by length is not ours to answer.
        others = [
            f"/admin/article/count/?{asked}",
            f"/admin/article/export/csv/?{asked}",
            f"/admin/user/relation/?{panel}{asked}",
            f"/admin/article/bulk/?{urlencode({'action': 'delete', 'all': 'yes', 'selection': asked})}",
            f"/admin/article/filter/?{urlencode({'list': f'/admin/article/?{asked}'})}",
        ]
        if backend != "sqlite":
            others = [others[next(turns) % len(others)]]
        for address in (f"/admin/article/?{asked}", *others):
            answer = admin.get(address)
            page = answer.get_data(as_text=True)
            assert answer.status_code in ANSWERS, address[:500]
            assert "Traceback" not in page
            assert "sqlalchemy" not in page.lower()

    return asking


def written(value: str | list[list[object]]) -> str:
    """A value of the corpus."""
    return value if isinstance(value, str) else "".join(str(part) * int(str(times)) for part, times in value)


def test_every_address_of_the_corpus_is_answered(ask: Callable[[dict[str, str]], None]) -> None:
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    assert len(lines) > 350
    for line in lines:
        ask({name: written(value) for name, value in json.loads(line).items()})


texts = st.text(st.characters(codec=None), max_size=12) | st.sampled_from(["", "0", "-1", "x", "title", "%", "'"])
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
operators = st.sampled_from(sorted({name for known in OPERATORS.values() for name in known}))
conditions = st.tuples(st.sampled_from(COLUMNS) | texts, operators | texts, jsons).map(list)
trees = st.recursive(
    conditions | jsons,
    lambda inner: st.dictionaries(
        st.sampled_from(["all", "any", "not"]), inner | st.lists(inner, max_size=3), max_size=2
    ),
    max_leaves=4,
)
addresses = st.one_of(
    st.dictionaries(st.sampled_from(ARGUMENTS), texts, max_size=4),
    st.builds(lambda tree: {"where": json.dumps(tree)}, trees),
    st.builds(lambda name, value: {name: value}, st.sampled_from(ARGUMENTS), texts),
)


@given(addresses)
@settings(max_examples=130, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_addresses_are_answered(ask: Callable[[dict[str, str]], None], arguments: dict[str, str]) -> None:
    ask(arguments)
