"""The texts and people of the demo data: varied, well-formed, within the columns, and nobody's."""

from __future__ import annotations

import re
from statistics import mean

import pytest

from backoffice.demo import chinese, english
from backoffice.demo.content import article
from backoffice.demo.people import CHINESE_FIRST, CHINESE_LAST, ENGLISH_FIRST, ENGLISH_LAST, NAMES, person
from backoffice.demo.phrases import Phrases

ARTICLES = [article(1, n) for n in range(3_000)]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_about_half_is_chinese() -> None:
    share = mean(bool(CHINESE.search(title)) for title, _ in ARTICLES)
    assert 0.4 < share < 0.5


def test_titles_fit_and_vary() -> None:
    titles = [title for title, _ in ARTICLES]
    assert max(map(len, titles)) <= 200
    assert len(set(titles)) > 2_000


def test_bodies_are_a_few_hundred_characters_and_never_alike() -> None:
    bodies = [body for _, body in ARTICLES]
    assert 300 < mean(map(len, bodies)) < 600
    assert len(set(bodies)) == len(bodies)


def test_bodies_use_markdown() -> None:
    together = "\n".join(body for _, body in ARTICLES)
    for mark in ("\n## ", "\n- ", "\n1. ", "\n```\n", "\n> ", "](https://example.com/", "**"):
        assert mark in together


def test_nothing_is_left_to_fill_in_and_links_go_to_example_com() -> None:
    for title, body in ARTICLES:
        assert not re.search(r"\{\w+\}", title + body)
        assert all(host == "example.com" for host in re.findall(r"https?://([^/>)]+)", body))


def test_an_article_does_not_depend_on_those_before_it() -> None:
    assert article(1, 2_999) == ARTICLES[2_999]
    assert article(2, 2_999) != ARTICLES[2_999]


def test_people_have_usernames_of_their_own_that_fit() -> None:
    people = [person(1, n) for n in range(4 * NAMES)]
    assert len({someone.username for someone in people}) == len(people)
    for someone in people:
        assert re.fullmatch(r"[a-z]+\.[a-z]+\d*", someone.username)
        assert len(someone.name or "") <= 70
        assert len(someone.address or "") <= 200


def test_two_in_five_people_have_chinese_names() -> None:
    names = [name for n in range(1_000) if (name := person(1, n).name)]
    assert 0.35 < mean(bool(CHINESE.search(name)) for name in names) < 0.45


@pytest.mark.parametrize("names", [ENGLISH_FIRST, ENGLISH_LAST, CHINESE_FIRST, CHINESE_LAST])
def test_no_name_is_spelt_like_another(names: tuple[str, ...]) -> None:
    spelt = [re.sub(r"[^a-z]", "", name.lower()) for name in names]
    assert len(set(spelt)) == len(spelt) == 40


@pytest.mark.parametrize("phrases", [english.PHRASES, chinese.PHRASES])
def test_each_language_brings_enough_to_choose_from(phrases: Phrases) -> None:
    assert len({topic.slug for topic in phrases.topics}) == 10
    assert all(len(set(topic.subjects)) == 12 and len(set(topic.tips)) == 10 for topic in phrases.topics)
