"""Checks of the settings: what starts, and yet should not serve people as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from backoffice.operations.checks.findings import Finding, Installation, check, fail, ok, warn

SECTION = "Settings"
LOCAL = ("127.0.0.1", "::1", "localhost")
LONG_ENOUGH, VARIED_ENOUGH = 32, 10
MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'


@check(SECTION)
def environment(installation: Installation) -> Iterator[Finding]:
    """What is for developers does not serve others."""
    given = installation.settings
    if installation.debug and installation.is_live:
        yield fail("Flask's debugger is on: whoever meets an error can run code here.", "Unset FLASK_DEBUG.")
    if not installation.is_live and given.host not in LOCAL:
        yield warn(
            f"It is a {given.environment} installation, and serves other machines ({given.host}).",
            "Set BACKOFFICE_ENV=production, or HOST=127.0.0.1.",
        )
    else:
        yield ok(given.environment)


@check(SECTION)
def secrets(installation: Installation) -> Iterator[Finding]:
    """SECRET_KEY and SECURITY_PASSWORD_SALT cannot be guessed, and are not lying about."""
    given = installation.settings
    kept = {"SECRET_KEY": given.secret_key, "SECURITY_PASSWORD_SALT": given.password_salt}
    found = [finding for name, secret in kept.items() for finding in _weakness(installation, name, secret)]
    if given.secret_key == given.password_salt:
        same = "SECRET_KEY and SECURITY_PASSWORD_SALT are the same."
        found.append(fail(same, "Give SECRET_KEY a value of its own.", MAKE_ONE))
    yield from found or [ok("Two long ones.")]


def _weakness(installation: Installation, name: str, secret: str) -> Iterator[Finding]:
    # A new salt makes every password wrong: it is better begun with than mended.
    mend = "Set another: everybody signs in again." if name == "SECRET_KEY" else "Set another: all need new passwords."
    if len(set(secret)) < VARIED_ENOUGH:
        yield fail(f"{name} can be guessed: it repeats a few characters.", mend, MAKE_ONE)
    elif len(secret) < LONG_ENOUGH:
        yield warn(f"{name} has {len(secret)} characters; {LONG_ENOUGH} random ones are safe.", mend, MAKE_ONE)
    elif installation.is_live and secret == _of_development(installation.settings.instance_path / name.lower()):
        yield warn(f"{name} is the one that development made in the instance folder.", mend, MAKE_ONE)


def _of_development(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return None


@check(SECTION)
def hosts(installation: Installation) -> Iterator[Finding]:
    """A made-up Host header is not answered."""
    names = installation.settings.trusted_hosts
    if names:
        yield ok(f"Answers to {', '.join(names)}.")
    elif installation.is_live:
        yield fail("TRUSTED_HOSTS is empty: any made-up host name is answered.", "Set it to the site's name.")
    else:
        yield ok("Answers to any name, as it is not production.")


@check(SECTION)
def cookies(installation: Installation) -> Iterator[Finding]:
    """Sessions go over https alone."""
    if installation.settings.secure_cookies:
        yield ok("Over https only.")
    elif installation.is_live:
        yield fail("SECURE_COOKIES is off: sessions can be read on their way.", "Unset it, and serve over https.")
    else:
        yield ok("Over http too, as it is not production.")


@check(SECTION)
def proxy(installation: Installation) -> Iterator[Finding]:
    """Nothing here ends TLS, so somebody in front does, and says for whom."""
    given = installation.settings
    if given.proxies or not given.secure_cookies:
        yield ok(f"{given.proxies} in front." if given.proxies else "None in front.")
        return
    yield warn(
        "PROXIES is 0: behind a proxy, everybody seems to come from it and is throttled together.",
        "Set PROXIES=1 where one proxy ends TLS in front (docs/operations.md).",
    )
