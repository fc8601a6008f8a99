"""The manifests allow exactly what the code asks for. What an API server says is in cluster/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bot.domain import record
from bot.domain.resources.registry import KIND_OF, KINDS
from bot.domain.temporary import NAMESPACE
from bot.health.checks import CHECKS
from bot.kube import agents
from bot.net.probing import agent_configmaps, signed_job
from bot.net.probing.manifests import TOOL_IMAGE
from bot.net.route_checks import plan
from bot.probe import serve
from bot.settings import PREFIX, SECRETS_DIR, Settings
from tests.golden.records import RECORDS
from tests.places import ROOT

DEPLOY = ROOT / "deploy"
READ = ("get", "list", "watch")
DISCOVERY = "discovery.k8s.io"

Right = tuple[str, str, str]


def documents(*paths: str) -> Iterator[dict[str, Any]]:
    """Every object in these files."""
    for path in paths:
        yield from yaml.safe_load_all((DEPLOY / path).read_text())


def only(path: str, kind: str) -> dict[str, Any]:
    """The one object of a kind in a file."""
    (found,) = (each for each in documents(path) if each["kind"] == kind)
    return found


def rights(document: dict[str, Any]) -> set[Right]:
    """Every (group, resource, verb) that a role gives."""
    return {
        (group, resource, verb)
        for rule in document.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


CHECK_ROLES = {each["metadata"]["name"]: each for each in documents("base/checks.yaml")}


READING = tuple(check for check in CHECKS if check.reads)
"""One judges by what tests proved alone."""


@pytest.mark.parametrize("check", READING, ids=lambda each: each.name)
def test_the_role_of_a_check_allows_what_that_check_reads_and_nothing_else(check):
    """One role a check, and Secrets in none of them."""
    kinds = [KIND_OF[each] for each in check.reads if not KIND_OF[each].metadata_only]
    wanted = {
        (group, kind.plural, verb) for kind in kinds for group in kind.groups for verb in READ
    }
    assert rights(CHECK_ROLES[f"meshmedic-check-{check.name}"]) == wanted


def test_the_viewer_reads_what_route_checks_are_planned_by():
    """Also where the Gateway API is installed."""
    held = set().union(*map(rights, CHECK_ROLES.values()))
    for kind in (KIND_OF[read] for read in plan.READS):
        assert {(group, kind.plural, verb) for group in kind.groups for verb in READ} <= held


def test_the_viewer_is_the_checks_and_what_is_asked_about_one_finding():
    """No role is left over, each is part of the viewer, and together they read every kind."""
    others = {
        "meshmedic-namespaces": {("", "namespaces", verb) for verb in READ},
        "meshmedic-details": {
            ("", "events", "list"),
            ("", "pods/log", "get"),
            ("metrics.k8s.io", "pods", "get"),
        },
        "meshmedic-diagnose": {("networking.k8s.io", "networkpolicies", verb) for verb in READ},
    }
    assert set(CHECK_ROLES) == {f"meshmedic-check-{check.name}" for check in READING} | set(others)
    for name, wanted in others.items():
        assert rights(CHECK_ROLES[name]) == wanted
    (selector,) = only("base/account.yaml", "ClusterRole")["aggregationRule"][
        "clusterRoleSelectors"
    ]
    for role in CHECK_ROLES.values():
        assert role["metadata"]["labels"] == selector["matchLabels"]
    read = {right for role in CHECK_ROLES.values() for right in rights(role)}
    everything = {
        (group, kind.plural, "list")
        for kind in KINDS
        if not kind.metadata_only
        for group in kind.groups
    }
    assert everything <= read


def test_secrets_are_only_in_the_component_that_says_what_it_costs():
    """The base install cannot read a Secret."""
    found = {
        path.relative_to(DEPLOY).as_posix(): right
        for path in DEPLOY.rglob("*.yaml")
        for document in documents(path.relative_to(DEPLOY).as_posix())
        for right in rights(document)
        if right[1] == "secrets"
    }
    assert set(found) == {"components/secret-inventory/rbac.yaml"}
    component = only("components/secret-inventory/rbac.yaml", "ClusterRole")
    assert rights(component) == {("", "secrets", "list"), ("", "secrets", "watch")}


def test_nobody_but_a_person_deletes_what_was_recorded():
    """The bot's own role withholds `delete`: else a Change could be made anew with another past."""
    state = rights(only("base/state.yaml", "Role"))
    assert {verb for _, _, verb in state} <= {"get", "list", "watch", "create", "update", "patch"}


def test_the_policy_of_jobs_knows_the_default_image_of_the_tools():
    """So that both have the same digest once they are pinned."""
    policy = (DEPLOY / "components/prober/admission.yaml").read_text()
    assert f"'{TOOL_IMAGE}'" in policy


def test_of_configmaps_the_bot_reads_and_updates_its_records_alone():
    """Each that it keeps, by its name; the doctor asks for the same."""
    (role,) = (each for each in documents("base/state.yaml") if each["kind"] == "Role")
    named = [rule for rule in role["rules"] if rule["resources"] == ["configmaps"]]
    names = [name for rule in named for name in rule.get("resourceNames", ())]
    assert names == [f"{record.PREFIX}{name}" for name in record.NAMES]
    assert sorted(kept.name for kept, _ in RECORDS) == list(record.NAMES)


def test_of_events_the_bot_may_only_add_some_in_its_own_namespace():
    """It says on its pod why it cannot work; it needs neither to change nor to remove one."""
    state = rights(only("base/state.yaml", "Role"))
    assert {right for right in state if right[1] == "events"} == {("", "events", "create")}


def test_the_agents_are_what_the_bot_looks_for():
    """Labels, ports, the place of the keys, and a command line that the agent understands."""
    where = "components/prober-daemonset/agents.yaml"
    made = only(where, "DaemonSet")
    template = made["spec"]["template"]
    (container,) = template["spec"]["containers"]
    key, _, value = agents.LABEL.partition("=")
    assert template["metadata"]["labels"][key] == value
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports[agents.PORT_NAME] == signed_job.PORT
    assert ports["listener"] == ports["listener-udp"] == signed_job.LISTENER_PORT
    assert made["metadata"]["namespace"] == NAMESPACE
    both = [agent_configmaps.KEYS, agent_configmaps.PEERS]
    made = [each["metadata"] for each in documents(where) if each["kind"] == "ConfigMap"]
    assert [each["name"] for each in made] == both
    assert {each["namespace"] for each in made} == {NAMESPACE}
    volumes = {each["name"]: each["configMap"]["name"] for each in template["spec"]["volumes"]}
    mounted = {volumes[each["name"]]: each["mountPath"] for each in container["volumeMounts"]}
    understood = serve.read_options(container["args"])
    assert understood.port == signed_job.PORT
    assert str(understood.keys) == mounted[agent_configmaps.KEYS]
    assert (
        str(understood.peers) == f"{mounted[agent_configmaps.PEERS]}/{agent_configmaps.PEERS_FILE}"
    )
    role = only("components/prober-daemonset/rbac.yaml", "Role")
    (rule,) = role["rules"]
    assert rule["resourceNames"] == both
    assert rights(role) == {("", "configmaps", "get"), ("", "configmaps", "patch")}


def test_the_account_may_do_in_the_probes_namespace_what_probing_does_and_no_more():
    """Jobs, their pods' logs, and Services with their slices."""
    made = {
        (group, resource, verb)
        for group, resource in (("batch", "jobs"), ("", "services"), (DISCOVERY, "endpointslices"))
        for verb in ("get", "list", "create", "delete")
    }
    read = {("", "pods", verb) for verb in READ} | {("", "pods/log", "get")}
    assert rights(only("components/prober/rbac.yaml", "Role")) == made | read


def test_no_role_uses_a_wildcard():
    """Whatever is allowed is named."""
    for path in DEPLOY.rglob("*.yaml"):
        for document in documents(path.relative_to(DEPLOY).as_posix()):
            assert not any("*" in right for right in rights(document)), path


def test_one_process_at_a_time_unless_the_component_is_chosen():
    """The base replaces its process, and does not run two."""
    deployment = only("base/deployment.yaml", "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"]["type"] == "Recreate"


@pytest.mark.xfail(
    "http_port" not in Settings.model_fields,
    strict=True,
    reason="MESHMEDIC_HTTP_PORT and MESHMEDIC_LOG_FORMAT come with the HTTP server",
)
def test_every_variable_in_the_manifests_is_a_setting():
    """A name that the code does not know would stop the bot at its start."""
    text = "\n".join(path.read_text() for path in DEPLOY.rglob("*.yaml"))
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", text)) - {PREFIX}
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {SECRETS_DIR}
    assert named <= known


def admitted(path: str) -> list[dict[str, Any]]:
    """Who may come in by the policies of a file: the entries below `from`."""
    policies = [policy for policy in documents(path) if policy["kind"] == "NetworkPolicy"]
    rules = [rule for policy in policies for rule in policy["spec"].get("ingress", ())]
    assert all(rule["from"] for rule in rules)
    return [peer for rule in rules for peer in rule["from"]]


def test_metrics_are_for_the_namespaces_that_the_overlay_names_and_health_for_the_node():
    """Every network plugin lets a pod's own node through: the base has to admit nobody."""
    policy = only("base/network.yaml", "NetworkPolicy")
    assert "Ingress" in policy["spec"]["policyTypes"]
    assert policy["spec"]["ingress"] == []
    (peer,) = admitted("components/metrics/network.yaml")
    (named,) = peer["namespaceSelector"]["matchExpressions"]
    assert (named["key"], named["operator"]) == ("kubernetes.io/metadata.name", "In")
    assert tuple(named["values"]) == Settings.model_fields["metrics_namespaces"].default
    metrics = only("components/metrics/network.yaml", "NetworkPolicy")
    assert metrics["spec"]["podSelector"] == policy["spec"]["podSelector"]
    example = only("example/kustomization.yaml", "Kustomization")
    (patch,) = (one for one in example["patches"] if "metrics" in one["target"]["name"])
    (change,) = yaml.safe_load(patch["patch"])
    assert change["value"] == named["values"]
    assert change["path"].split("/")[1:5] == ["spec", "ingress", "0", "from"]


@pytest.mark.parametrize(
    ("where", "kind", "variable"),
    [
        ("base/deployment.yaml", "Deployment", "MESHMEDIC_NODE_ADDRESSES"),
        ("components/prober-daemonset/agents.yaml", "DaemonSet", "NODE_ADDRESSES"),
    ],
)
def test_both_are_told_from_which_addresses_their_kubelet_comes(where, kind, variable):
    """Its probes keep room of their own; an agent takes the option that it is started with."""
    (container,) = only(where, kind)["spec"]["template"]["spec"]["containers"]
    (setting,) = (entry for entry in container["env"] if entry["name"] == variable)
    assert setting["valueFrom"]["fieldRef"]["fieldPath"] == "status.hostIPs"
    if kind == "DaemonSet":
        assert serve.read_options(container["args"]).node_addresses == (f"$({variable})",)


def test_a_service_adds_no_variable_that_would_be_taken_for_a_setting():
    """Service links of `meshmedic-…` begin with our prefix, and unknown ones are refused."""
    pod = only("base/deployment.yaml", "Deployment")["spec"]["template"]["spec"]
    services = [each for each in documents("base/network.yaml") if each["kind"] == "Service"]
    assert any(
        each["metadata"]["name"].upper().replace("-", "_").startswith(PREFIX) for each in services
    )
    assert pod["enableServiceLinks"] is False


def test_the_settings_cannot_be_changed_in_place():
    """The bot may write ConfigMaps: every merge says again that these are immutable."""
    found = [
        entry
        for path in DEPLOY.rglob("kustomization.yaml")
        for entry in yaml.safe_load(path.read_text()).get("configMapGenerator", ())
    ]
    assert len(found) >= 3
    assert all(entry["options"]["immutable"] is True for entry in found)


def test_the_flux_example_points_at_a_folder_that_is_there():
    """Its path, and the only folder that it fetches."""
    kustomization = only("flux/meshmedic.yaml", "Kustomization")
    assert (DEPLOY.parent / kustomization["spec"]["path"] / "kustomization.yaml").is_file()


def test_every_component_is_named_in_the_example_and_explained():
    """Whoever copies the example sees what there is; the README says what it costs."""
    example = (DEPLOY / "example/kustomization.yaml").read_text()
    readme = (DEPLOY / "README.md").read_text()
    components = [path.name for path in (DEPLOY / "components").iterdir()]
    assert components
    for name in components:
        assert f"../components/{name}\n" in example
        assert f"`{name}`" in readme


def test_uninstalling_by_the_label_leaves_the_audit_log_alone():
    """The README deletes what has no such label: the namespace and the kind of Changes stay."""
    label = "meshmedic.dev/audit-log"
    files = [
        each.relative_to(DEPLOY) for each in DEPLOY.rglob("*.yaml") if "example" not in str(each)
    ]
    kept = {
        (each["kind"], each["metadata"]["name"])
        for each in documents(*map(str, files))
        if label in each.get("metadata", {}).get("labels", {})
    }
    names = {("Namespace", "meshmedic"), ("CustomResourceDefinition", "changes.meshmedic.dev")}
    assert kept == names
    assert f"-l '!{label}'" in (ROOT / "README.md").read_text()
