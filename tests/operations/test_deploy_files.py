"""The files in deploy/ parse, agree with each other, and name settings, commands and files that there are."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from backoffice.config import ROOT, Settings
from tests.commands import refused
from tests.serving import served

DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"].startswith("backoffice:")}
# What the Dockerfile sets for Python and the shell, not for the product.
NOT_OURS = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


# -- what they name, there is ------------------------------------------------------------------------------------------


def test_every_setting_named_is_one_of_the_product():
    known = set(re.findall(r'read\.\w+\(\s*"(\w+)"', (ROOT / "backoffice" / "config.py").read_text(encoding="utf-8")))
    named = {where: set(names) for where, names in settings_named()}
    assert len(named) > 8
    assert {where: unknown for where, names in named.items() if (unknown := names - known - NOT_OURS)} == {}


def settings_named() -> Iterator[tuple[str, Iterator[str] | list[str]]]:
    """Each place that sets something, and what."""
    yield "Dockerfile", re.findall(r"^(?:ENV| {3}) (\w+)=", DOCKERFILE, re.M)
    for name, service in OURS.items():
        yield f"compose {name}", list(service["environment"])
    for unit in UNITS:
        yield unit.name, re.findall(r"\b(\w+)=", " ".join(values(unit, "Environment")))
    for file in [*(DEPLOY / "systemd").glob("*.env.example"), *(DEPLOY / "kubernetes").glob("*.env.example")]:
        yield file.name, re.findall(r"^(\w+)=", file.read_text(encoding="utf-8"), re.M)
    generated = kustomization()["configMapGenerator"][0]["literals"]
    yield "kustomization", [literal.partition("=")[0] for literal in generated]
    yield "containers", [each["name"] for container in containers() for each in container.get("env", [])]


@pytest.mark.sqlite_only
def test_every_command_named_is_one_of_the_product(app: Flask):
    told = [" ".join(container["command"]) for container in containers()]
    told += [command for service in OURS.values() for command in plain(service.get("command", ["python run.py"]))]
    told += [line.removeprefix("/srv/backoffice/.venv/bin/") for unit in UNITS for line in values(unit, "ExecStart")]
    told.append(" ".join(yaml.safe_load(DOCKERFILE.rsplit("\nCMD ", 1)[1])))
    flask = {command for command in told if command != "python run.py"}
    assert "python run.py" in told
    assert {"flask db upgrade", "flask search reindex --due", "flask jobs work", "flask ops check"} <= flask
    assert {command: problem for command in flask if (problem := refused(app, command))} == {}


def plain(command: list[str]) -> list[str]:
    """The commands that a service runs, one after the other."""
    return command[2].split(" && ") if command[:2] == ["sh", "-c"] else [" ".join(command)]


def test_every_value_of_compose_is_in_its_example():
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    given = set(re.findall(r"^(\w+)=", (DEPLOY / "compose.env.example").read_text(encoding="utf-8"), re.M))
    assert asked == given


def test_every_file_that_is_mounted_or_listed_exists():
    mounted = [volume.split(":")[0] for each in COMPOSE["services"].values() for volume in each.get("volumes", [])]
    files = [DEPLOY / source for source in mounted if source.startswith("./")]
    files += [DEPLOY / "kubernetes" / name for name in kustomization()["resources"]]
    files += [ROOT / copied for copied in re.findall(r"^COPY (deploy/\S+)", DOCKERFILE, re.M)]
    assert [file for file in files if not file.is_file()] == []
    assert set(kustomization()["resources"]) == {file.name for file in KUBERNETES} - {"kustomization.yaml"}


def test_what_the_image_gets_is_enough_to_be_healthy(tmp_path: Path):
    for name in image_files():
        source, target = ROOT / name, tmp_path / "image" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    program = "import run; print(run.app.test_client().get('/healthz').status_code)"
    environ = {
        **environment_of_the_image(), "PATH": os.environ["PATH"], "BACKOFFICE_INSTANCE": str(tmp_path / "instance"),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'backoffice.db'}", "METRICS_TOKEN": "a token for tests only",
        "SECRET_KEY": "a secret for tests only", "SECURITY_PASSWORD_SALT": "a salt for tests only",
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "image",
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "200\n", ended.stderr


def image_files() -> list[str]:
    """What .dockerignore lets into the image."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("!").rstrip("/") for line in lines if line.startswith("!")]


def environment_of_the_image() -> dict[str, str]:
    """What the Dockerfile sets."""
    return dict(re.findall(r"^(?:ENV| {3}) (\w+)=(\S+)", DOCKERFILE, re.M))


# -- they agree --------------------------------------------------------------------------------------------------------


def test_ports_agree():
    port = environment_of_the_image()["PORT"]
    assert f"\nEXPOSE {port}\n" in DOCKERFILE
    upstream = read("nginx/upstream-compose.conf")
    assert re.findall(r"server (\S+):(\d+) resolve", upstream) == [("web-1", port), ("web-2", port)]
    assert {"web-1", "web-2"} < set(OURS)
    assert "backoffice@8000 backoffice@8001" in read("systemd/backoffice@.service")
    assert re.findall(r"127\.0\.0\.1:(\d+)", read("nginx/upstream-machine.conf")) == ["8000", "8001"]
    [web] = [container for container in containers() if container["name"] == "web"]
    assert web["ports"] == [{"name": "http", "containerPort": int(port)}]


def test_the_instance_folder_is_where_it_can_be_written():
    instance = environment_of_the_image()["BACKOFFICE_INSTANCE"]
    assert all(f"instance:{instance}" in service["volumes"] for service in OURS.values())
    for container in containers():
        assert instance in [mount["mountPath"] for mount in container["volumeMounts"]], container["name"]
    for unit in UNITS:
        assert f"/var/lib/{values(unit, 'StateDirectory')[0]}" == instance, unit.name
    assert f"BACKOFFICE_INSTANCE={instance}\n" in read("systemd/backoffice.env.example")


def test_nobody_is_root_and_no_root_file_system_is_written():
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.M)
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in OURS.values())
    for container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }, container["name"]  # fmt: skip
    for pod in pods():
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
    for unit in UNITS:
        assert (values(unit, "User"), values(unit, "ProtectSystem")) == (["backoffice"], ["strict"]), unit.name


def test_whoever_ends_a_process_waits_longer_than_it_may_take():
    longest = Settings().drain_seconds
    delay = dict(each.split("=") for each in kustomization()["configMapGenerator"][0]["literals"])[
        "DRAIN_DELAY_SECONDS"
    ]
    assert all(int(service["stop_grace_period"].removesuffix("s")) > longest for service in OURS.values())
    served = [pod for pod in pods() if pod["containers"][0]["name"] in ("web", "worker")]
    assert [pod["terminationGracePeriodSeconds"] > longest + int(delay) for pod in served] == [True, True]
    for name in ("backoffice@", "backoffice-worker@"):
        assert int(values(DEPLOY / "systemd" / f"{name}.service", "TimeoutStopSec")[0]) > longest


def test_a_proxy_lets_the_product_say_itself_what_is_too_large_and_repeats_no_change():
    size = f"{Settings().max_upload_mb + 1}m"
    assert f"client_max_body_size {size};" in read("nginx/backoffice.conf")
    assert f"proxy-body-size: {size}" in read("kubernetes/ingress.yaml")
    rules = re.findall(
        r"proxy[_-]next[_-]upstream:? (.*?);?$", read("nginx/backoffice.conf") + read("kubernetes/ingress.yaml"), re.M
    )
    assert rules == ["error timeout", "error timeout"]


def test_only_the_upgrade_has_the_account_that_may_change_tables():
    with_it = {
        name for name, service in OURS.items() if "//backoffice_deploy:" in service["environment"]["DATABASE_URL"]
    }
    assert with_it == {"upgrade"}
    assert {container["name"] for container in containers() if container.get("env")} == {"upgrade", "index"}
    assert {unit.stem for unit in UNITS if "-/etc/backoffice/upgrade.env" in values(unit, "EnvironmentFile")} == {
        "backoffice-upgrade"
    }


def test_the_accounts_of_compose_have_the_rights_that_the_documents_give():
    told = (
        (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").replace("'a password'", "'${DEPLOYING_PASSWORD}'")
    )
    told = told.replace("'another password'", "'${SERVING_PASSWORD}'")
    [sql] = re.findall(r"<<SQL\n(.*?)SQL\n", read("mariadb-accounts.sh"), re.S)
    assert f"```sql\n{sql}```" in told


def test_probes_ask_by_a_name_that_is_answered():
    [web] = [container for container in containers() if container["name"] == "web"]
    probes = [web[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert [probe["path"] for probe in probes] == ["/healthz", "/healthz", "/readyz"]
    trusted = dict(each.split("=") for each in kustomization()["configMapGenerator"][0]["literals"])["TRUSTED_HOSTS"]
    assert {header["value"] for probe in probes for header in probe["httpHeaders"]} == {trusted}


@pytest.mark.sqlite_only
def test_the_health_check_asks_by_a_name_that_is_answered(make_app: Callable[..., Flask]):
    with served(make_app(trusted_hosts=(".example.com",))) as address:
        port = address.rpartition(":")[2]
        assert health(PORT=port, TRUSTED_HOSTS=".example.com, other.example.org") == 0
        assert health(PORT=port, TRUSTED_HOSTS="other.example.org") == 1


def health(**environ: str) -> int:
    """The exit code of the container's own check."""
    command = [sys.executable, "-S", DEPLOY / "health.py"]
    return subprocess.run(
        command, env={"PATH": os.environ["PATH"], **environ}, capture_output=True, check=False
    ).returncode


# -- reading them ------------------------------------------------------------------------------------------------------


def read(name: str) -> str:
    """The text of a file of deploy/."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def values(unit: Path, key: str) -> list[str]:
    """What a unit gives a key, in order; a key may stand there several times."""
    # Nothing but sections, comments and `Key=value`, which this reads as systemd does.
    configparser.ConfigParser(strict=False, interpolation=None, delimiters=["="]).read_string(unit.read_text())
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.M)


def kustomization() -> dict[str, Any]:
    """What `kubectl apply -k` reads first."""
    found: dict[str, Any] = yaml.safe_load(read("kubernetes/kustomization.yaml"))
    return found


def pods() -> list[dict[str, Any]]:
    """What each workload of the manifests runs."""
    found = []
    for document in (each for file in KUBERNETES for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))):
        spec = document.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found.append(spec["template"]["spec"])
    assert len(found) == 4
    return found


def containers() -> list[dict[str, Any]]:
    """Each container of the manifests."""
    return [container for pod in pods() for container in (*pod.get("initContainers", []), *pod["containers"])]
