"""Slows down guessing: wrong sign-ins are counted by account and by address, for all processes together.

An attempt is counted before its password is looked at, so that a hundred at once get no hundred guesses.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from datetime import datetime, timedelta
from typing import NamedTuple, cast

import sqlalchemy as sa
from flask import current_app

from backoffice.extensions import db
from backoffice.models import SignInThrottle, utcnow

FORGOTTEN_AFTER = timedelta(hours=24)
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=15), timedelta(minutes=15)
ACCOUNT_TRIES, ADDRESS_TRIES = 5, 30

_table = cast(sa.Table, SignInThrottle.__table__)


class Counter(NamedTuple):
    """One row of the table, and how many failures in a row it lets pass without a delay."""

    key: str
    tries: int


def counters(email: str, address: str | None) -> list[Counter]:
    """What an attempt counts for: the account asked for, be there one or not, and the network address."""
    return [
        Counter(_hashed("account", email), ACCOUNT_TRIES),
        Counter(_hashed("address", _network(address)), ADDRESS_TRIES),
    ]


def take(counted: list[Counter]) -> timedelta | None:
    """Count an attempt; returns how long to wait instead if one of the counters is blocked."""
    now = utcnow()
    taken: list[Counter] = []
    for counter in counted:
        wait = _take(counter, now)
        if wait is not None:
            for other in taken:
                _give_back(other)
            return wait
        taken.append(counter)
    return None


def succeed(counted: list[Counter]) -> None:
    """Forget the account's wrong attempts, take this one off the address, and sweep what is out of date."""
    account, *others = counted
    with db.engine.begin() as connection:
        connection.execute(_table.delete().where(_table.c.key == account.key))
    for counter in others:
        _give_back(counter)
    with db.engine.begin() as connection:
        connection.execute(_table.delete().where(_table.c.last_failure_at < utcnow() - FORGOTTEN_AFTER))


def delay_after(failures: int, tries: int) -> timedelta:
    """None for the first tries, then doubling up to a quarter of an hour."""
    if failures < tries:
        return timedelta(0)
    return min(FIRST_DELAY * (1 << min(failures - tries, 10)), LONGEST_DELAY)


def _take(counter: Counter, now: datetime) -> timedelta | None:
    """The update comes first: it locks the row, so of two attempts at once one sees the other's block."""
    while True:
        with db.engine.begin() as connection:
            if connection.execute(_counting(counter, now)).rowcount:
                _block(connection, counter, now)
                return None
            blocked_until: datetime | None = connection.scalar(
                sa.select(_table.c.blocked_until).where(_table.c.key == counter.key)
            )
        if blocked_until is not None:
            return max(blocked_until - now, timedelta(seconds=1))
        if _start(counter, now):
            return None


def _counting(counter: Counter, now: datetime) -> sa.Update:
    open_again = sa.or_(_table.c.blocked_until.is_(None), _table.c.blocked_until <= now)
    forgotten = _table.c.last_failure_at < now - FORGOTTEN_AFTER
    return (
        _table.update()
        .where(_table.c.key == counter.key, open_again)
        # MySQL sets columns from left to right: the count must see the old time, so it comes first.
        .ordered_values(
            (_table.c.failures, sa.case((forgotten, 1), else_=_table.c.failures + 1)),
            (_table.c.last_failure_at, now),
        )
    )


def _block(connection: sa.Connection, counter: Counter, now: datetime) -> None:
    failures = connection.scalar(sa.select(_table.c.failures).where(_table.c.key == counter.key)) or 0
    if delay := delay_after(failures, counter.tries):
        connection.execute(_table.update().where(_table.c.key == counter.key).values(blocked_until=now + delay))


def _start(counter: Counter, now: datetime) -> bool:
    try:
        with db.engine.begin() as connection:
            connection.execute(_table.insert().values(key=counter.key, failures=1, last_failure_at=now))
    except sa.exc.IntegrityError:
        # Another process made the row between our two statements: count on that one.
        return False
    return True


def _give_back(counter: Counter) -> None:
    with db.engine.begin() as connection:
        connection.execute(
            _table.update()
            .where(_table.c.key == counter.key, _table.c.failures > 0)
            .values(failures=_table.c.failures - 1, blocked_until=None)
        )


def _network(address: str | None) -> str:
    """An IPv6 customer holds a whole /64 and could take a new address for every guess."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _hashed(kind: str, value: str) -> str:
    """Keyed, so that the table gives away no addresses."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
