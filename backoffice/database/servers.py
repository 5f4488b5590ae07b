"""Several servers behind one address: the nodes of a Galera cluster, or a primary and those that stand by for it.

`mysql://user:password@/backoffice?host=db1:3306&host=db2:3306`, as libpq and SQLAlchemy write it. All processes ask
them in the same order, so that one node takes the writes for as long as it serves: of two nodes that change the same
record at once, one would have to do its work again.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

# For so long a server that did not serve is asked after the others.
REST_SECONDS = 10.0
# So long a server may take to answer where there is another one to ask.
CONNECT_SECONDS = 3
# A machine that vanished sends nothing more, not even that it is gone.
SILENCE_SECONDS = 15
# The server is there and takes no statements; it takes no writes; neither is a fault of what was asked.
NOT_READY, READ_ONLY = 1047, 1290
# Nobody listens, the connection broke, it is shutting down, it has too many connections, and the first of the above.
ASK_ANOTHER = (2002, 2003, 2005, 2006, 2013, 1053, 1040, NOT_READY, READ_ONLY)
# A name or an address; libpq takes the folder of a socket as well.
NAMED = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|/[^\s:]*|[^\s:/@\[\],]+)(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True)
class Server:
    """Where a database server listens; `port` is None where the driver's usual one is meant."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"


def servers_of(url: sa.URL) -> list[Server]:
    """The servers of an address in the order in which they are asked; a ValueError names one that cannot be read."""
    listed = url.query.get("host", ())
    servers = [Server(url.host, url.port)] if url.host else []
    for each in [listed] if isinstance(listed, str) else listed:
        read = NAMED.fullmatch(each)
        if read is None:
            raise ValueError(each)
        servers.append(Server(read["name"].strip("[]"), int(read["port"]) if read["port"] else None))
    return servers


def ask_servers_in_turn(engine: sa.Engine, servers: Sequence[Server], *, writes: bool = True) -> None:
    """Lead each new connection of a MySQL engine to the first of them that serves, and takes writes where wanted."""
    event.listen(engine, "do_connect", _Turns(servers, writes).connect)


class _Turns:
    def __init__(self, servers: Sequence[Server], writes: bool) -> None:
        self.servers, self.writes = servers, writes
        self.resting: dict[Server, float] = {}

    def connect(self, dialect: Any, _record: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A connection of the driver; its error where none of them serves."""
        failures: list[BaseException] = []
        for server in sorted(self.servers, key=self._rests):
            place = {"host": server.name, "port": server.port or 3306}
            try:
                connection = dialect.connect(*arguments, **(named | place))
                _refuse_unless_it_serves(connection, dialect.loaded_dbapi.OperationalError, self.writes)
            except dialect.loaded_dbapi.OperationalError as error:
                if not error.args or error.args[0] not in ASK_ANOTHER:
                    raise
                failures.append(error)
                self.resting[server] = monotonic() + REST_SECONDS
                continue
            return connection
        raise failures[0]

    def _rests(self, server: Server) -> bool:
        return self.resting.get(server, 0.0) > monotonic()


def is_cluster(connection: Any) -> bool:
    """Whether a driver's connection leads to a node of a Galera cluster."""
    return _shown(connection, "VARIABLES", "wsrep_on").get("wsrep_on") == "ON"


def _refuse_unless_it_serves(connection: Any, refusal: type[Exception], writes: bool) -> None:
    # Such a node answers to SHOW and to nothing else.
    found = _shown(connection, "VARIABLES", "wsrep_on", "read_only")
    if found.get("wsrep_on") == "ON" and _shown(connection, "STATUS", "wsrep_ready").get("wsrep_ready") != "ON":
        connection.close()
        raise refusal(NOT_READY, "the node has no contact with most of its cluster")
    # The newest MariaDB has more words for it than ON.
    if writes and found.get("read_only", "OFF") != "OFF":
        connection.close()
        raise refusal(READ_ONLY, "the server takes no writes")


def _shown(connection: Any, what: str, *names: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        listed = ", ".join(f"'{name}'" for name in names)
        cursor.execute(f"SHOW {what} WHERE Variable_name IN ({listed})")
        return dict(cursor.fetchall())


def end_silence(connection: Any) -> None:
    """Let the system give up a connection to a machine that no longer answers; PyMySQL has no setting for it."""
    wire = getattr(connection, "_sock", None)
    if isinstance(wire, socket.socket) and hasattr(socket, "TCP_USER_TIMEOUT") and wire.family != socket.AF_UNIX:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_SECONDS * 1000)
        for option, value in ((socket.TCP_KEEPIDLE, 5), (socket.TCP_KEEPINTVL, 3), (socket.TCP_KEEPCNT, 3)):
            wire.setsockopt(socket.IPPROTO_TCP, option, value)
