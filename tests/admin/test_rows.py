"""The rows of a list: where their links lead, and what they are called aloud."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import make_article, make_user


def test_relation_cells_lead_to_the_related_record(admin: FlaskClient, session: Session) -> None:
    ada = make_user(session, username="ada")
    make_article(session, user=ada)
    assert f'href="/admin/user/details/?id={ada.id}"' in admin.get("/admin/article/").get_data(as_text=True)


def test_what_a_row_is_called_stands_in_it_once_and_names_its_box_and_its_link(
    admin: FlaskClient, session: Session
) -> None:
    title = "番茄育苗从入门到放弃，再到第 9 次重新开始：一份写给自己也写给后来人的完整记录"
    key = make_article(session, title=title).id
    page = admin.get("/admin/article/").text
    assert page.count(title) == 1
    assert f'id="article-{key}" href="/admin/article/details/?id={key}"' in page
    assert re.search(rf'<input[^>]* value="{key}" aria-labelledby="tick article-{key}">', page)
    assert f'<a class="edit" href="/admin/article/edit/?id={key}" aria-labelledby="edit article-{key}"></a>' in page
    assert '<span class="visually-hidden" id="tick">Tick</span>' in page
    assert '<span class="visually-hidden" id="edit">Edit</span>' in page


def test_a_row_whose_link_says_something_else_is_called_by_its_label(admin: FlaskClient, session: Session) -> None:
    key = make_user(session, username="li.lei", name="").id
    page = admin.get("/admin/user/?columns=name,id").text
    assert f'id="user-{key}"' not in page
    assert 'aria-label="Tick li.lei"' in page
    assert 'aria-label="Edit li.lei"' in page
