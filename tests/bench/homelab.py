"""A cluster of the size that the targets speak of, with objects as large as real ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.scenarios import gitops
from bot.sandbox.scenarios.homelab import healthy
from bot.sandbox.scenarios.plain import Calendar, Plain, a_condition, an_object
from bot.sandbox.scenarios.pods import NODES, a_pod, a_service

NAMESPACES = 40


@dataclass(frozen=True, slots=True)
class Size:
    """How many objects of each kind there are."""

    pods: int = 10_000
    services: int = 2_000
    flux: int = 300
    certificates: int = 300
    external_secrets: int = 300
    routes: int = 100

    def scaled(self, share: float) -> Size:
        """The same cluster, only a share of it."""
        return Size(
            *(max(10, round(getattr(self, name) * share)) for name in self.__dataclass_fields__)
        )


def homelab(size: Size, now: datetime | None = None) -> Iterator[Plain]:
    """The objects, one at a time: 10,000 pods as dicts would fill the memory.

    Every hundredth pod crashes, every twentieth Certificate and release has failed, and one
    Kustomization in fifty.
    """
    times = Calendar(now or datetime.now(UTC))
    yield from (each for each in healthy(times.now).objects if each["kind"] in KEPT)
    for number in range(NAMESPACES):
        yield an_object("Namespace", f"apps-{number:02}", born=times.ago(days=200))
    yield from _pods(times, size)
    for number in range(size.services):
        yield _deployment(times, number, size)
    yield from _flux(times, size)
    yield from _certificates(times, size)
    for number in range(size.external_secrets):
        yield from gitops.an_external_secret(times, f"env-{number}", _place(number))
    for number in range(size.routes):
        yield _route(f"app-{number}", _place(number), times)


KEPT = ("Namespace", "Node", "GitRepository", "HelmRepository", "ClusterIssuer")
KEPT += ("ClusterSecretStore", "SecretStore")


def _place(number: int) -> str:
    return f"apps-{number % NAMESPACES:02}"


def _pods(times: Calendar, size: Size) -> Iterator[Plain]:
    """Pods in groups of five behind each Service; the first of a group stands in its slice."""
    for number in range(size.pods):
        app = f"app-{number % size.services}"
        pod = a_pod(
            times,
            app,
            _place(number % size.services),
            node=NODES[number % len(NODES)],
            number=number % 250,
            image=f"registry.example.org/{app}:1.{number % 9}.0",
            port=8080,
        )
        pod["metadata"]["name"] += f"-{number}"
        _fill(pod, times)
        if number % 100 == 99:  # every hundredth
            _crash(pod, times)
        yield pod
        if number < size.services:
            yield from a_service(pod, number=number % 250)


def _deployment(times: Calendar, number: int, size: Size) -> Plain:
    """What made the pods of a Service, with as much in it as a real one; where all crash, short."""
    app, since = f"app-{number}", times.ago(days=9)
    wanted = len(range(number, size.pods, size.services))
    ready = 0 if number % 100 == 99 else wanted
    available = a_condition("Available", since, reason="MinimumReplicasAvailable")
    if not ready:
        available = a_condition("Available", times.ago(hours=2), status="False", reason="TooFew")
    progress = a_condition("Progressing", since, reason="NewReplicaSetAvailable")
    labels = {"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app}
    deployment = an_object(
        "Deployment",
        app,
        _place(number),
        born=since,
        labels=labels,
        annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}" * 900},
        spec={
            "replicas": wanted,
            "progressDeadlineSeconds": 600,
            "template": {"metadata": {"labels": labels}},
        },
        status={
            "observedGeneration": 1,
            "replicas": wanted,
            "updatedReplicas": wanted,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": [available, progress],
        },
    )
    managed = [_managed("kubectl", times), _managed("k3s", times) | {"subresource": "status"}]
    deployment["metadata"] |= {"managedFields": managed, "generation": 1}
    return deployment


def _crash(pod: Plain, times: Calendar) -> None:
    status = pod["status"]
    for condition in status["conditions"][2:]:
        condition.update(status="False", lastTransitionTime=times.ago(hours=2))
    (container,) = status["containerStatuses"]
    ended = {"exitCode": 1, "reason": "Error", "finishedAt": times.ago(minutes=3)}
    container.update(
        ready=False,
        restartCount=17,
        state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting"}},
        lastState={"terminated": ended},
    )


def _fill(pod: Plain, times: Calendar) -> None:
    """What a pod carries besides: environment, mounts, tolerations and managedFields, 6 KB in all.

    facts: pods of real clusters measured 6.3 KB.
    """
    meta, spec = pod["metadata"], pod["spec"]
    (container,) = spec["containers"]
    container["env"] = [
        {"name": f"SETTING_{number}", "value": f"http://service-{number}.apps.svc.cluster.local"}
        for number in range(12)
    ]
    container["resources"] = {
        "requests": {"cpu": "50m", "memory": "128Mi"},
        "limits": {"memory": "512Mi"},
    }
    container["livenessProbe"] = {"httpGet": {"path": "/healthz", "port": "http"}}
    container["volumeMounts"] = [
        {"name": f"volume-{number}", "mountPath": f"/var/lib/app/{number}", "readOnly": True}
        for number in range(4)
    ]
    spec["volumes"] = [
        {"name": f"volume-{number}", "configMap": {"name": f"settings-{number}"}}
        for number in range(4)
    ]
    spec["tolerations"] = [
        {"key": f"node.kubernetes.io/{why}", "operator": "Exists", "effect": "NoExecute"}
        for why in ("not-ready", "unreachable")
    ]
    meta["managedFields"] = [_managed(manager, times) for manager in ("k3s", "kubelet")]


def _managed(manager: str, times: Calendar) -> dict[str, Any]:
    fields = {
        f'k:{{"type":"{name}"}}': {
            ".": {},
            "f:lastProbeTime": {},
            "f:lastTransitionTime": {},
            "f:status": {},
            "f:type": {},
        }
        for name in ("ContainersReady", "Initialized", "PodScheduled", "Ready", "ReadyToStart")
    }
    spec = {f'k:{{"name":"SETTING_{number}"}}': {"f:value": {}} for number in range(12)}
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": times.ago(days=9),
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:status": {"f:conditions": fields}, "f:spec": spec},
    }


def _flux(times: Calendar, size: Size) -> Iterator[Plain]:
    """A third Kustomizations, a third HelmReleases with a HelmChart each."""
    for number in range(size.flux // 3):
        said = gitops.observed(times.ago(minutes=38), "ReconciliationSucceeded", "Applied")
        if number % 50 == 0:
            (ready,) = said["conditions"]
            ready.update(status="False", reason="BuildFailed", message="kustomize build failed")
        source = {"kind": "GitRepository", "name": "homelab", "namespace": gitops.FLUX}
        yield an_object(
            "Kustomization",
            f"apps-{number}",
            gitops.FLUX,
            born=times.ago(days=210),
            spec={"path": f"./apps/{number}", "interval": "10m0s", "sourceRef": source},
            status=said,
        )
        chart, release = gitops.a_release(
            times, f"release-{number}", _place(number), source=gitops.GIT_REPOSITORY
        )
        if number % 20 == 0:
            (ready,) = release["status"]["conditions"]
            ready.update(status="False", reason="UpgradeFailed", message="timed out")
        yield from (chart, release)


def _certificates(times: Calendar, size: Size) -> Iterator[Plain]:
    for number in range(size.certificates):
        certificate, secret = gitops.a_certificate(
            times, f"app-{number}-tls", _place(number), hosts=(f"app-{number}.lab.example.org",)
        )
        if number % 20 == 0:
            certificate["status"]["notAfter"] = times.ago(days=1)
        yield from (certificate, secret)


def _route(name: str, namespace: str, times: Calendar) -> Plain:
    rule = {
        "kind": "Rule",
        "match": f"Host(`{name}.lab.example.org`)",
        "services": [{"name": name, "port": 80}],
    }
    spec = {"entryPoints": ["websecure"], "routes": [rule], "tls": {"secretName": f"{name}-tls"}}
    return an_object("IngressRoute", name, namespace, born=times.ago(days=90), spec=spec)
