"""Saved views: whose they are, who sees and changes them, which one opens first, in which order they stand."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backoffice.errors import BackofficeError, BadInput, Conflict, NotAllowed
from backoffice.models import Role, SavedView, Staff
from backoffice.records import saved_views
from backoffice.records.saved_views import MAX_VIEWS, Person
from tests.records.saved_views import Somebody, keep, names, role_id, temporary_role


def test_a_private_view_is_its_owners_alone(session: Session, somebody: Somebody):
    ada, grace, manager = somebody(may_share=True), somebody(may_share=True), somebody("admin", manages=True)
    view = keep(session, ada, "Mine")
    assert names(session, ada) == ["Mine"]
    assert names(session, grace) == names(session, manager) == names(session, ada, "user") == []
    assert [p.may_change(view) for p in (ada, grace, manager)] == [True, False, False]


def test_a_shared_view_is_seen_by_the_role_and_changed_by_owner_and_managers(session: Session, somebody: Somebody):
    ada, grace = somebody(may_share=True), somebody(may_share=True)
    viewer, manager = somebody("viewer"), somebody("admin", manages=True)
    view = keep(session, ada, "Ours", role_id=ada.roles[0])
    assert names(session, ada) == names(session, grace) == names(session, manager) == ["Ours"]
    assert names(session, viewer) == []
    assert [p.may_change(view) for p in (ada, grace, manager)] == [True, False, True]
    demoted = Person(ada.id, ada.roles)
    assert not demoted.may_change(view), "who may not share any more may not change what others see"


def test_one_shares_with_roles_of_ones_own_a_manager_with_any(session: Session, somebody: Somebody):
    viewers = role_id(session, "viewer")
    ada, plain, manager = somebody(may_share=True), somebody(), somebody("admin", manages=True)
    for person, role in ((ada, viewers), (plain, plain.roles[0])):
        view = keep(session, person, "Ours")
        with pytest.raises(NotAllowed):
            saved_views.change(session, person, view, "1", role_id=role)
    keep(session, manager, "Theirs", role_id=viewers)
    assert names(session, somebody("viewer")) == ["Theirs"]


def test_the_own_default_wins_over_that_of_the_first_role(session: Session, somebody: Somebody):
    manager, ada = somebody("admin", manages=True), somebody()
    editors, viewers = ada.roles[0], role_id(session, "viewer")
    both = Person(ada.id, (editors, viewers))

    def first(person: Person) -> str | None:
        session.expire_all()
        view = saved_views.opens_first(saved_views.visible(session, "article", person), person)
        return view.name if view else None

    assert first(both) is None
    keep(session, manager, "For viewers", role_id=viewers, is_default=True)
    assert first(both) == "For viewers"
    assert first(manager) is None, "who manages the views of a role is not of it"
    keep(session, manager, "For editors", role_id=editors, is_default=True)
    assert first(both) == "For editors"
    keep(session, ada, "Mine", is_default=True)
    assert first(both) == "Mine"
    assert first(Person(somebody().id, (editors,))) == "For editors", "a private default is nobody else's"


def test_there_is_one_default_a_role_and_one_a_person(session: Session, somebody: Somebody):
    ada = somebody(may_share=True)
    for role in (None, ada.roles[0]):
        views = [keep(session, ada, f"{n} {role}", role_id=role, is_default=True) for n in range(3)]
        session.expire_all()
        assert [view.is_default for view in views] == [False, False, True]


def test_of_two_private_defaults_the_first_tab_opens(session: Session, somebody: Somebody):
    """Deleting a role leaves its default to the owner, who may have one already."""
    manager = somebody("admin", manages=True)
    keep(session, manager, "Some tab")
    keep(session, manager, "Mine", is_default=True)
    theirs = [temporary_role(session, f"temporary {n}") for n in range(2)]
    for role in theirs:
        view = keep(session, manager, f"Theirs {role}", role_id=role, is_default=True)
        view.position = 5
        session.commit()
    session.execute(sa.delete(Role).where(Role.id.in_(theirs)))
    session.commit()
    session.expire_all()
    views = saved_views.visible(session, "article", manager)
    assert [view.is_default for view in views] == [False, True, True, True]
    for given in (views, views[::-1]):
        first = saved_views.opens_first(given, manager)
        assert first is not None
        assert first.name == "Mine"
    saved_views.change(session, manager, views[2], str(views[2].version), is_default=True)
    session.expire_all()
    assert [view.is_default for view in views] == [False, False, True, False], "choosing one anew settles it"


def test_nobody_takes_the_default_of_a_role_from_whoever_owns_it(session: Session, somebody: Somebody):
    ada, grace, manager = somebody(may_share=True), somebody(may_share=True), somebody("admin", manages=True)
    keep(session, ada, "Ada's", role_id=ada.roles[0], is_default=True)
    with pytest.raises(Conflict, match="Ada's"):
        keep(session, grace, "Grace's", role_id=grace.roles[0], is_default=True)
    keep(session, manager, "The manager's", role_id=ada.roles[0], is_default=True)
    session.expire_all()
    assert session.scalars(sa.select(SavedView.name).where(SavedView.is_default)).all() == ["The manager's"]


def test_a_view_taken_from_a_role_tells_nothing_of_its_owners_own(session: Session, somebody: Somebody):
    ada, manager = somebody(may_share=True), somebody("admin", manages=True)
    keep(session, ada, "Ada's secret", is_default=True)
    shared = keep(session, ada, "Ours", role_id=ada.roles[0], is_default=True)
    for name in ("ADA'S SECRET", "ada's  secret"):
        with pytest.raises(Conflict) as refused:
            saved_views.change(session, manager, shared, str(shared.version), name=name)
        assert str(refused.value) == "This name is taken. Choose another name."
    saved_views.change(session, manager, shared, str(shared.version), role_id=None, is_default=True)
    session.expire_all()
    assert (shared.role_id, shared.is_default) == (None, False)
    first = saved_views.opens_first(saved_views.visible(session, "article", ada), ada)
    assert first is not None
    assert first.name == "Ada's secret"


@pytest.mark.parametrize(
    ("name", "kept"),
    [(" Late \t ones ", "Late ones"), ("未发布", "未发布"), ("x" * 60, "x" * 60), ("", None), ("  ", None),
     ("x" * 61, None), ("a\0b", None), ("mine", None), ("MINE", None)],
)  # fmt: skip
def test_names_are_tidied_and_belong_to_one_view(session: Session, somebody: Somebody, name: str, kept: str | None):
    ada = somebody()
    keep(session, ada, "Mine")
    if kept is None:
        with pytest.raises(BackofficeError):
            saved_views.create(session, ada, "article", name, {})
        return
    assert saved_views.create(session, ada, "article", name, {}).name == kept
    assert keep(session, somebody(), "Mine").name == "Mine", "another person may use the name"
    assert saved_views.create(session, ada, "user", "Mine", {}).name == "Mine", "and another list"


def test_renaming_to_another_views_name_is_refused_but_to_ones_own_is_not(session: Session, somebody: Somebody):
    ada = somebody()
    keep(session, ada, "One")
    two = keep(session, ada, "Two")
    with pytest.raises(Conflict, match="One"):
        saved_views.change(session, ada, two, "1", name="one")
    saved_views.change(session, ada, two, "1", name="TWO")
    assert names(session, ada) == ["One", "TWO"]


def test_views_are_moved_among_their_like_and_stay_in_their_version(session: Session, somebody: Somebody):
    ada = somebody(may_share=True)
    for name in ("a", "b", "c"):
        keep(session, ada, name)
    shared = keep(session, ada, "shared", role_id=ada.roles[0])
    assert names(session, ada) == ["shared", "a", "b", "c"]
    c = session.scalars(sa.select(SavedView).where(SavedView.name == "c")).one()
    version = c.version
    for step, order in ((-1, "acb"), (-1, "cab"), (-1, "cab"), (1, "acb"), (1, "abc"), (1, "abc")):
        saved_views.move(session, c, step)
        assert names(session, ada) == ["shared", *order]
    saved_views.move(session, shared, 1)
    assert names(session, ada) == ["shared", "a", "b", "c"]
    assert c.version == version


def test_only_what_a_view_is_made_of_is_kept(session: Session, somebody: Somebody):
    given = {"search": "三体", "where": "", "sort": "-id", "page": "3", "after": "x", "columns": "id"}
    view = saved_views.create(session, somebody(), "article", "Mine", given)
    session.expire_all()
    assert view.arguments == {"search": "三体", "sort": "-id", "columns": "id"}


def test_there_are_only_so_many_views(session: Session, somebody: Somebody):
    ada = somebody(may_share=True)
    for n in range(MAX_VIEWS):
        keep(session, ada, f"View {n}", role_id=ada.roles[0])
    with pytest.raises(BadInput, match=str(MAX_VIEWS)):
        keep(session, ada, "One more")
    with pytest.raises(BadInput, match=str(MAX_VIEWS)):
        keep(session, somebody(may_share=True), "Theirs", role_id=ada.roles[0])


def test_views_go_with_their_owner_and_become_private_without_their_role(session: Session, somebody: Somebody):
    manager, ada = somebody("admin", manages=True), somebody()
    role = temporary_role(session, "temporary")
    view = keep(session, manager, "Theirs", role_id=role)
    keep(session, ada, "Gone")
    session.execute(sa.delete(Role).where(Role.id == role))
    session.execute(sa.delete(Staff).where(Staff.id == ada.id))
    session.commit()
    session.expire_all()
    assert view.role_id is None
    assert session.scalars(sa.select(SavedView.name)).all() == ["Theirs"]
