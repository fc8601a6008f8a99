"""The scenarios: what each is said to show is what the checks find in it, and nothing else."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.finding import Ref
from bot.domain.report import Report, examine
from bot.domain.resources.registry import KIND_OF, TRAEFIK
from bot.domain.snapshot import Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.service import Health
from bot.kube.agent_rounds import AgentRounds
from bot.kube.agents import Agents
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.net.mesh.monitor import Rounds
from bot.runtime.memory_store import Unkept
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios import SCENARIOS, Homelab
from tests.fakes import TYPES, snapshot_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BY_NAME = {each.name: each for each in SCENARIOS}
UNREADABLE = frozenset({"down"})


def built(name: str, now: datetime = NOW) -> Homelab:
    return BY_NAME[name].build(now)


def report_of(name: str) -> Report:
    seen = [each for each in built(name).objects if each["kind"] in TYPES]
    return examine(snapshot_of(*seen, now=NOW), CHECKS)


def told(report: Report) -> dict[tuple[str, str], set[str]]:
    """The kinds that follow from each root, by its kind and reason."""
    return {
        (root.subject.kind, root.reason): {
            each.subject.kind for each in report.downstream.get(root.key, ())
        }
        for root in report.roots
    }


@asynccontextmanager
async def played(
    name: str, folder: Path, now: datetime
) -> AsyncIterator[tuple[SimulatedCluster, ClusterReader]]:
    """The scenario on a real wire, as the sandbox plays it, and a reader of it."""
    lab = built(name, now)
    cluster = SimulatedCluster(lab.objects)
    lab.prepare(cluster)
    async with serve(cluster) as url:
        write_kubeconfig(folder / "kubeconfig", url, None)
        async with connect(kubeconfig=folder / "kubeconfig") as api:
            yield cluster, ClusterReader(api, secret_inventory=True)


def keys(objects: Iterable[dict]) -> list[tuple[str, str, str, str]]:
    return [
        (
            each["apiVersion"].partition("/")[0],
            each["kind"],
            each["metadata"].get("namespace", ""),
            each["metadata"]["name"],
        )
        for each in objects
    ]


def test_the_first_scenario_is_the_default():
    """What is played when nobody names one."""
    assert SCENARIOS[0].name == "homelab"
    assert len(BY_NAME) == len(SCENARIOS)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_scenario_is_the_same_each_time_and_names_nothing_twice(name):
    """Built of nothing but `now`; two objects of one name would overwrite each other."""
    lab = built(name)
    assert (lab.objects, lab.logs) == (built(name).objects, built(name).logs)
    assert len(set(keys(lab.objects))) == len(lab.objects)


@pytest.mark.parametrize("name", BY_NAME)
def test_every_log_and_every_event_is_about_something_that_is_there(name):
    """A log of a pod that does not exist is never asked for."""
    lab = built(name)
    pods = {
        (meta["namespace"], meta["name"]) for each in lab.of("Pod") for meta in [each["metadata"]]
    }
    assert {key[:2] for key in lab.logs} <= pods
    there = {(kind, namespace, name) for _, kind, namespace, name in keys(lab.objects)}
    about = [each["involvedObject"] for each in lab.of("Event")]
    assert {(each["kind"], each["namespace"], each["name"]) for each in about} <= there


def test_a_good_day_has_no_finding_at_all():
    """The verdict healthy is possible, with dozens of objects of every kind."""
    report = report_of("healthy")
    assert report.findings == ()
    assert report.verdict is Verdict.HEALTHY
    assert report.counts["Pod"] >= 25
    assert report.counts["IngressRoute"] >= 8
    assert report.counts["Secret"] >= 12


def test_the_ordinary_bad_day_shows_what_it_announces_and_nothing_else():
    """Five roots; what a crash and a failed challenge lead to is below them."""
    assert told(report_of("homelab")) == {
        ("Pod", "CrashLoopBackOff"): {"Deployment", "Service"},
        ("ExternalSecret", "SecretSyncedError"): set(),
        ("Challenge", "Invalid"): {"Order", "CertificateRequest", "Certificate"},
        ("HelmRelease", "Suspended"): set(),
        ("IngressRoute", "ServiceNotFound"): set(),
    }


def test_the_crash_tells_of_its_memory_and_its_restarts():
    """The numbers that a person reads first: 137 and six restarts."""
    (pod,) = (each for each in report_of("homelab").findings if each.subject.kind == "Pod")
    assert "OOMKilled, exit code 137" in str(pod.evidence)
    status = built("homelab").pod_of("immich-machine-learning")["status"]
    assert status["containerStatuses"][0]["restartCount"] == 6


def test_traefik_is_refused_by_backends_of_other_nodes_alone():
    """Each 502 names the address of a pod that runs elsewhere than Traefik."""
    lab = built("homelab")
    pod = lab.pod_of("traefik")
    log = lab.logs["kube-system", pod["metadata"]["name"], "traefik", False]
    refused = {
        line.partition("dial tcp ")[2].partition(":")[0]
        for line in log.splitlines()
        if '502 Bad Gateway error="dial tcp 10.42.' in line and "connection refused" in line
    }
    nodes = {each["status"]["podIP"]: each["spec"]["nodeName"] for each in lab.of("Pod")}
    assert {nodes[address] for address in refused} == {"home-1", "home-2", "cabin-pi"}


def test_one_repository_that_cannot_be_fetched_explains_all_of_flux():
    """Exactly one root, and at least eight that follow from it."""
    report = report_of("flux-broken")
    (root,) = report.roots
    assert root.subject == Ref("GitRepository", "flux-system", "homelab")
    assert len(report.downstream[root.key]) >= 8
    assert told(report) == {
        ("GitRepository", "GitOperationFailed"): {"Kustomization", "HelmChart", "HelmRelease"}
    }


def test_certificates_fail_in_three_ways():
    """Expired, not renewed because of a challenge, and waiting for an Issuer."""
    report = report_of("certificates")
    assert told(report) == {
        ("Certificate", "Expired"): {"IngressRoute"},
        ("Challenge", "Invalid"): {"Order", "CertificateRequest", "Certificate"},
        ("Issuer", "ErrGetKeyPair"): {"CertificateRequest", "Certificate"},
    }
    (challenge,) = (each for each in report.roots if each.subject.kind == "Challenge")
    assert "acme-challenge" in challenge.message


def test_a_store_without_credentials_explains_secrets_pod_service_and_route():
    """And the Secret that was deleted earlier, with Ready=True, is a root of its own."""
    assert told(report_of("secrets")) == {
        ("ClusterSecretStore", "InvalidProviderConfig"): {
            "ExternalSecret",
            "Pod",
            "Deployment",
            "Service",
            "IngressRoute",
        },
        ("ExternalSecret", "SecretDeleted"): set(),
    }


def test_a_silent_node_explains_its_pods():
    """One root: the Raspberry Pi."""
    report = report_of("node-down")
    kinds = {"Pod", "Deployment", "DaemonSet", "Service", "IngressRoute"}
    assert told(report) == {("Node", "NodeStatusUnknown"): kinds}
    assert report.roots[0].subject.name == "cabin-pi"


def test_the_hostile_scenario_is_found_whole():
    """Nothing of it may be lost by its wording: pods, secret, source and route."""
    found = told(report_of("hostile"))
    assert {kind for kind, _ in found} == {"Pod", "ExternalSecret", "GitRepository", "IngressRoute"}
    assert "@everyone" in str(report_of("hostile").findings)


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - UNREADABLE))
async def test_a_scenario_is_served_and_read_whole(name, tmp_path):
    """Every object that the checks know comes over the wire; cut are only hostile texts."""
    async with played(name, tmp_path, datetime.now(UTC)) as (cluster, reader):
        cluster.faults.delay = 0.0
        snapshot = await reader.snapshot(KIND_OF)
    read = [each for found in snapshot.objects.values() for each in found]
    malformed = [fault for resource in read for fault in resource.malformed]
    assert all("longer than" in fault for fault in malformed)
    assert name == "hostile" or not malformed
    missing = {gap.kind for gap in snapshot.gaps}
    wanted = [e for e in built(name).objects if e["kind"] in TYPES and e["kind"] not in missing]
    assert len(read) == len(wanted)


async def test_over_the_wire_a_good_day_is_healthy_too(tmp_path):
    """What the server fills in (generations, versions) makes nothing look stale."""
    async with played("healthy", tmp_path, datetime.now(UTC)) as (_, reader):
        report = examine(await reader.snapshot(KIND_OF), CHECKS)
    assert (report.findings, report.gaps) == ((), ())
    assert report.verdict is Verdict.HEALTHY


async def test_a_person_who_drills_into_the_crash_finds_its_events_and_last_words(tmp_path):
    """BackOff in its events, and the log of the run that was killed."""
    lab = built("homelab")
    meta = lab.pod_of("immich-machine-learning")["metadata"]
    pod = Ref("Pod", meta["namespace"], meta["name"])
    async with played("homelab", tmp_path, NOW) as (_, reader):
        events = await reader.events(pod)
        tail = await reader.last_log_lines(pod, "immich-machine-learning")
    assert "BackOff" in {each.reason for each in events}
    assert tail is not None
    assert tail.previous
    assert "Loading visual model" in "\n".join(tail.lines)


@pytest.mark.parametrize("name", ["certificates", "flux-broken", "homelab", "node-down", "secrets"])
async def test_most_roots_have_an_event_to_read(name, tmp_path):
    """A root without any event is one that no controller would write events about."""
    async with played(name, tmp_path, NOW) as (_, reader):
        without = [
            root.subject.kind
            for root in report_of(name).roots
            if not await reader.events(root.subject)
        ]
    assert set(without) <= {"HelmRelease", "IngressRoute"}


async def test_what_is_forbidden_is_a_gap_and_never_health(tmp_path):
    """Certificates, Secrets and nodes are hidden; the rest is well."""
    async with played("forbidden", tmp_path, datetime.now(UTC)) as (_, reader):
        report = examine(await reader.snapshot(KIND_OF), CHECKS)
    gaps = {(gap.kind, gap.why) for gap in report.gaps}
    assert gaps == {(kind, Why.FORBIDDEN) for kind in ("Certificate", "Secret", "Node")}
    assert report.findings == ()
    assert report.verdict is Verdict.UNKNOWN


async def test_an_api_that_is_down_is_unknown(tmp_path):
    """Every kind is a gap."""
    async with played("down", tmp_path, datetime.now(UTC)) as (cluster, reader):
        assert cluster.faults.status == 500
        report = examine(await reader.snapshot(KIND_OF), CHECKS)
    assert {gap.why for gap in report.gaps} == {Why.UNREACHABLE}
    assert report.verdict is Verdict.UNKNOWN


async def test_the_slow_api_is_slow(tmp_path):
    """Two seconds before every answer."""
    async with played("slow", tmp_path, NOW) as (cluster, _):
        assert cluster.faults.delay == 2.0


async def test_a_bare_cluster_lacks_only_what_is_not_installed(tmp_path):
    """No custom resource is served, which is the owner's choice and no failure."""
    async with played("empty", tmp_path, datetime.now(UTC)) as (cluster, reader):
        report = examine(await reader.snapshot(KIND_OF), CHECKS)
        assert not {each.group for each in cluster.served} & set(TRAEFIK)
    assert {gap.why for gap in report.gaps} == {Why.NOT_INSTALLED}
    assert report.findings == ()


@pytest.mark.parametrize("name", ["healthy", "homelab", "node-down", "secrets"])
async def test_a_scenario_that_is_refreshed_stays_as_it_is(name, tmp_path):
    """Built three hours ago and refreshed now: no node seems silent, no secret late."""
    now = datetime.now(UTC)
    async with played(name, tmp_path, now - timedelta(hours=3)) as (cluster, reader):
        built(name, now - timedelta(hours=3)).refresh(cluster, now)
        report = examine(await reader.snapshot(KIND_OF), CHECKS)
    assert told(report) == told(report_of(name))


async def test_the_agents_of_a_broken_overlay_tell_of_it_as_long_as_one_looks(
    tmp_path: Path,
) -> None:
    """Every object says that all is well; a round is never older than a few minutes."""
    now = datetime.now(UTC)
    lab = built("overlay-down", now)
    cluster = SimulatedCluster(lab.objects)
    lab.prepare(cluster)
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, None)
        async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
            reader = ClusterReader(api)
            rounds = Rounds(reader, AgentRounds(Agents(api)), Unkept())
            await rounds.look()
            report = await Health(reader, rounds=lambda: rounds.links).check(("nodes",))
            (finding,) = report.findings
            assert (finding.subject.name, finding.reason) == ("cabin-pi", "OverlayDown")
            assert finding.message.startswith("Nothing gets to or from cabin-pi by pod IP: timeout")
            later = now + timedelta(minutes=40)
            lab.refresh(cluster, later)
            told = await AgentRounds(Agents(api)).witnesses()
            assert told is not None
            assert all(later - each.rounds[-1].ended <= timedelta(minutes=5) for each in told)
