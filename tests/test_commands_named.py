"""Commands that documents name within a sentence, or for a machine of one's own, are commands that there are.

Those that stand in a fence of kind `sh` are run: see test_docs.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from flask import Flask

from tests.commands import refused
from tests.documents import FENCE, ROOT, Reader, blocks
from tests.serving import served

DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
DEPLOYING = ROOT / "docs" / "deploying.md"
DEPLOY = ROOT / "deploy"
# Up to what follows in the shell or the sentence; not `from flask import …`, nor all commands at once.
COMMAND = re.compile(r"(?<!from )\bflask (?!…)[^|>)#&]+")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_named_is_understood(document: Path, app: Flask):
    wrong = {command: problem for command in named(document) if (problem := refused(app, command))}
    assert wrong == {}


@pytest.mark.sqlite_only
def test_a_command_that_there_is_not_is_found(app: Flask):
    assert refused(app, "flask db upgrade --allow copies-table") == ""
    assert refused(app, "flask db upgrade --alow copies-table").startswith("No such option '--alow'")
    assert refused(app, "flask db improve") == "there is no improve"
    assert "unexpected extra argument" in refused(app, "flask audit verify everything")
    assert {"flask db upgrade --allow copies-table", "flask db plan"} <= set(named(ROOT / "docs" / "upgrades.md"))


def named(document: Path) -> Iterator[str]:
    """Each `flask …` of a document, in its sentences and its fences."""
    text = document.read_text(encoding="utf-8")
    told = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    told += [line for block in blocks(document) for line in block.body.splitlines()]
    for line in told:
        for command in COMMAND.findall(line):
            # What may be left out, as `[--sample N]`.
            yield re.sub(r"[\[\]…]", "", command).replace(" N", " 1").strip()


# -- deploying, on machines that no test has ---------------------------------------------------------------------------


def lines() -> list[str]:
    """The commands of docs/deploying.md."""
    return [line.split(" # ")[0].strip() for block in blocks(DEPLOYING) for line in block.body.splitlines()]


def arguments(*words: str) -> set[str]:
    """What is named in the commands that begin with these words, but for options and their values."""
    told = [line.split()[len(words) :] for line in lines() if line.split()[: len(words)] == list(words)]
    assert told, f"docs/deploying.md has a command that begins with {words}"
    return {word for command in told for word in command if not word.startswith("-")}


def test_files_that_are_copied_and_built_from_are_there():
    made = {"deploy/.env", "deploy/tls"}
    # As kubectl abbreviates it.
    deployments = {f"deploy/{name}" for name in objects("Deployment")}
    named = {word for line in lines() for word in line.split() if word.startswith("deploy/")} - made - deployments
    assert {pattern for pattern in named if not list(ROOT.glob(pattern))} == set()
    assert {"deploy/compose.yaml", "deploy/systemd/*.timer", "deploy/kubernetes"} <= named
    filled_in = re.findall(r"--from-env-file=(\S+)", "\n".join(lines()))
    assert [name for name in filled_in if not (DEPLOY / "kubernetes" / f"{name}.example").is_file()] == []


def test_services_of_compose_that_are_named_are_there():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    told = arguments("docker", "compose", "-f", "deploy/compose.yaml", "up") | {"web-1"}
    assert told <= set(services)
    assert {name for name, service in services.items() if service["image"].startswith("backoffice:")} <= told


def test_units_of_systemd_that_are_named_are_there():
    files = {file.name for file in (DEPLOY / "systemd").iterdir()}
    told = arguments("systemctl", "enable") | arguments("systemctl", "restart")
    units = {re.sub(r"@\d+", "@", unit) for unit in told}
    assert {unit for unit in units if f"{unit}.service" not in files and unit not in files} == set()
    started = {file for file in files if not file.endswith((".example", "nightly.service"))}
    assert {unit if "." in unit else f"{unit}.service" for unit in units} == started


def test_objects_of_kubernetes_that_are_named_are_there():
    told = "\n".join(lines())
    assert set(re.findall(r"\bjob[/ ](\S+)", told)) == objects("Job")
    assert set(re.findall(r"\bdeploy(?:ment)?/(backoffice\S+)", told)) <= objects("Deployment")
    manifests = "\n".join(file.read_text(encoding="utf-8") for file in (DEPLOY / "kubernetes").glob("*.yaml"))
    used = re.findall(r"(?:secret(?:Key)?Ref:\s+name|secretName): (\S+)", manifests)
    assert set(re.findall(r"create secret \w+ (\S+)", told)) == set(used)


def objects(kind: str) -> set[str]:
    """The names of the manifests of this kind."""
    files = (file.read_text(encoding="utf-8") for file in (DEPLOY / "kubernetes").glob("*.yaml"))
    return {each["metadata"]["name"] for file in files for each in yaml.safe_load_all(file) if each["kind"] == kind}


@pytest.mark.sqlite_only
def test_waiting_for_a_process_to_be_ready_ends_when_it_is(make_app: Callable[..., Flask], tmp_path: Path):
    if shutil.which("curl") is None:
        pytest.skip("curl: not found; install it")
    [command] = [line for line in lines() if line.startswith("curl ")]
    host = re.findall(r"Host: ([\w.]+)", command)
    with served(make_app(trusted_hosts=tuple(host))) as address:
        Reader(tmp_path).run(command.replace("http://127.0.0.1:8000", address))
