"""The commands that back up and restore a database on a server, spelled out for its address, without its password."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import sqlalchemy as sa

from backoffice.database.servers import Server, servers_of

# One snapshot while people work, rows as they are read, bytes as hexadecimal, and nothing that takes rights over the
# whole server.
MYSQL_DUMP = (
    *("--single-transaction", "--quick", "--routines", "--triggers", "--hex-blob", "--no-tablespaces"),
    "--default-character-set=utf8mb4",
)
PROGRAMS = {"mariadb": ("mariadb-dump", "mariadb"), "mysql": ("mysqldump", "mysql")}
OPTION_FILE, PASSWORD_FILE = "backup.cnf", "~/.pgpass"
# What libpq takes behind the question mark as well.
SECRETS = ("password", "sslpassword", "oauth_client_secret")
CREATE = "CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci"
# SQLAlchemy's names of what PyMySQL is told, as the programs call them.
MYSQL_OPTIONS = {
    "unix_socket": "--socket",
    **{name: f"--{name.replace('_', '-')}" for name in ("ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher")},
}


@dataclass(frozen=True)
class Step:
    """A sentence, and what to type: a command, or the text of a file."""

    told: str
    text: str


def dumping(url: sa.URL, product: str, file: str = "") -> list[Step]:
    """How to back up a database of this product: `mariadb`, `mysql` or `postgresql`."""
    if product == "postgresql":
        dump = ["pg_dump", "--format=custom", f"--file={file or f'{url.database}.dump'}", f"--dbname={_uri(url)}"]
        return [Step("Back up, in one snapshot and while it is in use, with a pg_dump not older than the server:",
                     shlex.join(dump)), _password(url, product)]  # fmt: skip
    # Else MySQL writes, or asks for the right to read, what belongs to the server's replication.
    own = ["--set-gtid-purged=OFF"] if product == "mysql" else []
    result = f"--result-file={file or f'{url.database}.sql'}"
    dump = [*_mysql(PROGRAMS[product][0], url, product), *MYSQL_DUMP, *own, result, str(url.database)]
    return [Step("Back up, in one snapshot and while it is in use:", shlex.join(dump)), _password(url, product)]


def restoring(url: sa.URL, product: str, file: str) -> list[Step]:
    """How to load a dump into a new database beside the present one, which stays as it is until the switch."""
    name = f"{url.database}_restored"
    if product == "postgresql":
        home = url.set(database="postgres")
        create = ["createdb", f"--maintenance-db={_uri(home)}", "--template=template0", "--encoding=UTF8", name]
        load = ["pg_restore", "--exit-on-error", "--single-transaction", "--no-owner",
                f"--dbname={_uri(url.set(database=name))}", file]  # fmt: skip
        loading = shlex.join(load)
    else:
        client = _mysql(PROGRAMS[product][1], url, product)
        create = [*client, "--execute", CREATE.format(name)]
        loading = f"{shlex.join([*client, '--default-character-set=utf8mb4', name])} < {shlex.quote(file)}"
    return [
        Step("Make a new database, with an account that may, and give both accounts their rights there:",
             shlex.join(create)),
        Step("Load it, with the account that upgrades:", loading),
        Step(f"Look at it with DATABASE_URL leading to {name}, before the service is switched to it:",
             "flask ops check"),
        _password(url, product),
    ]  # fmt: skip


def _mysql(program: str, url: sa.URL, product: str) -> list[str]:
    # The option file has to come first.
    command = [program, f"--defaults-extra-file={OPTION_FILE}"]
    query = {name: str(value) for name, value in url.query.items()}
    if "unix_socket" not in query:
        # Of several servers any has all of it.
        server = next(iter(servers_of(url)), Server("localhost"))
        command += [f"--host={server.name}", f"--port={server.port or 3306}"]
    if url.username:
        command.append(f"--user={url.username}")
    command += [f"{MYSQL_OPTIONS[name]}={value}" for name, value in query.items() if name in MYSQL_OPTIONS]
    if "ssl_ca" in query or "ssl_capath" in query:
        command.append("--ssl-mode=VERIFY_IDENTITY" if product == "mysql" else "--ssl-verify-server-cert")
    return command


def _uri(url: sa.URL) -> str:
    """libpq's own address, which takes TLS along, and no secret."""
    query = {name: value for name, value in url.query.items() if name not in SECRETS}
    if "host" in query:
        # SQLAlchemy's host:port is none to libpq, which has a list of either.
        named = servers_of(url.set(host=None))
        query["host"] = ",".join(server.name for server in named)
        if any(server.port for server in named):
            query["port"] = ",".join(str(server.port or 5432) for server in named)
    # Made anew: URL.set(password=None) keeps the password.
    bare = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return bare.render_as_string()


def _password(url: sa.URL, product: str) -> Step:
    if product == "postgresql":
        # Those that stand behind the question mark have ports of their own.
        host, port = (url.host, url.port or 5432) if url.host else ("*", "*")
        line = ":".join([host, str(port), "*", url.username or "*", "the password"])
        return Step(f"The password is read from {PASSWORD_FILE} (or the file that PGPASSFILE names), mode 0600:", line)
    return Step(f"The password is read from {OPTION_FILE}, mode 0600:", '[client]\npassword="the password"')
