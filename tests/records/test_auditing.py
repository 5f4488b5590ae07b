"""The history: written with every change, by whatever path, and chained so that nobody can change it unseen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from backoffice.database.attributes import attribute
from backoffice.models import Article, AuditEntry, Collection, Staff, User, utcnow
from backoffice.records import chain, deleting, linking
from backoffice.records.diffs import diff
from backoffice.records.saving import save
from tests.factories import NOON, collect, make_article, make_articles, make_staff, make_user


@pytest.fixture(autouse=True)
def _sentences(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def entries(session: Session, **wanted: Any) -> list[AuditEntry]:
    session.rollback()
    return list(session.scalars(sa.select(AuditEntry).filter_by(**wanted).order_by(AuditEntry.id)))


def test_creating_changing_and_deleting_tell_every_value_before_and_after(session: Session) -> None:
    ada = make_user(session, username="ada")
    article = make_article(session, title="Old", content="a\r\nb", user=ada, published_at=NOON)
    key = str(article.id)
    save(session, article, {"title": "三体", "user_id": None})
    deleting.delete(session, [article])
    made, changed, gone = entries(session, table_name="article", record_key=key)
    assert made.action, made.changes["title"] == ("create", [None, "Old"])
    assert made.changes["content"] == [None, "a\r\nb"]
    assert made.changes["published_at"] == [None, "2026-01-15T12:00:00"]
    assert (changed.action, changed.version) == ("update", 2)
    assert changed.changes == {"title": ["Old", "三体"], "user_id": [str(ada.id), None]}
    assert (gone.action, gone.changes["title"], gone.record_label) == ("delete", ["三体", None], "三体")


def test_a_value_that_was_never_loaded_is_told_all_the_same(session: Session) -> None:
    make_article(session, content="long before")
    session.expunge_all()
    light = session.scalars(sa.select(Article).options(sa.orm.defer(Article.content))).one()
    light.content = "after"
    session.commit()
    assert entries(session)[-1].changes == {"content": ["long before", "after"]}


def test_a_save_that_changes_nothing_is_not_in_the_history(session: Session) -> None:
    article = make_article(session, title="Old")
    save(session, article, {"title": "Old"})
    assert [entry.action for entry in entries(session)] == ["create"]


def test_secrets_are_told_of_and_never_told(session: Session) -> None:
    ada = make_user(session)
    save(session, ada, {"password": "correct horse"})
    staff = make_staff(session)
    staff.password, staff.fs_uniquifier, staff.last_sign_in_at = "hash of another", "renewed", NOON
    session.commit()
    changed = entries(session, action="update")
    assert changed[0].changes == {"password_hash": [None, {"hidden": True}]}
    assert changed[1].changes == {"password": [{"hidden": True}, {"hidden": True}]}
    everything = repr([(entry.changes, entry.links) for entry in entries(session)])
    assert "argon2" not in everything
    assert "hash of another" not in everything
    assert "uniquifier" not in everything


def test_links_are_told_from_either_way_of_changing_them(session: Session) -> None:
    ada, (one, two) = make_user(session), make_articles(session, 2)
    kept = attribute(User, "collection_articles").relationship
    assert kept is not None
    linking.attach(session, ada, kept, [one, two])
    assert entries(session)[-1].links == {"collection_articles": {"added": [str(one.id), str(two.id)]}}
    assert entries(session)[-1].version == ada.version == 2
    linking.detach(session, ada, kept, [two])
    told = entries(session)[-1].links["collection_articles"]
    assert told["removed"] == [str(two.id)]
    assert list(told["values"][str(two.id)]) == ["collected_at"], "what the link itself said"
    session.expire_all()
    ada.collection_articles.append(two)
    session.commit()
    assert entries(session)[-1].links == {"collection_articles": {"added": [str(two.id)], "removed": []}}
    staff = make_staff(session, "viewer")
    staff.roles.clear()
    session.commit()
    assert list(entries(session, table_name="staff")[-1].links) == ["roles"]


def test_a_statement_past_the_history_is_refused(app: Flask, session: Session) -> None:
    make_article(session)
    with Session(session.get_bind()) as own:
        for statement in (sa.update(Article).values(content="x"), sa.delete(Collection), sa.insert(Staff)):
            with pytest.raises(TypeError, match="past its history"):
                own.execute(statement)


def test_what_is_rolled_back_leaves_no_trace(session: Session) -> None:
    session.add(Article(title="Never", content=""))
    session.flush()
    session.rollback()
    make_article(session, title="Kept")
    assert [entry.record_label for entry in entries(session)] == ["Kept"]


def test_the_chain_is_whole_and_names_the_first_entry_that_is_not(session: Session, runner: FlaskCliRunner) -> None:
    for number in range(5):
        make_article(session, title=f"三体 {number} 😀", published_at=NOON.replace(microsecond=number))
    said = runner.invoke(args=["audit", "verify"])
    assert (said.exit_code, "5 entries" in said.output) == (0, True)
    end = said.output.split("ends at ")[1].strip()
    table: Any = AuditEntry.__table__
    fourth = session.execute(sa.select(table).where(table.c.id == 4)).mappings().one()
    session.execute(sa.update(table).where(table.c.id == 3).values(person="somebody else"))
    session.commit()
    assert "Entry 3 is broken" in broken(runner)
    session.execute(sa.update(table).where(table.c.id == 3).values(person=""))
    session.execute(sa.delete(table).where(table.c.id == 4))
    session.commit()
    assert "Entry 4 is broken: it is missing" in broken(runner)
    session.execute(sa.insert(table), dict(fourth))
    session.execute(sa.delete(table).where(table.c.id == 5))
    session.commit()
    assert "Entry 5 is broken" in broken(runner)
    whole = chain.verify(session)
    assert whole.broken is not None
    noted = runner.invoke(args=["audit", "verify", "--noted", end.replace("5:", "2:")])
    assert (noted.exit_code, "was noted" in noted.stderr) == (1, True)
    assert runner.invoke(args=["audit", "verify", "--noted", "x"]).exit_code == 2


def broken(runner: FlaskCliRunner) -> str:
    said = runner.invoke(args=["audit", "verify"])
    assert said.exit_code == 1
    return said.stderr


def test_old_entries_are_forgotten_and_the_rest_stays_verifiable(session: Session) -> None:
    make_articles(session, 4)
    table: Any = AuditEntry.__table__
    assert chain.prune_some(session, utcnow() - timedelta(days=1)) == 0
    moment = utcnow()
    make_articles(session, 3)
    assert chain.prune_some(session, moment) == 4
    assert session.scalar(sa.select(sa.func.min(table.c.id))) == 5
    assert (chain.verify(session).broken, chain.verify(session).count) == (None, 3)
    session.execute(sa.delete(table).where(table.c.id == 5))
    session.commit()
    found = chain.verify(session).broken
    assert found is not None
    assert found.position == 5
    assert chain.prune_some(session, utcnow()) == 2
    make_article(session)
    assert chain.verify(session).broken is None


def test_deleting_a_user_tells_what_became_of_everything(session: Session) -> None:
    ada, bob = make_user(session, username="ada"), make_user(session, username="bob")
    mine = make_article(session, user=ada, title="Mine")
    collect(session, ada, make_articles(session, 2))
    deleting.delete(session, [ada], {"articles": deleting.Choice("hand over", bob)})
    last = {entry.action: entry for entry in entries(session)[-3:]}
    assert last["update"].changes == {"user_id": [str(ada.id), str(bob.id)]}
    assert last["update"].record_label == "Mine"
    assert len(last["detach"].links["collection_articles"]["removed"]) == 2
    assert last["delete"].record_label == "ada"
    assert len({entry.change_id for entry in last.values()}) == 1
    session.refresh(mine)
    assert (mine.user_id, mine.version) == (bob.id, 2)


def test_a_noted_end_finds_what_was_cut_off_and_what_was_declared_old(session: Session) -> None:
    make_articles(session, 5)
    table: Any = AuditEntry.__table__
    hashes = dict(session.execute(sa.select(table.c.id, table.c.hash)).all())
    session.execute(sa.delete(table).where(table.c.id > 3))
    session.execute(sa.update(chain.CHAIN).values(position=3, hash=hashes[3]))
    session.commit()
    assert chain.verify(session).broken is None, "from inside nobody can tell"
    cut = chain.verify(session, {5: hashes[5]}).broken
    assert cut is not None
    assert (cut.position, "missing" in cut.reason) == (4, True)
    session.execute(sa.delete(table).where(table.c.id <= 2))
    session.execute(sa.update(chain.CHAIN).values(removed_position=2, removed_hash="forged"))
    session.commit()
    for noted in ({1: hashes[1]}, {2: hashes[2]}):
        assert chain.verify(session, noted).broken is not None


def test_a_key_is_not_given_again_and_a_history_is_of_one_record(session: Session) -> None:
    gone = make_article(session, title="Gone")
    key = gone.id
    deleting.delete(session, [gone])
    assert make_article(session, title="New").id > key


def test_texts_made_to_be_compared_for_ever_are_compared_at_once() -> None:
    one, other = "的" * 20_000, "的了" * 10_000
    pieces = diff(one, other)
    assert {piece.kind for piece in pieces} <= {"same", "removed", "added", "gap"}
    assert sum(len(piece.text) for piece in diff("x " * 900_000, "y " * 900_000)) < 10_000


@given(one=st.text("ab 三体\n.", max_size=60), other=st.text("ab 三体\n.", max_size=60))
def test_a_diff_leads_from_one_text_to_the_other(one: str, other: str) -> None:
    pieces = diff(one, other)
    assert "".join(p.text for p in pieces if p.kind in ("same", "removed")) == one
    assert "".join(p.text for p in pieces if p.kind in ("same", "added")) == other
