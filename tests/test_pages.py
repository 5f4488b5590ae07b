"""The frame around every page: health, preferences, context, errors, logs."""

from __future__ import annotations

import io
import logging
import re

import pytest
import sqlalchemy as sa
from flask import abort, render_template_string

from backoffice import logs
from backoffice.access.guard import declare
from backoffice.errors import BadInput, Conflict, NotAllowed, NotFound
from backoffice.extensions import db

pytestmark = pytest.mark.sqlite_only

SECRET = "a secret detail"


@pytest.fixture
def failing(make_app):
    """An application with a route for each way to fail: `/fail/<how>`; unexpected errors become pages."""
    app = make_app(extra={"PROPAGATE_EXCEPTIONS": False}, testing=False)

    def fail(how: str) -> str:
        errors = {
            "BadInput": BadInput("Mend this."),
            "NotAllowed": NotAllowed("Mend this."),
            "NotFound": NotFound("Mend this."),
            "Conflict": Conflict("Mend this."),
            "ZeroDivisionError": ZeroDivisionError(SECRET),
        }
        if how.isdigit():
            abort(int(how), SECRET)
        if how == "sql":
            db.session.execute(sa.text("SELECT secret_column FROM article WHERE title = :t"), {"t": SECRET})
        if how == "integrity":
            db.session.execute(sa.text("INSERT INTO role (id) VALUES (:t)"), {"t": 12345})
        raise errors[how]

    app.add_url_rule("/fail/<how>", "fail", fail, methods=["GET", "POST"])
    declare(app, "fail", "public")
    return app


def test_root_leads_to_the_admin(client):
    assert client.get("/").location == "/admin/"


def test_health_is_plain_and_public(client):
    response = client.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok")


@pytest.mark.parametrize(
    ("how", "status"), [("BadInput", 400), ("NotAllowed", 403), ("NotFound", 404), ("Conflict", 409)]
)
def test_error_that_can_be_mended_shows_its_sentence(failing, how, status):
    response = failing.test_client().get(f"/fail/{how}")
    assert response.status_code == status
    assert "Mend this." in response.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 418, 500])
def test_http_error_shows_a_sentence_and_no_detail(failing, status):
    response = failing.test_client().get(f"/fail/{status}")
    assert response.status_code == status
    assert SECRET not in response.text
    assert response.headers["X-Request-Id"] in response.text
    assert re.search(r'class="error-message">[A-Z][^<]+\.</p>', response.text)


@pytest.mark.parametrize("headers", [{"X-Requested-With": "fetch"}, {"Accept": "application/json"}])
@pytest.mark.parametrize(("how", "status"), [("Conflict", 409), ("404", 404), ("ZeroDivisionError", 500)])
def test_script_gets_errors_as_json(failing, how, status, headers):
    response = failing.test_client().get(f"/fail/{how}", headers=headers)
    assert response.status_code == status
    assert set(response.json) == {"error", "request_id"}
    assert response.json["request_id"] == response.headers["X-Request-Id"]
    assert SECRET not in response.text


def test_wrong_method_names_the_right_ones(client):
    response = client.post("/healthz")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_unexpected_error_is_one_page_and_one_logged_traceback(failing, caplog):
    with caplog.at_level(logging.ERROR):
        response = failing.test_client().get("/fail/ZeroDivisionError")
    assert response.status_code == 500
    assert SECRET not in response.text
    assert "report the id below" in response.text
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert errors[0].exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize(("how", "status"), [("sql", 503), ("integrity", 500)])
def test_database_error_tells_no_statement_to_anybody(failing, log, how, status):
    response = failing.test_client().get(f"/fail/{how}")
    assert response.status_code == status
    for text in (response.text, log.getvalue()):
        assert SECRET not in text
        assert "no such column" not in text
        assert "NOT NULL" not in text
        assert "[SQL" not in text
    assert "its text is withheld" in log.getvalue()


def test_unreachable_database_is_a_page_that_says_so(make_app, sign_in, tmp_path):
    cookie = sign_in().get_cookie("session").value
    app = make_app(url=f"sqlite:///{tmp_path}/no/such/folder.db")
    browser = app.test_client()
    browser.set_cookie("session", cookie)
    response = browser.get("/admin/")
    assert response.status_code == 503
    assert "The database does not answer, and nothing was saved." in response.text
    assert response.headers["Retry-After"] == "10"
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert browser.get("/no-such-page").status_code == 503, "an error page asks who is signed in"
    assert browser.get("/healthz").status_code == 200


def test_database_without_tables_is_a_page_that_names_the_command(make_app, sign_in, tmp_path):
    cookie = sign_in().get_cookie("session").value
    browser = make_app(url=f"sqlite:///{tmp_path}/empty.db").test_client()
    browser.set_cookie("session", cookie)
    response = browser.get("/admin/")
    assert response.status_code == 503
    assert "flask db upgrade" in response.text


def test_body_beyond_the_limit_is_413(make_app):
    browser = make_app(max_upload_mb=1).test_client()
    response = browser.post("/preferences", data={"next": "x" * 2_000_000})
    assert response.status_code == 413
    assert "larger than 1 MB" in response.text


def test_foreign_host_name_is_refused_plainly(make_app):
    browser = make_app(trusted_hosts=("admin.example.com",)).test_client()
    assert browser.get("/sign-in", base_url="http://admin.example.com").status_code == 200
    response = browser.get("/sign-in", base_url="http://evil.example")
    assert response.status_code == 400
    assert response.mimetype == "text/plain"
    assert "TRUSTED_HOSTS" in response.text
    assert response.headers["Content-Security-Policy"]


def test_preferences_are_kept_for_a_year(client):
    response = client.post("/preferences", data={"theme": "dark", "locale": "zh_Hans_CN", "next": "/sign-in"})
    assert (response.status_code, response.location) == (303, "/sign-in")
    for name, value in (("theme", "dark"), ("locale", "zh_Hans_CN")):
        cookie = client.get_cookie(name)
        assert (cookie.value, cookie.max_age, cookie.http_only, cookie.same_site) == (value, 31_536_000, True, "Lax")
    page = client.get("/sign-in").text
    assert 'lang="zh-Hans-CN"' in page
    assert 'data-theme="dark"' in page


def test_one_preference_leaves_the_other_alone(client):
    client.post("/preferences", data={"theme": "dark"})
    client.post("/preferences", data={"locale": "en"})
    assert client.get_cookie("theme").value == "dark"


@pytest.mark.parametrize("fields", [{"theme": "pink"}, {"locale": "../../etc"}, {"theme": ""}])
def test_preference_that_does_not_exist_is_refused(client, fields):
    response = client.post("/preferences", data=fields)
    assert response.status_code == 400
    assert "has to be one of" in response.text
    assert client.get_cookie("theme") is None
    assert client.get_cookie("locale") is None


def test_script_that_keeps_a_preference_gets_no_page(client):
    response = client.post("/preferences", data={"theme": "light"}, headers={"X-Requested-With": "fetch"})
    assert (response.status_code, response.data) == (204, b"")
    assert client.get_cookie("theme").value == "light"


def test_templates_have_the_frame(app):
    with app.test_request_context("/", headers={"Cookie": "theme=light", "X-Request-Id": "abcdefgh"}):
        text = render_template_string(
            "{{ environment }} {{ colour_scheme }} {{ locale }} {{ locales|length }} {{ may('article', 'read') }} "
            "{{ current_user.is_authenticated }} {{ request_id }} {{ csrf_token()|length > 20 }}"
        )
    assert text == "development light en 2 False False abcdefgh True"


def test_address_of_an_asset_changes_with_its_content(app, tmp_path):
    app_static, app.static_folder = app.static_folder, str(tmp_path)
    try:
        with app.test_request_context():
            assert stamped() == "/static/a.js?v=0", "a missing file breaks no page"
            (tmp_path / "a.js").write_text("one")
            first = stamped()
            (tmp_path / "a.js").write_text("one and two")
            assert re.fullmatch(r"/static/a\.js\?v=[0-9a-f]{6}", first)
            assert stamped() != first
    finally:
        app.static_folder = app_static


def stamped() -> str:
    return render_template_string("{{ asset('a.js') }}")


@pytest.mark.parametrize("given", ["abcdefgh", "A.b-c_12345678", "x" * 64])
def test_sane_request_id_is_kept(client, given):
    assert client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "has blanks in it", "<script>alert(1)</script>", "ünïcödé-id"]
)
def test_other_request_ids_are_replaced(client, given):
    made = client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{16}", made)


@pytest.fixture
def log(monkeypatch) -> io.StringIO:
    """What the application writes to standard error."""
    stream = io.StringIO()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logs._Handler):
            monkeypatch.setattr(handler, "stream", stream)
    return stream


def test_record_is_a_line_with_request_and_person(sign_in, session, log):
    browser = sign_in("editor")
    browser.get("/admin/", headers={"X-Request-Id": "abcdefgh"})
    from backoffice.models import Staff

    person = session.scalars(sa.select(Staff.id)).one()
    assert re.search(
        rf"^[\d-]+ [\d:,]+ INFO request=abcdefgh person={person} backoffice.request: GET /admin/ 200 \d+ ms$",
        log.getvalue(),
        re.MULTILINE,
    )
    assert "editor@example.com" not in log.getvalue()


def test_query_and_password_stay_out_of_the_log(client, log):
    client.get("/sign-in?next=/admin/?search=somebody")
    client.post("/sign-in", data={"email": "somebody@example.com", "password": "hunter2 hunter2"})
    assert "POST /sign-in 200" in log.getvalue()
    assert "somebody" not in log.getvalue()
    assert "hunter2" not in log.getvalue()


def test_refused_sign_in_is_logged_with_its_network_address_alone(client, log):
    fields = {"email": "somebody@example.com", "password": "hunter2 hunter2"}
    client.post("/sign-in", data=fields, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert "a sign-in from 192.0.2.7 was refused" in log.getvalue()
    assert "somebody" not in log.getvalue()


def test_text_from_outside_cannot_pose_as_a_record(client, log):
    client.get("/no%0a2026-01-01 00:00:00 ERROR all is lost")
    logging.getLogger("backoffice.request").error("first\nsecond\x1b[31m")
    lines = log.getvalue().splitlines()
    assert len(lines) == 2
    assert "\\x0a2026" in lines[0]
    assert lines[1].endswith("first\\x0asecond\\x1b[31m")


def test_level_of_the_settings_is_kept(make_app, log):
    make_app(log_level="WARNING").test_client().get("/sign-in")
    assert log.getvalue() == ""
