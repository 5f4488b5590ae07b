"""The preview of a Markdown text, and how the details page shows one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backoffice.models import Role
from backoffice.records.markdown import MOST
from tests.factories import make_article

pytestmark = pytest.mark.sqlite_only
EDIT, NEW = "/admin/article/preview/", "/admin/article/new/preview/"


def test_what_is_written_comes_back_rendered(admin: FlaskClient) -> None:
    answer = admin.post(EDIT, data={"text": "# 三体\r\n\r\n**b** <b>raw</b>"})
    assert answer.status_code == 200
    assert answer.get_json() == {
        "html": "<h2>三体</h2>\n<p><strong>b</strong> &lt;b&gt;raw&lt;/b&gt;</p>\n",
        "note": "",
    }
    assert admin.post(NEW, data={}).get_json() == {"html": "", "note": ""}


def test_a_long_text_is_previewed_from_its_beginning_and_says_so(admin: FlaskClient) -> None:
    answer = admin.post(EDIT, data={"text": "word \n" * MOST}).get_json()
    assert len(answer["html"]) < 2 * MOST
    assert "not shown whole" in answer["note"]


def test_whoever_may_not_write_gets_no_preview(sign_in: Callable[..., FlaskClient]) -> None:
    viewer = sign_in("viewer")
    assert [viewer.post(page, data={"text": "x"}).status_code for page in (EDIT, NEW)] == [403, 403]
    assert viewer.get(EDIT).status_code == 405


def test_whoever_may_only_make_new_ones_previews_those(sign_in: Callable[..., FlaskClient], session: Session) -> None:
    session.add(Role(name="author", permissions=["article:read", "article:create"]))
    session.commit()
    author = sign_in("author")
    assert [author.post(page, data={"text": "x"}).status_code for page in (EDIT, NEW)] == [403, 200]
    assert f'data-preview-url="{NEW}"' in author.get("/admin/article/new/").text


def test_a_model_without_markdown_has_no_preview(admin: FlaskClient) -> None:
    assert admin.post("/admin/user/preview/", data={"text": "x"}).status_code == 404
    assert admin.post("/admin/staff/preview/", data={"text": "x"}).status_code == 403


def test_without_a_session_a_script_is_told_to_sign_in(client: FlaskClient) -> None:
    answer = client.post(EDIT, data={"text": "x"}, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 401
    assert "Sign in again" in answer.get_json()["error"]


def test_the_details_show_the_text_rendered_and_its_source(admin: FlaskClient, session: Session) -> None:
    article = make_article(session, content="# Hi\n\n<script>x</script> ![a](/uploads/ab12.png)")
    page = admin.get(f"/admin/article/details/?id={article.id}").text
    assert "<h2>Hi</h2>" in page
    assert 'src="/admin/article/uploads/ab12.png"' in page
    assert "# Hi\n\n&lt;script&gt;x&lt;/script&gt; ![a](/uploads/ab12.png)</pre>" in page
    empty = make_article(session, content="")
    assert "markdown-read" not in admin.get(f"/admin/article/details/?id={empty.id}").text


def test_a_save_after_the_editor_changes_nothing_unasked(admin: FlaskClient, session: Session) -> None:
    article = make_article(session, content="a\n\n  b\t\n")
    page = admin.get(f"/admin/article/edit/?id={article.id}").text
    assert "<textarea" in page
    assert ">\r\na\n\n  b\t\n</textarea>" in page
