"""Files that go with texts: kept once and whole, told by their content, given out so that nothing in them runs."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from backoffice.errors import BadInput, ConfigurationError
from backoffice.extensions import db
from backoffice.models import Staff, Upload
from backoffice.records import uploads
from backoffice.records.uploads_check import LEFT_AFTER

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\0\0\1\0\0\0\1\x08\2\0\0\0" + b"\0" * 40
KINDS = {
    "a.png": (PNG, "image/png"),
    "a.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0\1" + b"\0" * 60, "image/jpeg"),
    "a.gif": (b"GIF89a\1\0\1\0" + b"\0" * 40, "image/gif"),
    "a.webp": (b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 40, "image/webp"),
    "a.avif": (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif" + b"\0" * 40, "image/avif"),
    "a.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n" + b"\0" * 40, "application/pdf"),
    "a.txt": ("三体\n".encode(), "text/plain"),
    "a.csv": (b"\xef\xbb\xbfa,b\r\n1,2\r\n", "text/csv"),
    "BMW.csv": (b"BMW,GIF89a,MZ\n", "text/csv"),
}


def zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", "x")
    return held.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def site(make_app: Callable[..., Flask], folder: Path) -> Flask:
    """The application with a folder of its own, and little room in it."""
    return make_app(uploads_path=folder, uploads_mb=1)


@pytest.fixture
def editor(sign_in: Callable[..., FlaskClient], site: Flask) -> FlaskClient:
    return sign_in("editor", app=site)


def send(client: FlaskClient, content: bytes, name: str, page: str = "upload", **more: Any) -> TestResponse:
    data = {"file": (io.BytesIO(content), name, more.pop("content_type", "image/png"))}
    return client.post(f"/admin/article/{page}/", data=data, headers={"X-Requested-With": "fetch"}, **more)


def address(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.text
    return f"/admin/article/uploads/{answer.get_json()['name']}"


def test_a_file_is_kept_and_given_back(
    editor: FlaskClient, sign_in: Callable[..., FlaskClient], site: Flask, folder: Path, session: Session
) -> None:
    answer = send(editor, PNG, "/fakepath/番茄 [1].png")
    row = session.scalars(sa.select(Upload)).one()
    assert answer.get_json()["markdown"] == f"![番茄 \\[1\\]](/uploads/{row.name})"
    assert (row.file_name, row.media_type, row.size) == ("番茄 [1].png", "image/png", len(PNG))
    assert row.staff_id == session.scalar(sa.select(Staff.id))
    assert [(folder / row.name).read_bytes()] == [path.read_bytes() for path in folder.iterdir()] == [PNG]
    given = sign_in("viewer", app=site).get(address(answer))
    assert given.data == PNG
    assert given.mimetype == "image/png"
    headers = given.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "'self'" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "private, max-age=3600"
    assert headers["Content-Disposition"].startswith("inline")
    given.close()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_what_its_content_says(editor: FlaskClient, name: str) -> None:
    content, media_type = KINDS[name]
    answer = send(editor, content, name, content_type="text/html")
    with editor.get(address(answer)) as given:
        assert given.mimetype == media_type
        assert given.headers["Content-Disposition"].startswith("inline" if "image" in media_type else "attachment")
    assert answer.get_json()["markdown"].startswith("![" if "image" in media_type else "[")


@pytest.mark.sqlite_only
def test_archives_are_named_by_their_ending(editor: FlaskClient) -> None:
    assert address(send(editor, zipped(), "a.docx")).endswith(".docx")
    assert address(send(editor, zipped() + b"\0", "evil.html")).endswith(".zip")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.png", b"<!doctype html><script>alert(1)</script>"),
        ("a.txt", b"\xef\xbb\xbf \n<!DOCTYPE html><p>"),
        ("a.csv", b"<script>alert(1)</script>"),
        ("a.html", b"plain words"),
        ("a.png", b"plain words"),
        ("a", b"plain words"),
        ("a.txt", b"MZ\0\3\0\0\0"),
        ("a.exe", b"MZ\x90\0\3\0\0\0" + b"\0" * 200),
        ("a.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42"),
        ("a.png", b"x" + PNG),
        ("a.gif", b"GIF89"),
        ("a.pdf", b"<script>1</script>\n%PDF-1.7\n"),
        ("a.sh", b"#!/bin/sh\nrm -rf /\n"),
        ("a.xml", b"<?xml version='1.0'?><x/>"),
        ("a.js", b"alert(1)"),
    ],
)
def test_what_is_not_taken_is_refused_in_words(
    editor: FlaskClient, folder: Path, session: Session, name: str, content: bytes
) -> None:
    answer = send(editor, content, name)
    assert answer.status_code == 400
    assert "PNG, JPG" in answer.get_json()["error"]
    assert (list(folder.iterdir()), session.scalar(sa.select(sa.func.count(Upload.id)))) == ([], 0)


@pytest.mark.sqlite_only
def test_sizes_and_encodings_are_refused_in_words(editor: FlaskClient, folder: Path, session: Session) -> None:
    assert "is empty" in send(editor, b"", "a.png").get_json()["error"]
    with pytest.raises(BadInput, match="larger than 1 MB"):
        uploads.keep(session, folder, io.BytesIO(b"\0" * (1024**2 + 1)), "a.png", most=1024**2, staff_id=None)
    assert "UTF-8" in send(editor, "三体".encode("gb18030"), "a.csv").get_json()["error"]
    assert "No file" in editor.post("/admin/article/upload/", headers={"X-Requested-With": "fetch"}).get_json()["error"]
    assert list(folder.iterdir()) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "name", ["../../etc/passwd.png", "/etc/passwd.png", "..\\..\\x.png", "x.php.png", "x.png.exe", "\u202egnp.exe",
             "a" * 400 + ".png", "a\tb.png", "<img src=x>.png", '"; filename=x.html', "...", "𝒳.png"]
)  # fmt: skip
def test_no_name_leads_out_of_the_folder_or_into_a_header(
    editor: FlaskClient, folder: Path, session: Session, name: str
) -> None:
    answer = send(editor, PNG, name)
    with editor.get(address(answer)) as given:
        assert given.data == PNG
        assert "\n" not in given.headers["Content-Disposition"]
        assert given.headers["Content-Disposition"].rstrip('"').endswith("png")
    row = session.scalars(sa.select(Upload)).one()
    assert [path.name for path in folder.iterdir()] == [row.name]
    assert row.name.removesuffix(".png").isalnum()
    assert len(row.file_name) <= 200


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "name", ["..%2f..%2fbackoffice.db", "%2e%2e/x", ".incoming-x", "no.png", "a.png%00", "%5c..%5cx"]
)
def test_no_address_leads_out_of_the_folder(editor: FlaskClient, name: str) -> None:
    assert editor.get(f"/admin/article/uploads/{name}").status_code in (404, 308)


def test_the_same_content_is_kept_once(editor: FlaskClient, folder: Path, session: Session) -> None:
    first, second = send(editor, PNG, "one.png").get_json(), send(editor, PNG, "two.png", "new/upload").get_json()
    assert first["name"] == second["name"]
    assert second["markdown"].startswith("![two]")
    assert len(list(folder.iterdir())) == session.scalar(sa.select(sa.func.count(Upload.id))) == 1


def test_the_same_content_brought_at_once_is_kept_once(site: Flask, folder: Path, session: Session) -> None:
    def bring(number: int) -> str:
        with site.app_context():
            kept = uploads.keep(db.session(), folder, io.BytesIO(PNG), f"{number}.png", most=10**6, staff_id=None)
            return kept.name

    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(bring, range(8)))
    assert len(names) == len(list(folder.iterdir())) == session.scalar(sa.select(sa.func.count(Upload.id))) == 1


@pytest.mark.sqlite_only
def test_only_who_may_write_brings_and_only_who_may_read_takes(
    editor: FlaskClient, sign_in: Callable[..., FlaskClient], site: Flask
) -> None:
    place = address(send(editor, PNG, "a.png"))
    assert send(sign_in("viewer", app=site), PNG, "a.png").status_code == 403
    nobody = site.test_client()
    assert send(nobody, PNG, "a.png").status_code == 401
    assert nobody.get(place).status_code == 302
    assert editor.get(place.replace("/article/", "/user/")).status_code == 404
    with editor.get(place) as given:
        mark = given.headers["ETag"]
    with editor.get(place, headers={"If-None-Match": mark}) as given:
        assert given.status_code == 304


# Werkzeug leaves what it had read of the form to be collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.sqlite_only
def test_a_request_broken_off_leaves_nothing(editor: FlaskClient, folder: Path, session: Session) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG
    answer = editor.post(
        "/admin/article/upload/",
        input_stream=io.BytesIO(body),
        content_type="multipart/form-data; boundary=b",
        content_length=len(body) + 500,
    )
    assert answer.status_code == 400
    assert (list(folder.iterdir()), session.scalar(sa.select(sa.func.count(Upload.id)))) == ([], 0)


@pytest.mark.sqlite_only
def test_a_full_disk_leaves_no_half_file(
    editor: FlaskClient, folder: Path, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert send(editor, PNG, "a.png").status_code == 507
    assert (list(folder.iterdir()), session.scalar(sa.select(sa.func.count(Upload.id)))) == ([], 0)


def test_a_file_outlives_the_account_that_brought_it(editor: FlaskClient, session: Session) -> None:
    place = address(send(editor, PNG, "a.png"))
    row = session.scalars(sa.select(Upload)).one()
    session.delete(session.get(Staff, row.staff_id))
    session.commit()
    session.refresh(row)
    assert row.staff_id is None
    assert place.endswith(row.name)


def test_the_check_names_what_is_missing_changed_and_unknown(editor: FlaskClient, site: Flask, folder: Path) -> None:
    names = [send(editor, PNG + bytes([n]), f"{n}.png").get_json()["name"] for n in range(3)]
    runner = site.test_cli_runner()
    good = runner.invoke(args=["uploads", "check"])
    assert (good.exit_code, "every file is there" in good.output) == (0, True)
    (folder / names[0]).unlink()
    (folder / names[1]).write_bytes(b"another")
    (folder / "stray.png").write_bytes(PNG)
    for name, age in ((".incoming-old", 2 * LEFT_AFTER), (".incoming-new", 0)):
        (folder / name).write_bytes(b"half")
        stamp = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (stamp, stamp))
    told = runner.invoke(args=["uploads", "check"])
    assert told.exit_code == 1
    lines = told.output.splitlines()
    assert lines[:2] == [
        f"{names[0]} (0.png) is missing from the folder.",
        f"{names[1]} (1.png) is not the file that was uploaded.",
    ]
    assert sorted(lines[2:4]) == [
        ".incoming-old was left by an upload that broke off.", "stray.png is known to no row."
    ]  # fmt: skip
    assert ".incoming-new" not in told.output
    assert editor.get(f"/admin/article/uploads/{names[0]}").status_code == 404
    # Bringing the same file again puts it right.
    assert send(editor, PNG + b"\0", "again.png").get_json()["name"] == names[0]
    with editor.get(f"/admin/article/uploads/{names[0]}") as given:
        assert given.data == PNG + b"\0"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "name", ["C:\\fakepath\\a.png", "../a.png", "a\r\nb: c.png", "\u200e\u202ea.png", "a" * 300 + ".png"]
)
def test_a_name_is_shown_without_folders_and_what_nobody_sees(name: str) -> None:
    shown = uploads.readable_name(name)
    assert shown.isprintable()
    assert shown.endswith(".png")
    assert len(shown) <= 200
    assert not set(shown) & set("/\\")


def test_a_folder_that_cannot_be_written_stops_the_start_in_words(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ConfigurationError, match="Set UPLOADS_PATH to a folder"):
        uploads.prepare(tmp_path / "taken" / "uploads")
