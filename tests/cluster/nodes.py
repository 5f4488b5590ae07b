"""A Galera cluster of three MariaDB nodes on this machine."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import pymysql

from tests.faults.processes import Process, free_port, mariadb, wait_for

NODES = 3
# CLUSTER=all runs what takes minutes as well.
EVERYTHING = os.environ.get("CLUSTER") == "all"
PROVIDERS = "/usr/lib*/galera*/libgalera_smm.so"


@dataclass
class Node:
    """One server: its process, and where the others find it."""

    process: Process
    group_port: int

    @property
    def host(self) -> str:
        """As it stands in an address of several."""
        return f"127.0.0.1:{self.process.port}"

    def ask(self, statement: str, database: str = "mysql") -> list[tuple[object, ...]]:
        """As root, on a connection of its own, without what SQLAlchemy asks before: a lonely node answers to little."""
        with pymysql.connect(host="127.0.0.1", port=self.process.port, user="root", database=database) as connection:
            connection.autocommit(True)
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())

    def is_synced(self) -> bool:
        """Whether it is a part of the cluster and has caught up."""
        try:
            return self.ask("SHOW STATUS LIKE 'wsrep_local_state_comment'")[0][1] == "Synced"
        except pymysql.MySQLError:
            return False


class Cluster:
    """Its nodes in the order in which people ask them."""

    def __init__(self, folder: Path, provider: str) -> None:
        self.nodes: list[Node] = []
        for number in range(NODES):
            home = folder / f"node{number}"
            home.mkdir()
            # rsync would hand a joining node's files to nobody if it ran as root.
            found = mariadb(home, user="mysql" if os.getuid() == 0 else "")
            assert found is not None
            process, _address = found
            process.command += [
                "--wsrep-on=ON", f"--wsrep-provider={provider}", "--wsrep-cluster-name=backoffice-tests",
                f"--wsrep-node-name=node{number}", "--wsrep-node-address=127.0.0.1", "--binlog-format=ROW",
                "--innodb-autoinc-lock-mode=2", "--innodb-flush-log-at-trx-commit=2", "--wsrep-sst-method=rsync",
                f"--wsrep-sst-receive-address=127.0.0.1:{free_port()}",
            ]  # fmt: skip
            port = free_port()
            process.command.append(
                f"--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{port};base_host=127.0.0.1;"
                f"base_port={port};ist.recv_addr=127.0.0.1:{free_port()};gcache.size=64M"
            )
            # What it says, for whoever looks for a fault.
            log = (home / "log").open("ab")
            process.options |= {"stdout": log, "stderr": log}
            self.nodes.append(Node(process, port))

    def start(self) -> None:
        """Make the cluster of the first node, and let the others join."""
        first = self.nodes[0].process
        command = list(first.command)
        first.command = [*command, "--wsrep-cluster-address=gcomm://", "--wsrep-new-cluster"]
        first.start()
        first.command = command
        wait_for(self.nodes[0].is_synced)
        for node in self.nodes[1:]:
            self.join(node)

    def join(self, node: Node) -> None:
        """Start a node that is down, and wait until it has caught up."""
        others = ",".join(f"127.0.0.1:{each.group_port}" for each in self.nodes if each is not node)
        command = list(node.process.command)
        node.process.command = [*command, f"--wsrep-cluster-address=gcomm://{others}"]
        # It listens before it has joined.
        node.process.start()
        node.process.command = command
        wait_for(node.is_synced, 60)

    def end(self) -> None:
        """Nothing of it stays."""
        for node in self.nodes:
            node.process.kill()
            node.process.options["stdout"].close()

    def address(self, database: str, *order: int) -> str:
        """The address of all nodes, or of these, for a database."""
        hosts = "&".join(f"host={self.nodes[number].host}" for number in order or range(NODES))
        return f"mysql://root@/{database}?{hosts}"


def make_cluster(folder: Path) -> Cluster | None:
    """A cluster that is yet to be started; None where there is nothing to start."""
    provider = next(iter(sorted(glob(PROVIDERS))), None)
    if provider is None or shutil.which("rsync") is None:
        return None
    return Cluster(folder, provider)
