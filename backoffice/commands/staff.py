"""`flask staff …`: who may sign in here."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from backoffice.access import accounts
from backoffice.models import Staff

staff_group = AppGroup("staff", help="Make, list, disable and enable the accounts of staff.")


@staff_group.command("create")
@click.argument("email")
@click.option("--role", required=True, help="What the account may do: admin, editor or viewer.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, role: str, password_stdin: bool) -> None:
    """Make an account; without a password, print a one-time one."""
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    staff, one_time = accounts.create(email, role, given)
    click.echo(f"Made {staff.email} with the role {role}.")
    if one_time is not None:
        _print_one_time(one_time)


@staff_group.command("list")
def list_accounts() -> None:
    """List every account: address, roles, state, last sign-in."""
    staff = accounts.everyone()
    if not staff:
        click.echo("There are no accounts. Make one: flask staff create EMAIL --role admin")
        return
    width = max(len(person.email) for person in staff)
    for person in staff:
        click.echo(f"{person.email:<{width}}  {_roles(person):<12}  {_state(person):<18}  {_last_sign_in(person)}")


@staff_group.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Shut an account out at once, wherever it is signed in."""
    accounts.disable(email)
    click.echo(f"{email} can no longer sign in.")


@staff_group.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Let a disabled account sign in again."""
    accounts.enable(email)
    click.echo(f"{email} can sign in again.")


@staff_group.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a new one-time password and end every session of the account."""
    _print_one_time(accounts.reset_password(email))


def _print_one_time(password: str) -> None:
    click.echo(f"One-time password: {password}")
    click.echo("It has to be changed at the first sign-in.")


def _roles(person: Staff) -> str:
    return ", ".join(role.name for role in person.roles) or "no role"


def _state(person: Staff) -> str:
    if not person.active:
        return "disabled"
    return "one-time password" if person.must_change_password else "active"


def _last_sign_in(person: Staff) -> str:
    if person.last_sign_in_at is None:
        return "never signed in"
    return f"last signed in {person.last_sign_in_at:%Y-%m-%d %H:%M} UTC"
