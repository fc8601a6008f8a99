"""The situations of Flux: its files in Git, its objects, and what is right to say of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import yaml

from bot.domain.finding import Ref
from tests.controllers.expected import (
    DEGRADED,
    FAILED,
    HEALTHY,
    READY,
    SUSPENDED,
    Said,
    Situation,
    failing,
)
from tests.controllers.web import DENIED, READER
from tests.controllers.world import World

Plain = dict[str, Any]
PLACE = "flux-system"


def _config(name: str, namespace: str = "apps", **labels: str) -> Plain:
    meta: Plain = {"name": name, "namespace": namespace} | ({"labels": labels} if labels else {})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"of": name}}


def _deployment(name: str, replicas: int, namespace: str = "apps", app: str = "") -> Plain:
    labels = {"app": app or name}
    container = {"name": "web", "image": f"registry.home.test/{name}:1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def _file(*objects: Plain) -> str:
    return yaml.safe_dump_all(objects)


def _sealed() -> str:
    """A Secret that SOPS has encrypted for a key that nobody here has."""
    meta = {"name": "sealed", "namespace": "apps"}
    words = "ENC[AES256_GCM,data:b2s=,iv:b2s=,tag:b2s=,type:str]"
    age = {
        "recipient": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        "enc": "-----BEGIN AGE ENCRYPTED FILE-----\nb2s=\n-----END AGE ENCRYPTED FILE-----\n",
    }
    sops = {
        "age": [age],
        "encrypted_regex": "^(data|stringData)$",
        "lastmodified": "2026-01-01T00:00:00Z",
        "mac": words,
        "version": "3.9.0",
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta}
    return yaml.safe_dump({**secret, "stringData": {"password": words}, "sops": sops})


GONE = yaml.safe_dump({"resources": ["gone.yaml"]})

AT_FIRST: Mapping[str, str] = {
    "plain/config.yaml": _file(_config("plain")),
    "broken/kustomization.yaml": GONE,
    "waits/web.yaml": _file(_deployment("waits", 1)),
    "waits-later/web.yaml": _file(_deployment("waits-later", 0)),
    "pruned/config.yaml": _file(_config("kept"), _config("pruned")),
    "sealed/secret.yaml": _sealed(),
    "immutable/web.yaml": _file(_deployment("immutable", 0)),
    "refused/config.yaml": _file(_config("refused", refused="by-webhook")),
    "nowhere/config.yaml": _file(_config("nowhere", "no-such-namespace")),
    "unserved/widget.yaml": _file(
        {
            "apiVersion": "example.org/v1",
            "kind": "Widget",
            "metadata": {"name": "unserved", "namespace": "apps"},
        }
    ),
    "broken-later/config.yaml": _file(_config("broken-later")),
    "watched/web.yaml": _file(_deployment("watched", 0, "watched")),
}

AFTERWARDS: Mapping[str, str | None] = {
    "waits-later/web.yaml": _file(_deployment("waits-later", 1)),
    "pruned/config.yaml": _file(_config("kept")),
    "immutable/web.yaml": _file(_deployment("immutable", 0, app="renamed")),
    "broken-later/kustomization.yaml": GONE,
}


def watched(replicas: int) -> Mapping[str, str]:
    """The file of the Kustomization whose health is watched over time."""
    return {"watched/web.yaml": _file(_deployment("watched", replicas, "watched"))}


def _source(kind: str, name: str, **spec: Any) -> Plain:
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {"interval": "1h", **spec},
    }


def kustomization(name: str, path: str, *, source: str = "home", **spec: Any) -> Plain:
    """A Kustomization that tries once an hour, and whenever its source changes."""
    usual = {"interval": "1h", "retryInterval": "1h", "timeout": "20s", "prune": True}
    origin = {"kind": "GitRepository", "name": source}
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {**usual, "path": f"./{path}", "sourceRef": origin, **spec},
    }


def watched_kustomization() -> Plain:
    """One that tries again and again: five minutes of every thirteen it waits, at a tenth."""
    made = kustomization("watched", "watched", wait=True, timeout="5s", retryInterval="8s")
    made["metadata"]["namespace"] = "watched"
    made["spec"]["sourceRef"]["namespace"] = PLACE
    return made


def _needs(*names: str) -> list[Plain]:
    return [{"name": name} for name in names]


def _secret(name: str, **data: str) -> Plain:
    meta = {"name": name, "namespace": PLACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data}


def _webhook(url: str, authority: bytes) -> Plain:
    hook = {
        "name": "owners.home.test",
        "clientConfig": {"url": url, "caBundle": base64.b64encode(authority).decode()},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["configmaps"],
            }
        ],
        "objectSelector": {"matchLabels": {"refused": "by-webhook"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "owners"},
        "webhooks": [hook],
    }


def _sources(url: str) -> list[Plain]:
    home = {"url": f"{url}/home.git", "ref": {"branch": "main"}}
    private = {**home, "url": f"{url}/private/home.git"}
    chart = {"chart": "fine", "sourceRef": {"kind": "HelmRepository", "name": "helm-ok"}}
    refused = {"kind": "HelmRepository", "name": "helm-unreachable"}
    return [
        _source("GitRepository", "home", **home | {"interval": "3s"}),
        _source("GitRepository", "git-missing", **home | {"url": f"{url}/gone.git"}),
        _source("GitRepository", "git-no-branch", **home | {"ref": {"branch": "gone"}}),
        _source("GitRepository", "git-no-tag", **home | {"ref": {"tag": "v9"}}),
        _source("GitRepository", "git-no-login", **private),
        _source("GitRepository", "git-wrong-login", **private | {"secretRef": {"name": "wrong"}}),
        _source("GitRepository", "git-login", **private | {"secretRef": {"name": "right"}}),
        _source("GitRepository", "git-no-secret", **private | {"secretRef": {"name": "gone"}}),
        _source(
            "GitRepository",
            "git-branch-deleted",
            **home | {"ref": {"branch": "doomed"}, "interval": "3s"},
        ),
        _source("GitRepository", "git-suspended", **home),
        _source("HelmRepository", "helm-ok", url=f"{url}/helm/charts"),
        _source("HelmRepository", "helm-unreachable", url="http://127.0.0.1:9/charts"),
        _source("HelmRepository", "helm-no-index", url=f"{url}/helm/gone"),
        _source("HelmChart", "chart-ok", **chart),
        _source("HelmChart", "chart-no-version", **chart | {"version": "9.9.9"}),
        _source("HelmChart", "chart-no-source", **chart | {"sourceRef": refused}),
    ]


def _kustomizations() -> list[Plain]:
    decryption = {"provider": "sops"}
    return [
        kustomization("ks-ok", "plain"),
        kustomization("ks-no-path", "no/such/path"),
        kustomization("ks-build-error", "broken"),
        kustomization("ks-unknown-dependency", "plain", dependsOn=_needs("nobody")),
        kustomization("ks-needs-broken", "plain", dependsOn=_needs("ks-build-error")),
        # A circle keeps Flux from telling any Kustomization of its source of a new revision.
        kustomization("ks-circle-a", "plain", source="git-login", dependsOn=_needs("ks-circle-b")),
        kustomization("ks-circle-b", "plain", source="git-login", dependsOn=_needs("ks-circle-a")),
        kustomization("ks-never-healthy", "waits", wait=True, timeout="5s"),
        kustomization("ks-unhealthy-later", "waits-later", wait=True, timeout="5s"),
        kustomization("ks-pruned", "pruned"),
        kustomization("ks-suspended", "plain"),
        kustomization("ks-no-source", "plain", source="nobody"),
        kustomization("ks-source-fails", "plain", source="git-missing"),
        kustomization("ks-sealed", "sealed", decryption=decryption),
        kustomization(
            "ks-no-key", "sealed", decryption={**decryption, "secretRef": {"name": "gone"}}
        ),
        kustomization("ks-immutable", "immutable"),
        kustomization("ks-refused", "refused"),
        kustomization("ks-no-namespace", "nowhere"),
        kustomization("ks-unserved", "unserved"),
        kustomization("ks-broken-later", "broken-later"),
    ]


def begin(world: World) -> None:
    """Commit the files, and apply the objects."""
    world.repository.commit(AT_FIRST, "the homelab")
    world.repository.branch("doomed")
    user, password = READER
    world.apply(
        [
            _webhook(*world.webhook),
            _secret("right", username=user, password=password),
            _secret("wrong", username=user, password="guessed"),
            *_sources(world.files),
            *_kustomizations(),
        ]
    )


def go_on(world: World) -> None:
    """What was well changes for the worse, once it was well."""
    for name in ("unhealthy-later", "pruned", "immutable", "broken-later", "suspended"):
        world.until_written(Ref("Kustomization", PLACE, f"ks-{name}"), READY)
    for name in ("git-branch-deleted", "git-suspended"):
        world.until_written(Ref("GitRepository", PLACE, name), READY)
    for suspended in ("kustomization/ks-suspended", "gitrepository/git-suspended"):
        how = ("--type=merge", "-p", '{"spec": {"suspend": true}}')
        world.real.kubectl("patch", suspended, "-n", PLACE, *how)
    world.repository.without("doomed")
    world.repository.commit(AFTERWARDS, "a bad day")
    for name in ("waits", "waits-later"):
        _cannot_pull(world, name)
    pruned = Ref("configmaps", "apps", "pruned")
    world.until(lambda: world.read(pruned) is None, "the object that Git has no more is pruned")


def _cannot_pull(world: World, app: str) -> None:
    """Write of the pods of an app what a kubelet would whose registry has no such image."""
    found: list[Plain] = []

    def there() -> bool:
        found[:] = world.real.read("pods", "-n", "apps", "-l", f"app={app}")["items"]
        return bool(found)

    world.until(there, f"a pod of {app}")
    image = f"registry.home.test/{app}:1"
    waiting = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}
    container = {
        "name": "web",
        "image": image,
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": {"waiting": waiting},
    }
    patch = json.dumps({"status": {"phase": "Pending", "containerStatuses": [container]}})
    for pod in found:
        name = pod["metadata"]["name"]
        how = ("--subresource=status", "--type=merge", "-p", patch)
        world.real.kubectl("patch", "pod", name, "-n", "apps", *how)


def _of(kind: str) -> Any:
    def row(
        name: str, written: Any, verdicts: Any, words: str = "", cause: Ref | None = None
    ) -> Situation:
        return Situation(name, Ref(kind, PLACE, name), written, Said(verdicts, words, cause))

    return row


_git, _helm, _chart, _ks = map(
    _of, ("GitRepository", "HelmRepository", "HelmChart", "Kustomization")
)


def _pod(app: str) -> Ref:
    return Ref("Pod", "apps", f"{app}-*")


SITUATIONS: tuple[Situation, ...] = (
    _git("home", READY, HEALTHY),
    _git("git-missing", failing("GitOperationFailed"), FAILED, "(?i)not found"),
    _git("git-no-branch", failing("GitOperationFailed"), FAILED, "refs/heads/gone|gone"),
    _git("git-no-tag", failing("GitOperationFailed"), FAILED, "v9"),
    _git("git-no-login", failing("GitOperationFailed"), FAILED, "(?i)authentication"),
    _git("git-wrong-login", failing("GitOperationFailed"), FAILED, "(?i)authentication"),
    _git("git-login", READY, HEALTHY),
    _git("git-no-secret", failing("AuthenticationFailed"), FAILED, "gone"),
    _git("git-branch-deleted", failing("GitOperationFailed"), DEGRADED, "doomed"),
    _git("git-suspended", READY, SUSPENDED),
    _helm("helm-ok", READY, HEALTHY),
    _helm("helm-unreachable", failing(""), FAILED, "(?i)refused"),
    _helm("helm-no-index", failing(""), FAILED, "404"),
    _chart("chart-ok", READY, HEALTHY),
    _chart("chart-no-version", failing(""), FAILED, r"9\.9\.9"),
    _chart(
        "chart-no-source",
        failing(""),
        FAILED,
        "(?i)refused",
        Ref("HelmRepository", PLACE, "helm-unreachable"),
    ),
    _ks("ks-ok", READY, HEALTHY),
    _ks("ks-no-path", failing(""), FAILED, "no/such/path"),
    _ks("ks-build-error", failing("BuildFailed"), FAILED, r"gone\.yaml"),
    _ks("ks-unknown-dependency", failing("DependencyNotReady"), FAILED, "nobody"),
    _ks(
        "ks-needs-broken",
        failing("DependencyNotReady"),
        FAILED,
        r"gone\.yaml",
        Ref("Kustomization", PLACE, "ks-build-error"),
    ),
    _ks("ks-circle-a", failing("DependencyNotReady"), FAILED, "depends on itself"),
    _ks(
        "ks-circle-b",
        failing("DependencyNotReady"),
        FAILED,
        "depends on itself",
        Ref("Kustomization", PLACE, "ks-circle-a"),
    ),
    _ks("ks-never-healthy", failing("HealthCheckFailed"), FAILED, "ImagePull", _pod("waits")),
    _ks(
        "ks-unhealthy-later",
        failing("HealthCheckFailed"),
        DEGRADED,
        "ImagePull",
        _pod("waits-later"),
    ),
    _ks("ks-pruned", READY, HEALTHY),
    _ks("ks-suspended", READY, SUSPENDED),
    _ks("ks-no-source", failing(""), FAILED, "nobody"),
    _ks(
        "ks-source-fails",
        failing(""),
        FAILED,
        "(?i)not found",
        Ref("GitRepository", PLACE, "git-missing"),
    ),
    _ks("ks-sealed", failing("BuildFailed"), FAILED, "(?i)decrypt|data key|sops"),
    _ks("ks-no-key", failing(""), FAILED, "gone"),
    _ks("ks-immutable", failing("ReconciliationFailed"), DEGRADED, "(?i)immutable"),
    _ks("ks-refused", failing("ReconciliationFailed"), FAILED, DENIED),
    _ks("ks-no-namespace", failing("ReconciliationFailed"), FAILED, "no-such-namespace"),
    _ks("ks-unserved", failing("ReconciliationFailed"), FAILED, "Widget"),
    _ks("ks-broken-later", failing("BuildFailed"), DEGRADED, r"gone\.yaml"),
)
