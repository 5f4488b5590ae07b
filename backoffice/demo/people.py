"""Invented people: person `n` always has the same name, and no two share a username."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from backoffice.demo.phrases import listed

ENGLISH_FIRST = listed(
    "Ada; Amir; Beth; Carlos; Chloe; Daniel; Elena; Emma; Farah; Felix; Grace; Hugo; Ines; Isaac; Ivy; Jack; "
    "Jonas; Julia; Karim; Lea; Liam; Lucia; Maya; Milan; Mina; Nadia; Nina; Noah; Olive; Omar; Oscar; Paula; "
    "Priya; Rosa; Samir; Sofia; Theo; Una; Victor; Yara"
)
ENGLISH_LAST = listed(
    "Abbott; Baker; Barnes; Becker; Berg; Brook; Castro; Costa; Dale; Diaz; Doyle; Ellis; Fields; Fischer; Ford; "
    "Garcia; Grant; Hale; Hart; Hughes; Jensen; Keller; Khan; Lane; Lopez; Marsh; Meyer; Moore; Nolan; Novak; "
    "Osei; Park; Patel; Quinn; Reyes; Rossi; Silva; Stone; Vega; Walsh"
)
# Surname or given name, then how it is spelt in a username; no spelling twice.
CHINESE_LAST = listed(
    "王wang; 李li; 张zhang; 刘liu; 陈chen; 杨yang; 赵zhao; 黄huang; 周zhou; 吴wu; 徐xu; 孙sun; 胡hu; 朱zhu; 高gao; "
    "林lin; 何he; 郭guo; 马ma; 罗luo; 梁liang; 宋song; 郑zheng; 谢xie; 韩han; 唐tang; 冯feng; 董dong; 萧xiao; 程cheng; "
    "曹cao; 袁yuan; 邓deng; 许xv; 傅fu; 沈shen; 曾zeng; 彭peng; 吕lv; 苏su"
)
CHINESE_FIRST = listed(
    "伟wei; 芳fang; 娜na; 敏min; 静jing; 丽丽lili; 强qiang; 磊lei; 洋yang; 艳yan; 勇yong; 杰jie; "
    "涛tao; 明ming; 超chao; 秀英xiuying; 霞xia; 平ping; 刚gang; 桂英guiying; 子涵zihan; 浩然haoran; "
    "雨桐yutong; 梓轩zixuan; 欣怡xinyi; 思远siyuan; 诗涵shihan; 宇航yuhang; 佳琪jiaqi; 俊杰junjie; "
    "晓梅xiaomei; 志强zhiqiang; 海燕haiyan; 建国jianguo; 文博wenbo; 若曦ruoxi; 天佑tianyou; 嘉怡jiayi; "
    "一诺yinuo; 婉清wanqing"
)
STREETS = listed("Maple Street; Mill Lane; Harbour Road; Station Road; Orchard Close; Chapel Hill; Elm Row; Quay Side")
TOWNS = listed("Northfield; Eastbrook; Westhaven; Southmere; Oakridge; Stonebridge; Lakewood; Fairview")
CHINESE_STREETS = listed("梧桐路; 银杏街; 桂花巷; 青石路; 望江街; 书院路; 南湖路; 长青巷")
CHINESE_TOWNS = listed(
    "浙江省杭州市西湖区; 四川省成都市锦江区; 福建省泉州市鲤城区; 江苏省苏州市姑苏区; 云南省大理市; 山东省青岛市市南区"
)
NAMES = len(ENGLISH_FIRST) * len(ENGLISH_LAST)
# Shares no factor with NAMES: stepping by it meets every pair of names before one comes again.
STRIDE = 617
NAMELESS, ADDRESSLESS = 0.08, 0.35


@dataclass(frozen=True)
class Person:
    """What a row of users is made of."""

    username: str
    name: str | None
    address: str | None


def person(seed: int, n: int) -> Person:
    """The n-th person: two in five have a Chinese name; some left their name or address out."""
    random = Random((seed << 40) - n - 1)  # noqa: S311 - invented people, not secrets
    lap, place = divmod(n, 5)
    if place in (1, 4):
        username, name = _chinese(2 * lap + place // 4)
        address = f"{random.choice(CHINESE_TOWNS)}{random.choice(CHINESE_STREETS)} {random.randint(1, 400)} 号"
    else:
        username, name = _english(3 * lap + (0, 0, 1, 2)[place])
        address = f"{random.randint(1, 400)} {random.choice(STREETS)}, {random.choice(TOWNS)}"
    return Person(
        username=username,
        name=None if random.random() < NAMELESS else name,
        address=None if random.random() < ADDRESSLESS else address,
    )


def _english(i: int) -> tuple[str, str]:
    lap, last, first = _pair(i)
    given, family = ENGLISH_FIRST[first], ENGLISH_LAST[last]
    return f"{given}.{family}{lap}".lower(), f"{given} {family}"


def _chinese(i: int) -> tuple[str, str]:
    lap, last, first = _pair(i)
    given, family = CHINESE_FIRST[first], CHINESE_LAST[last]
    return f"{_spelt(family)}.{_spelt(given)}{lap}", f"{_characters(family)}{_characters(given)}"


def _pair(i: int) -> tuple[str, int, int]:
    """A number that sets repeated names apart (none the first time round), and which two names to pair."""
    lap, place = divmod(i, NAMES)
    return str(lap + 1) if lap else "", *divmod(place * STRIDE % NAMES, len(ENGLISH_FIRST))


def _spelt(name: str) -> str:
    return "".join(letter for letter in name if letter.isascii())


def _characters(name: str) -> str:
    return "".join(letter for letter in name if not letter.isascii())
