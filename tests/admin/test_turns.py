"""What takes long has turns: nobody takes them all."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice.admin.turns import NoTurn, Turns


def take(turns: Turns, person: int) -> None:
    turns.take(person, all_taken="all", own_taken="own")


def test_a_person_has_some_of_the_turns_and_gives_them_back() -> None:
    turns = Turns(most=3, each=2)
    take(turns, 1)
    take(turns, 1)
    with pytest.raises(NoTurn, match="own"):
        take(turns, 1)
    take(turns, 2)
    with pytest.raises(NoTurn, match="all"):
        take(turns, 3)
    turns.give_back(1)
    take(turns, 3)


@pytest.mark.sqlite_only
def test_no_kind_of_work_takes_more_than_half_of_the_threads(app: Flask) -> None:
    threads = app.extensions["backoffice"].threads
    with app.app_context():
        turns = Turns.of("tests", most=1000, each=1000)
        assert (turns.most, turns.each) == (threads // 2, threads // 2)
        assert Turns.of("tests", most=1000, each=1000) is turns
        assert Turns.of("others", most=1, each=1) is not turns
