"""The doctor on the real API server: what it says of permissions is what really happens."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot.doctor.domain import cluster, election
from bot.doctor.domain.diagnostic import DiagnosticOutcome
from bot.doctor.domain.election import GROUP
from bot.doctor.domain.facts import ClusterFacts, Right, Setup
from bot.domain.authorization import Roles
from bot.domain.election import Standing
from bot.domain.resources.registry import KINDS
from bot.errors import ClusterError, Forbidden
from bot.health.checks import CHECKS
from bot.kube.client import Api, within
from bot.kube.connect import connect
from bot.kube.doctor_facts import AccessReader
from bot.kube.lease import Elector, taking_part
from tests.cluster.deployed import LISTED, install_only
from tests.clusters.real import RealCluster

PLACE = "doctor-apps"
SETUP = Setup(guild_id=None, roles=Roles(), namespaces=(PLACE,), secret_inventory=True)
RBAC = "rbac.authorization.k8s.io"
SOON = 15.0
"""Seconds that the authorizer may take to see new roles."""


def a_rule(group: str, resource: str, *verbs: str) -> dict[str, list[str]]:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}


def some_permissions() -> list[dict[str, object]]:
    """An account that may do some things everywhere, and some in one namespace."""
    subject = {"kind": "ServiceAccount", "name": "half", "namespace": PLACE}
    everywhere = [
        a_rule("", "pods", "list", "watch"),
        a_rule("", "nodes", "list"),
        a_rule("", "events", "list"),
        a_rule("cert-manager.io", "certificates", "list", "watch"),
        a_rule("traefik.io", "ingressroutes", "watch"),
    ]
    here = [
        a_rule("", "services", "list", "watch"),
        a_rule("", "pods/log", "get"),
        a_rule("", "secrets", "watch"),
        a_rule("discovery.k8s.io", "endpointslices", "list"),
    ]
    name = {"name": "half"}
    inside = {"name": "half", "namespace": PLACE}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": inside},
        {
            "apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": name,
            "rules": everywhere,
        },
        {
            "apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": name,
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "half"},
            "subjects": [subject],
        },
        {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": inside, "rules": here},
        {
            "apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": inside,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "half"},
            "subjects": [subject],
        },
    ]  # fmt: skip


@asynccontextmanager
async def as_account(
    real: RealCluster, folder: Path, namespace: str, name: str
) -> AsyncIterator[Api]:
    """The bot's own connection with a service account's token from the API server."""
    token = real.kubectl("create", "token", name, "--namespace", namespace).strip()
    config = yaml.safe_load(real.kubeconfig.read_text())
    for each in config["users"]:
        each["user"] = {"token": token}
    path = folder / f"kubeconfig-{name}"
    path.write_text(yaml.safe_dump(config))
    async with connect(kubeconfig=path) as api:
        yield api


@pytest.fixture
async def half(real: RealCluster, tmp_path: Path) -> AsyncIterator[Api]:
    real.apply(*some_permissions()[:1])
    real.apply(*some_permissions()[1:])
    async with as_account(real, tmp_path, PLACE, "half") as api:
        yield api


async def looked(api: Api, setup: Setup, known: Right) -> ClusterFacts:
    """The facts, once the authorizer has seen the roles: `known` is one that they give."""
    deadline = time.monotonic() + SOON
    while True:
        rights = (*cluster.wanted(CHECKS, setup), *election.wanted(setup))
        facts = await AccessReader(api).look(rights, lease_in=setup.state_namespace)
        if facts.rights[known] is True or time.monotonic() > deadline:
            return facts
        await asyncio.sleep(0.2)


async def really(api: Api, right: Right) -> bool:
    """Try it: anything but 403 means that it is allowed (404 comes after authorization)."""
    place = f"/namespaces/{right.namespace}" if right.namespace else ""
    query: list[tuple[str, str | int]] = [("limit", 1)]
    if right.resource == "pods/log":
        path = f"/api/v1/namespaces/{right.namespace}/pods/none/log"
        query = []
    else:
        versions = {
            (group, kind.plural): kind.versions[0] for kind in KINDS for group in kind.groups
        }
        version = versions.get((right.group, right.resource), "v1")
        root = f"/apis/{right.group}/{version}" if right.group else f"/api/{version}"
        path = f"{root}{place}/{right.resource}"
    if right.verb == "watch":
        query = [("watch", "true"), ("timeoutSeconds", 1)]
    try:
        async with api.stream(path, query, limits=within(5)):
            return True
    except Forbidden:
        return False
    except ClusterError:
        return True


def tried(right: Right) -> bool:
    """Logs of all namespaces cannot be asked for, and nodes are in none."""
    if not right.namespace:
        return right.resource != "pods/log"
    return all(kind.namespaced for kind in KINDS if kind.plural == right.resource)


async def test_every_review_agrees_with_what_really_happens(half: Api) -> None:
    """Each right of each check, everywhere and in one namespace, is reviewed and then tried."""
    facts = await looked(half, SETUP, Right("list", "", "services", PLACE))
    rights = [right for right in facts.rights if tried(right)]
    happened = await asyncio.gather(*(really(half, right) for right in rights))
    assert {right: facts.rights[right] for right in rights} == dict(
        zip(rights, happened, strict=True)
    )
    assert sum(happened) >= 10
    assert happened.count(False) >= 50


async def test_an_account_with_half_of_the_permissions_is_told_the_other_half(half: Api) -> None:
    """By name, with who was asked for; the version is the server's own."""
    facts = await looked(half, SETUP, Right("list", "", "services", PLACE))
    found = {each.name: each for each in cluster.access(facts, CHECKS, SETUP)}
    server = cluster.server(facts)
    assert facts.user == f"system:serviceaccount:{PLACE}:half"
    assert server.outcome is DiagnosticOutcome.OK
    assert server.observation.startswith("v1.")
    assert abs(facts.skew or 99) < 5
    assert found["nodes"].outcome is DiagnosticOutcome.FAILED
    assert "May not watch nodes" in found["nodes"].observation
    assert found["why"].outcome is DiagnosticOutcome.OK
    assert "list secrets" in found["injected-secrets"].observation
    assert "secret-inventory" in found["injected-secrets"].fix
    assert facts.probe is not True
    kinds = {each.name: each for each in cluster.kinds(facts)}
    assert "EndpointSlice" in kinds["Kubernetes"].observation


async def test_who_holds_the_lease_is_read_from_the_real_one(
    real: RealCluster, tmp_path: Path
) -> None:
    """Absent, held and given back, by the account of deploy/base."""
    install_only(real, tmp_path, ())
    real.kubectl("delete", "lease/meshmedic", "-n", "meshmedic", "--ignore-not-found")
    setup = replace(SETUP, namespaces=(), state_namespace="meshmedic")
    async with as_account(real, tmp_path, "meshmedic", "meshmedic") as api:
        facts = await looked(api, setup, Right("create", GROUP, "leases", "meshmedic"))
        assert "no Lease" in election.leader(facts, setup).observation
        elector = Elector(api, namespace="meshmedic", me="a-pod_1")
        async with taking_part(elector):
            await asyncio.wait_for(elector.until(Standing.LEADING), SOON)
            held = await AccessReader(api).look((), lease_in="meshmedic")
            assert election.leader(held, setup).observation.startswith("a-pod_1 leads, and renewed")
        given_back = await AccessReader(api).look((), lease_in="meshmedic")
        assert "released the Lease" in election.leader(given_back, setup).observation


async def test_who_may_not_keep_its_state_is_told_each_right(half: Api) -> None:
    """By name, and with what grants it."""
    setup = replace(SETUP, state_namespace=PLACE)
    facts = await looked(half, setup, Right("list", "", "services", PLACE))
    found = election.state_access(facts, setup)
    assert found.outcome is DiagnosticOutcome.FAILED
    assert "create and get and update configmaps" in found.observation
    assert "deploy/base" in found.fix


async def test_a_token_that_is_none_is_a_failure_and_not_a_missing_permission(
    real: RealCluster, tmp_path: Path
) -> None:
    """401, by the real server."""
    config = yaml.safe_load(real.kubeconfig.read_text())
    for each in config["users"]:
        each["user"] = {"token": "nobody-knows-it"}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
        facts = await AccessReader(api).look(cluster.wanted(CHECKS, SETUP))
    assert cluster.server(facts).outcome is DiagnosticOutcome.FAILED
    assert {each.outcome for each in cluster.access(facts, CHECKS, SETUP)} == {
        DiagnosticOutcome.UNOBSERVED
    }


async def test_the_base_of_deploy_grants_what_the_doctor_asks_for(
    real: RealCluster, tmp_path: Path
) -> None:
    """Every check but the one of Secrets, whose component the doctor then names."""
    install_only(real, tmp_path, ())
    everywhere = replace(SETUP, namespaces=(), state_namespace="meshmedic")
    async with as_account(real, tmp_path, "meshmedic", "meshmedic") as api:
        facts = await looked(api, everywhere, Right("list", "", "pods"))
    state = election.state_access(facts, everywhere)
    assert state.outcome is DiagnosticOutcome.OK, state.observation
    found = {each.name: each for each in cluster.access(facts, CHECKS, everywhere)}
    assert found.pop("injected-secrets").outcome is DiagnosticOutcome.FAILED
    failed = {name for name, each in found.items() if each.outcome is DiagnosticOutcome.FAILED}
    # Checks that explain by Secrets' names read them too where the inventory is on.
    assert failed == {
        check.name
        for check in CHECKS
        if check.name in found and any(kind.__name__ == "SecretName" for kind in check.reads)
    }
    off = replace(everywhere, secret_inventory=False)
    assert DiagnosticOutcome.FAILED not in {
        each.outcome for each in cluster.access(facts, CHECKS, off)
    }


GUARDS = {
    "base": "meshmedic-account",
    "prober": "meshmedic-probe-services",
    "remediation": "meshmedic-approver",
    "exec": "meshmedic-exec",
    "traefik-api": "meshmedic-traefik-api",
}


async def guards_within(
    api: Api, wanted: dict[str, bool], seconds: float = 2 * SOON
) -> ClusterFacts:
    """The facts, once the policies are as wanted: they are compiled in the background."""
    deadline = time.monotonic() + seconds
    while True:
        facts = await AccessReader(api).look(())
        if facts.guards == wanted or time.monotonic() > deadline:
            return facts
        await asyncio.sleep(0.5)


def with_guards(real: RealCluster, folder: Path) -> None:
    """The components that have a policy, and the namespaces that the example lists."""
    for name in ("apps", "media"):
        real.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    install_only(real, folder, tuple(GUARDS.keys() - {"base"}), bindings=LISTED)


async def test_each_admission_policy_is_told_from_one_that_is_not_bound(
    real: RealCluster, tmp_path: Path
) -> None:
    """By the bot's account: a dry run and pods that do not exist are refused, or let through."""
    with_guards(real, tmp_path)
    async with as_account(real, tmp_path, "meshmedic", "meshmedic") as api:
        facts = await guards_within(api, dict.fromkeys(GUARDS, True))
        assert facts.guards == dict.fromkeys(GUARDS, True)
        assert facts.approver == ("apps", "media")
        for component, policy in GUARDS.items():
            real.kubectl("delete", "validatingadmissionpolicybinding", policy)
            open_one = dict.fromkeys(GUARDS, True) | {component: False}
            facts = await guards_within(api, open_one)
            assert facts.guards == open_one
            with_guards(real, tmp_path)
        real.kubectl("delete", "clusterrole", "meshmedic-approver")
        others = dict.fromkeys(GUARDS.keys() - {"remediation"}, True)
        facts = await guards_within(api, others)
        assert facts.approver == ()
    install_only(real, tmp_path, ())


async def test_an_administrator_is_told_nothing_of_policies_that_are_not_for_them(
    real: RealCluster, tmp_path: Path
) -> None:
    """They narrow the bot's own account."""
    with_guards(real, tmp_path)
    async with connect(kubeconfig=real.kubeconfig) as api:
        facts = await AccessReader(api).look(())
    assert facts.guards == {}
    assert facts.approver is None
    install_only(real, tmp_path, ())
