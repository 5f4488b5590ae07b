"""Titles and Markdown bodies: article `n` of a seed is always the same, whatever else is made."""

from __future__ import annotations

from random import Random

from backoffice.demo import chinese, english
from backoffice.demo.phrases import Phrases, Topic

CHINESE_SHARE = 0.45
CODE_SHARE, QUOTE_SHARE = 0.5, 0.2


def article(seed: int, n: int) -> tuple[str, str]:
    """Title and body of the n-th article, a few hundred characters in English or in Chinese."""
    random = Random((seed << 40) + n)  # noqa: S311 - demo texts, not secrets; the point is that they repeat
    phrases = chinese.PHRASES if random.random() < CHINESE_SHARE else english.PHRASES
    topic = random.choice(phrases.topics)
    words = {
        "subject": random.choice(topic.subjects),
        "number": str(random.randint(2, 12)),
        "season": random.choice(phrases.seasons),
        "place": random.choice(phrases.places),
        "name": random.choice(phrases.names),
        "slug": topic.slug,
    }
    title = random.choice(phrases.titles).format_map(words)
    return _capital(title), _body(random, phrases, topic, words)


def _body(random: Random, phrases: Phrases, topic: Topic, words: dict[str, str]) -> str:
    tips = random.sample(topic.tips, k=random.randint(6, len(topic.tips)))
    headings = random.sample(phrases.headings, k=2)
    opening, bridge, closing = (
        random.choice(patterns).format_map(words) for patterns in (phrases.openings, phrases.bridges, phrases.closings)
    )
    prose, listed = tips[:3], tips[3:]
    end = phrases.sentence_end
    parts = [_capital(opening), f"## {headings[0]}", end.join(prose) + end + bridge]
    parts += [f"## {headings[1]}", _list(random, listed)]
    if topic.code and random.random() < CODE_SHARE:
        parts.append(f"```\n{topic.code}\n```")
    if random.random() < QUOTE_SHARE:
        parts.append(f"> {random.choice(phrases.quotes)}")
    return "\n\n".join([*parts, closing]) + "\n"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _list(random: Random, tips: list[str]) -> str:
    if random.random() < 0.5:
        return "\n".join(f"- {tip}" for tip in tips)
    return "\n".join(f"{n}. {tip}" for n, tip in enumerate(tips, start=1))
