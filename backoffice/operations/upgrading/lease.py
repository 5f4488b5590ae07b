"""One runner in a whole Galera cluster, where GET_LOCK and FOR UPDATE hold on one node only.

Who upgrades commits a row that names it; of two that do so on two nodes, the cluster refuses one at its COMMIT. A
thread counts that row up for as long as the runner lives. Whoever has watched it stand still for long enough takes it
over, by its own clock alone: those of the nodes may differ.
"""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from backoffice.database.faults import is_lost, is_passing
from backoffice.models import Model
from backoffice.operations.schema_journal import LEASE_TABLE, runner_name

if TYPE_CHECKING:
    from backoffice.operations.upgrading.locks import NamedLock

BEAT_SECONDS = 2.0
# So long it stands still before it counts as left behind, watched at least this often: while the cluster stands still,
# as it does during a change of the schema, nobody's row moves, and nobody can see that.
SILENCE_SECONDS, WATCHED_SECONDS = 20.0, 2.0
LEASE = sa.Table(
    LEASE_TABLE,
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String(120), nullable=False),
    sa.Column("node", sa.String(190), nullable=False),
    sa.Column("beat", sa.BigInteger, nullable=False),
    **Model.__table_args__,
)
NODE = sa.text("SELECT CONCAT_WS(':', @@hostname, @@port, @@wsrep_node_name)")


class Watch:
    """How long a row has been seen to stand still."""

    def __init__(self) -> None:
        self.seen: tuple[str, int] | None = None
        self.at = self.seconds = 0.0

    def look(self, owner: str, beat: int) -> float:
        """The seconds for which it has been this one."""
        now = monotonic()
        self.seconds += min(now - self.at, WATCHED_SECONDS)
        if self.seen != (owner, beat):
            self.seen, self.seconds = (owner, beat), 0.0
        self.at = now
        return self.seconds


# One watch for a process: each look at the lock is by a connection of its own.
WATCH = Watch()


class Lease:
    """The named lock of this node, which ends with the connection, and the row, which holds on all of them."""

    def __init__(self, connection: sa.Connection, named: NamedLock) -> None:
        self.connection, self.named = connection, named
        self.owner = runner_name()
        self.mine = LEASE.c.owner == self.owner
        self.ended = Event()
        self.heart: Thread | None = None

    def take(self) -> bool:
        """Take both, if they are free or left behind."""
        if not self.named.take():
            return False
        taken = False
        try:
            taken = self._take_row()
        except sa.exc.IntegrityError:
            # Somebody else has just committed it.
            self.connection.rollback()
        except sa.exc.DBAPIError as error:
            # 1213 at COMMIT: the same, on another node.
            if is_lost(error) or not is_passing(error):
                raise
            self.connection.rollback()
        finally:
            if not taken:
                self.named.release()
        if taken:
            self.heart = Thread(target=self._beat, name="upgrade-lease", daemon=True)
            self.heart.start()
        return taken

    def is_held(self) -> bool:
        """Whether both are still this runner's."""
        if not self.named.is_held():
            return False
        held = self.connection.scalar(sa.select(LEASE.c.id).where(self.mine))
        self.connection.rollback()
        return held is not None

    def release(self) -> None:
        """Stop counting, and take the row away where the connection still allows it."""
        self.ended.set()
        if self.heart is not None:
            self.heart.join()
        if not self.connection.invalidated:
            self.connection.rollback()
            self.connection.execute(sa.delete(LEASE).where(self.mine))
            self.connection.commit()
        self.named.release()

    def _take_row(self) -> bool:
        if not sa.inspect(self.connection).has_table(LEASE_TABLE):
            # Somebody may be making it by way of another node at this moment.
            self.connection.execute(CreateTable(LEASE, if_not_exists=True))
        node = str(self.connection.scalar(NODE))
        held = self.connection.execute(sa.select(LEASE)).first()
        mine = {"owner": self.owner, "node": node, "beat": 0}
        if held is None:
            self.connection.execute(sa.insert(LEASE).values(id=1, **mine))
            self.connection.commit()
            return True
        still = WATCH.look(held.owner, held.beat)
        # With this node's lock in hand, who held it here is gone.
        if held.node != node and still < SILENCE_SECONDS:
            self.connection.rollback()
            return False
        same = sa.and_(LEASE.c.owner == held.owner, LEASE.c.beat == held.beat)
        taken = self.connection.execute(sa.update(LEASE).where(same).values(mine)).rowcount == 1
        self.connection.commit()
        return taken

    def _beat(self) -> None:
        """On connections of its own, until it ends; one that fails leaves the row as it is until the next."""
        beat = sa.update(LEASE).where(self.mine).values(beat=LEASE.c.beat + 1)
        while not self.ended.wait(BEAT_SECONDS):
            try:
                with self.connection.engine.begin() as connection:
                    connection.execute(beat)
            except sa.exc.SQLAlchemyError:
                continue
