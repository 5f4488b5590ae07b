"""Slows down guessing: wrong sign-ins are counted by account and by address, for all processes together.

An attempt is counted before its password is looked at, so that a hundred at once get no hundred guesses; one that
was right takes back all that this wrote. An account forgets after a day without a failure, or when somebody gets in.
An address stands for a whole office: it forgets after an hour, and nobody's success forgives what others tried there.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, cast

import sqlalchemy as sa
from flask import current_app

from backoffice.database.retrying import in_transaction
from backoffice.extensions import db
from backoffice.models import SignInThrottle, utcnow

ACCOUNT_FORGETS, ADDRESS_FORGETS = timedelta(hours=24), timedelta(hours=1)
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=15), timedelta(minutes=15)
ACCOUNT_TRIES, ADDRESS_TRIES = 5, 30

_table = cast(sa.Table, SignInThrottle.__table__)


class Counter(NamedTuple):
    """One row of the table: how many failures it lets pass without a delay, and how long it remembers the last."""

    key: str
    tries: int
    forgets: timedelta


@dataclass
class Attempt:
    """A sign-in under way: where it is counted, which block it set there, and how long it has to wait instead."""

    counted: dict[Counter, datetime | None] = field(default_factory=dict)
    wait: timedelta | None = None


def counters(email: str, address: str | None) -> list[Counter]:
    """What an attempt counts for: the account asked for, be there one or not, and the network address."""
    return [
        Counter(_hashed("account", email), ACCOUNT_TRIES, ACCOUNT_FORGETS),
        Counter(_hashed("address", _network(address)), ADDRESS_TRIES, ADDRESS_FORGETS),
    ]


def take(counters: list[Counter]) -> Attempt:
    """Count an attempt beforehand; it counts nowhere and has to wait if one of the counters is blocked."""
    now, attempt = utcnow(), Attempt()
    for counter in counters:
        attempt.wait = _take(attempt, counter, now)
        if attempt.wait is not None:
            _give_back(attempt.counted)
            break
    return attempt


def fail(attempt: Attempt) -> None:
    """Keep what was counted, from now on for as long as each counter remembers."""
    for counter in attempt.counted:
        # A transaction each: two rows held at once could wait for each other.
        _execute(_table.update().where(_table.c.key == counter.key).values(last_failure_at=utcnow()))


def succeed(attempt: Attempt) -> None:
    """Forget the account's wrong attempts, take this one off the address, and sweep what is out of date."""
    account, *others = attempt.counted
    _execute(_table.delete().where(_table.c.key == account.key))
    _give_back({counter: attempt.counted[counter] for counter in others})
    _execute(_table.delete().where(_table.c.last_failure_at < utcnow() - ACCOUNT_FORGETS))


def delay_after(failures: int, tries: int) -> timedelta:
    """None for the first tries, then doubling up to a quarter of an hour."""
    if failures < tries:
        return timedelta(0)
    return min(FIRST_DELAY * (1 << min(failures - tries, 10)), LONGEST_DELAY)


def _take(attempt: Attempt, counter: Counter, now: datetime) -> timedelta | None:
    """The update comes first: it locks the row, so of two attempts at once one sees the other's block."""

    def count(connection: sa.Connection) -> tuple[bool, datetime | None]:
        if connection.execute(_counting(counter, now)).rowcount:
            return True, _block(connection, counter, now)
        return False, connection.scalar(sa.select(_table.c.blocked_until).where(_table.c.key == counter.key))

    while True:
        is_counted, blocked_until = in_transaction(db.engine, count)
        if is_counted:
            attempt.counted[counter] = blocked_until
            return None
        if blocked_until is not None:
            return max(blocked_until - now, timedelta(seconds=1))
        if _start(counter, now):
            attempt.counted[counter] = None
            return None


def _counting(counter: Counter, now: datetime) -> sa.Update:
    open_again = sa.or_(_table.c.blocked_until.is_(None), _table.c.blocked_until <= now)
    forgotten = _table.c.last_failure_at < now - counter.forgets
    return (
        _table.update()
        .where(_table.c.key == counter.key, open_again)
        # MySQL sets columns from left to right: the count must see the old time, so it comes first.
        .ordered_values(
            (_table.c.failures, sa.case((forgotten, 1), else_=_table.c.failures + 1)),
            # Counting anew moves the time, or each of a hundred attempts at once would be the first again.
            (_table.c.last_failure_at, sa.case((forgotten, now), else_=_table.c.last_failure_at)),
        )
    )


def _block(connection: sa.Connection, counter: Counter, now: datetime) -> datetime | None:
    """Already now, while the row is locked: until the password has been looked at, nobody else may try."""
    failures = connection.scalar(sa.select(_table.c.failures).where(_table.c.key == counter.key)) or 0
    delay = delay_after(failures, counter.tries)
    if not delay:
        return None
    connection.execute(_table.update().where(_table.c.key == counter.key).values(blocked_until=now + delay))
    return now + delay


def _start(counter: Counter, now: datetime) -> bool:
    try:
        _execute(_table.insert().values(key=counter.key, failures=1, last_failure_at=now))
    except sa.exc.IntegrityError:
        # Another process made the row between our two statements: count on that one.
        return False
    return True


def _give_back(counted: dict[Counter, datetime | None]) -> None:
    """Take the attempt off again, with the block it set itself: one that somebody else's failure set stays."""
    for counter, block in counted.items():
        own = _table.c.blocked_until == block
        _execute(
            _table.update()
            .where(_table.c.key == counter.key, _table.c.failures > 0)
            .values(
                failures=_table.c.failures - 1,
                blocked_until=sa.case((own, sa.null()), else_=_table.c.blocked_until),
            )
        )


def _execute(statement: sa.UpdateBase) -> None:
    in_transaction(db.engine, lambda connection: connection.execute(statement))


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
    return hmac.new(secret, f"{kind}:{value}".encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
