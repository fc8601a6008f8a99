"""The manifests of `deploy/` on a real API server, with every component alone and all together."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.deployed import (
    COMPONENTS,
    DEPLOY,
    NAMESPACES,
    built,
    install,
    install_kinds,
    objects,
    overlay,
    send,
    until,
)
from tests.clusters.real import RealCluster

README = (DEPLOY.parent / "README.md").read_text()
CREATE = ("create", "--dry-run=server", "-f", "-")
CHOICES = [(), *((each,) for each in COMPONENTS), COMPONENTS]


@pytest.fixture(scope="module")
def installed(real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The base with every component, applied; what was applied."""
    install_kinds(real, data)
    manifests = built(real, overlay(tmp_path_factory.mktemp("all"), COMPONENTS))
    install(real, manifests)
    return manifests


def a_pod(manifests: str, **container: Any) -> dict[str, Any]:
    """The pod that the Deployment would make."""
    (deployment,) = (each for each in objects(manifests) if each["kind"] == "Deployment")
    template = deployment["spec"]["template"]
    template["spec"]["containers"][0] |= container
    metadata = template["metadata"] | {"name": "tried", "namespace": "meshmedic"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda each: "+".join(each) or "base")
def test_a_choice_of_components_is_accepted_strictly(
    chosen: tuple[str, ...], installed: str, real: RealCluster, tmp_path: Path
) -> None:
    """Server-side dry run: no unknown field, no warning, nothing that the API server refuses."""
    send(real, built(real, overlay(tmp_path, chosen)), "--dry-run=server")


def test_what_is_sent_strictly_can_be_refused(installed: str, real: RealCluster) -> None:
    """The measure itself: an unknown field, and a warning of the API server."""
    (deployment,) = (each for each in objects(installed) if each["kind"] == "Deployment")
    deployment["spec"]["replica"] = 1
    with pytest.raises(AssertionError, match="field not declared in schema"):
        send(real, json.dumps(deployment), "--dry-run=server")
    twice = a_pod(installed, env=[{"name": "A"}, {"name": "A"}])
    with pytest.raises(AssertionError, match="1 warning"):
        real.kubectl(*CREATE, "--warnings-as-errors", given=json.dumps(twice))


def test_every_two_components_go_together(real: RealCluster, tmp_path: Path) -> None:
    """None adds an object that another adds, and the settings stay immutable."""
    for size in range(3):
        for chosen in itertools.combinations(COMPONENTS, size):
            made = objects(built(real, overlay(tmp_path, chosen)))
            names = [
                (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
                for each in made
            ]
            assert len(names) == len(set(names))
            (settings,) = (
                each
                for each in made
                if each["kind"] == "ConfigMap" and "settings" in each["metadata"]["name"]
            )
            assert settings["immutable"] is True


@pytest.mark.parametrize("folder", ["example", "flux"])
def test_what_people_copy_is_accepted_strictly(
    folder: str, installed: str, real: RealCluster
) -> None:
    """The example as it stands, and Flux's objects by Flux's own schemas; applied for good too."""
    manifests = built(real, DEPLOY / folder)
    send(real, manifests, "--dry-run=server")
    send(real, manifests, "--force-conflicts")


def test_the_readmes_install_commands_do_what_they_say(
    installed: str, real: RealCluster, tmp_path: Path
) -> None:
    """Those of kubectl, over a copy of the example; no kubelet would end the rollout."""
    section = README.partition("### Install in the cluster")[2].partition("```sh\n")[2]
    commands = [line.split("    #")[0] for line in section.partition("```")[0].splitlines()]
    assert len(commands) <= 5
    docker, copied, applied, secret, rollout = commands
    assert "deploy/Dockerfile" in docker
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    copy, _, edited = copied.partition(" && ")
    _, _, source, target = copy.split()
    shutil.copytree(tmp_path / source, tmp_path / target)
    assert target in edited
    _, *arguments = applied.split()
    real.kubectl(*(each.replace(target, str(tmp_path / target)) for each in arguments))
    real.kubectl("delete", "secret", "meshmedic", "-n", "meshmedic", "--ignore-not-found")
    real.kubectl(*secret.split()[1:], given="a.b.c\n")
    pod = real.read("deployment", "meshmedic", "-n", "meshmedic")["spec"]["template"]["spec"]
    (volume,) = (each for each in pod["volumes"] if "secret" in each)
    made = real.read("secret", volume["secret"]["secretName"], "-n", "meshmedic")
    assert list(made["data"]) == ["meshmedic_discord_token"]
    real.kubectl(*rollout.split()[1:], "--watch=false")


def test_the_example_lists_its_namespaces_one_by_one(installed: str, real: RealCluster) -> None:
    """The repeated entry becomes a binding of its own."""
    bound = {
        (each["metadata"]["namespace"], each["subjects"][0]["name"])
        for each in objects(built(real, DEPLOY / "example"))
        if each["kind"] == "RoleBinding" and each["roleRef"]["name"] == "meshmedic-approver"
    }
    assert bound == {(each, "meshmedic:approver") for each in ("apps", "media")}
    assert {namespace for namespace, _ in bound} <= set(NAMESPACES)


def test_the_example_names_its_settings_and_its_pods_see_them(real: RealCluster) -> None:
    """The merged ConfigMap has a name by its content, and the Deployment follows."""
    made = objects(built(real, DEPLOY / "example"))
    (settings,) = (each for each in made if each["kind"] == "ConfigMap")
    (deployment,) = (each for each in made if each["kind"] == "Deployment")
    assert set(settings["data"]) == {"MESHMEDIC_GUILD_ID", "MESHMEDIC_APPROVERS"}
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["envFrom"] == [{"configMapRef": {"name": settings["metadata"]["name"]}}]


def test_the_pod_passes_pod_security_restricted(installed: str, real: RealCluster) -> None:
    """In the namespace that enforces it, and without its settings it would not pass."""
    dry = ("apply", "--server-side", "--dry-run=server", "--warnings-as-errors", "-f", "-")
    real.kubectl(*dry, given=json.dumps(a_pod(installed)))
    bare = a_pod(installed, securityContext={})
    refused = real.kubectl(*dry, given=json.dumps(bare), fails=True)
    assert 'violates PodSecurity "restricted:latest"' in refused


def test_a_prober_pod_gets_no_token_and_a_share_of_the_quota(
    installed: str, real: RealCluster
) -> None:
    """Whoever names no account gets one without a token; a Secret cannot be put there at all."""
    container = a_pod(installed)["spec"]["containers"][0]
    spec = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {"name": "probe", "image": "probe", "securityContext": container["securityContext"]}
        ],
    }
    metadata = {"name": "probe", "namespace": "meshmedic-probe"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    made = json.loads(real.kubectl(*CREATE, "-o", "json", given=json.dumps(pod)))
    assert "volumes" not in made["spec"]
    limits = {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "64Mi"}
    assert made["spec"]["containers"][0]["resources"]["limits"] == limits
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    refused = real.kubectl("create", "-f", "-", given=json.dumps(secret), fails=True)
    assert "exceeded quota" in refused


@pytest.mark.parametrize("name", ["meshmedic-approver", "meshmedic-exec"])
def test_the_api_server_has_no_doubt_about_an_admission_policy(
    name: str, installed: str, real: RealCluster
) -> None:
    """Its expressions compile, and where their types can be checked they agree."""

    def checked() -> dict[str, Any]:
        status: dict[str, Any] = real.read("validatingadmissionpolicy", name).get("status", {})
        return status

    until(lambda: "observedGeneration" in checked())
    assert not checked().get("typeChecking", {}).get("expressionWarnings")


def test_people_with_edit_or_admin_rights_get_none_on_changes(
    installed: str, real: RealCluster
) -> None:
    """The kind is in no aggregated role: else whoever edits a namespace could approve."""
    for name in ("view", "edit", "admin"):
        rules = real.read("clusterrole", name)["rules"]
        assert not any("meshmedic.dev" in rule.get("apiGroups", ()) for rule in rules)
