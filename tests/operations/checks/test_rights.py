"""What SHOW GRANTS tells, as MariaDB and MySQL write it: which rights an account holds on a table, and on all."""

from __future__ import annotations

from typing import Any

import pytest

from backoffice.operations.checks import rights

SERVES, UPGRADES = set(rights.SERVES), set(rights.UPGRADES)


class Server:
    """Answers as one with these grants; `roles` are those that MySQL says are active."""

    def __init__(self, *lines: str, roles: str = "NONE") -> None:
        self.lines, self.roles, self.asked = lines, roles, ""
        self.dialect = None

    def scalar(self, _statement: Any) -> str:
        return self.roles

    def scalars(self, statement: Any) -> tuple[str, ...]:
        self.asked = str(statement)
        return self.lines


def held(*lines: str, database: str = "shop", table: str = "article") -> set[str]:
    """The rights on one table."""
    return rights.held(rights.grants(rights.shown(Server(*lines))), database, table)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO `backoffice`@`%`",
        "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED BY PASSWORD '*81F5' WITH GRANT OPTION",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `sh%`.* TO `backoffice`@`%`",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.`article` TO `backoffice`@`%`",
    ],
)
def test_rights_are_found_wherever_they_are_granted(line: str) -> None:
    assert held("GRANT USAGE ON *.* TO `backoffice`@`%` IDENTIFIED BY PASSWORD '*81F5'", line) >= SERVES


@pytest.mark.parametrize(
    "line",
    [
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `other`.* TO `backoffice`@`%`",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.`user` TO `backoffice`@`%`",
        "GRANT SELECT (`id`, `title`), UPDATE (`title`) ON `shop`.`article` TO `backoffice`@`%`",
        "GRANT `a role` TO `backoffice`@`%`",
        "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
    ],
)
def test_rights_on_something_else_or_on_some_columns_do_not_count(line: str) -> None:
    assert not held(line) & SERVES


def test_a_right_on_some_columns_is_told_from_none() -> None:
    assert held("GRANT SELECT (`id`, `title`), UPDATE (`title`) ON `shop`.`article` TO `u`@`%`") == {
        "SELECT ()",
        "UPDATE ()",
    }


def test_names_are_compared_without_case_as_some_servers_have_it() -> None:
    assert held("GRANT SELECT ON `shop`.`Article` TO `u`@`%`", database="Shop") == {"SELECT"}


def test_roles_are_told_from_rights() -> None:
    assert rights.is_of_role("GRANT `deploy`@`%` TO `u`@`%`")
    assert not rights.is_of_role("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION")
    assert not rights.is_of_role("SET DEFAULT ROLE `deploy` FOR `u`@`%`")


def test_an_escaped_underscore_stands_for_itself() -> None:
    exact, any_character = "GRANT SELECT ON `a\\_b`.* TO `u`@`%`", "GRANT SELECT ON `a_b`.* TO `u`@`%`"
    assert (held(exact, database="a_b"), held(exact, database="axb")) == ({"SELECT"}, set())
    assert held(any_character, database="axb") == {"SELECT"}


def test_a_right_on_one_table_does_not_upgrade() -> None:
    assert not held("GRANT ALL PRIVILEGES ON `shop`.`article` TO `u`@`%`", table="") & UPGRADES
    assert held("GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`", table="") >= UPGRADES


def test_roles_are_asked_for_where_mysql_has_some_active() -> None:
    server = Server(roles="`deploy`@`%`")
    rights.shown(server)  # type: ignore[arg-type]
    assert server.asked == "SHOW GRANTS FOR CURRENT_USER() USING `deploy`@`%`"
