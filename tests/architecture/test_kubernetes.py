"""The files in `deploy/kubernetes`: closed pods, the programs of `compose.yaml`, overlays that kustomize renders."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
WORKERS = ("worker", "bookings", "chats", "messages")
PROGRAMS = {"web", "migrate", "beat", *WORKERS}
SECRET = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|DATABASE_URL|REDIS_URL|EMAIL_URL|DSN")


def documents(*paths: Path) -> list[dict[str, Any]]:
    return [one for path in paths for one in yaml.safe_load_all(path.read_text()) if one]


def base() -> list[dict[str, Any]]:
    return documents(*sorted(path for path in (KUBERNETES / "base").glob("*.yaml") if path.stem != "kustomization"))


def pods() -> dict[str, dict[str, Any]]:
    """The pod of each program, by its component."""
    kinds = ("Deployment", "Job")
    templates = [one["spec"]["template"] for one in base() if one["kind"] in kinds]
    return {one["metadata"]["labels"]["app.kubernetes.io/component"]: one["spec"] for one in templates}


def test_every_program_has_its_pod() -> None:
    assert set(pods()) == PROGRAMS
    assert set(compose()) - {"postgres", "redis"} == PROGRAMS


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_pod_may_do_what_it_needs_and_no_more(name: str) -> None:
    pod = pods()[name]
    [container] = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"].keys() == container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert container["envFrom"] == [
        {"configMapRef": {"name": "wardbook-settings"}},
        {"secretRef": {"name": "wardbook"}},
    ]
    assert "env" not in container
    assert name == "migrate" or container["livenessProbe"]


def test_the_web_is_asked_whether_people_can_be_served() -> None:
    [container] = pods()["web"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert "args" not in container
    assert "command" not in container


@pytest.mark.parametrize("name", WORKERS)
def test_workers_take_the_queues_that_they_take_with_compose(name: str) -> None:
    assert queues(pods()[name]["containers"][0]["args"]) == queues(compose()[name]["command"])


def test_pods_end_as_late_as_with_compose() -> None:
    """A task is finished before its worker is killed."""
    for name in WORKERS:
        assert pods()[name]["terminationGracePeriodSeconds"] == int(compose()[name]["stop_grace_period"].rstrip("s"))


def test_what_leaves_a_pod_is_named() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in base() if one["kind"] == "NetworkPolicy"}
    reached = {
        name: {port["port"] for rule in one["egress"] for port in rule["ports"]} for name, one in policies.items()
    }
    assert reached == {
        "wardbook-closed": {53, 5432, 6432},
        "wardbook-redis": {6379},
        "wardbook-web": {443},
        "wardbook-vendors": {443},
        "wardbook-mail": {465, 587},
    }
    assert policies["wardbook-closed"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "wardbook"}}
    let_in = {name: one["ingress"][0]["ports"] for name, one in policies.items() if "ingress" in one}
    assert let_in == {
        "wardbook-web": [{"protocol": "TCP", "port": 8000}],
        "wardbook-vendors": [{"protocol": "TCP", "port": 9100}],
    }


@pytest.mark.parametrize("overlay", ["small", "large"])
def test_settings_are_known_and_none_is_secret(overlay: str) -> None:
    lines = (KUBERNETES / "overlays" / overlay / "settings.env").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert names <= listed
    assert [name for name in names if SECRET.search(name)] == []


@pytest.mark.parametrize("overlay", ["small", "large"])
def test_an_overlay_renders_to_valid_resources(overlay: str) -> None:
    if not shutil.which("kubectl"):
        pytest.skip("there is no kubectl here")
    command = ["kubectl", "kustomize", str(KUBERNETES / "overlays" / overlay)]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    resources = [one for one in yaml.safe_load_all(rendered) if one]
    for resource in resources:
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)
    kinds = sorted(one["kind"] for one in resources)
    assert kinds.count("Deployment") == len(PROGRAMS) - 1
    assert ("HorizontalPodAutoscaler" in kinds) is (overlay == "large")
    assert kinds.count("PodDisruptionBudget") == (len(PROGRAMS) - 2 if overlay == "large" else 0)
    [settings] = [one for one in resources if one["kind"] == "ConfigMap"]
    assert settings["data"]["DJANGO_SETTINGS_MODULE"] == "config.settings.production"
    assert {one["metadata"]["namespace"] for one in resources} == {"wardbook"}


def compose() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def queues(command: list[str]) -> list[str]:
    """The option that chooses queues, and its value."""
    at = next(place for place, word in enumerate(command) if word in ("--queues", "--exclude-queues"))
    return command[at : at + 2]
