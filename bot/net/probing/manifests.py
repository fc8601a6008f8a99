"""The objects that probing creates in the cluster: Jobs that carry their work in their arguments.

A Job rather than a pod: Kubernetes ends it at its deadline and removes it, its pod and what it
owns, even if the bot is gone by then (`ttlSecondsAfterFinished`). Source: batch/v1, and the Pod
Security Standard "restricted".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from bot.domain.temporary import LABELS, NAMESPACE
from bot.net.probing.protocol import Probe, ProbedBackend, ProbeJob

ACCOUNT = "probe"
TOOL_IMAGE = "docker.io/nicolaka/netshoot:v0.13"
"""The tools of `/net tool`, unless a setting says otherwise."""

CONTAINER = "probe"
JOB_NAME = "batch.kubernetes.io/job-name"
"""The label with which the control plane names the Job of a pod (from Kubernetes 1.27)."""

REMAINS = 30
"""Seconds for which a finished Job is kept, so that its log can be read."""

MOST_ARGUMENT = 96 * 1024
"""The most bytes of a job: the kernel accepts an argument of 128 KiB."""

IMAGE = "meshmedic.dev/image"
"""The label of a Job that says whose word its image is; deploy/components/prober compares both."""

OTHERS = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)
"""What containerd gives a container besides NET_RAW. Source: containerd, pkg/oci."""

PROBER = ("python", "-m", "bot.probe", "once")
Manifest = dict[str, Any]
P = TypeVar("P", bound=Probe)


class ImageSource(StrEnum):
    """Whose word the image of a Job is."""

    OWN = "own"
    """That of the Deployment meshmedic."""
    CONFIGURED = "configured"
    """MESHMEDIC_PROBE_IMAGE."""
    TOOL = "tool"
    """MESHMEDIC_TOOL_IMAGE."""

    @classmethod
    def of_prober(cls, configured: str) -> ImageSource:
        """Of pods that probe; `configured` is the setting, which may be empty."""
        return cls.CONFIGURED if configured else cls.OWN


def probe_job(
    job: ProbeJob,
    *,
    node: str,
    image: str,
    seconds: int,
    host_network: bool = False,
    source: ImageSource = ImageSource.OWN,
) -> Manifest:
    """A Job that runs the prober on a node, and is gone after at most `seconds` plus REMAINS."""
    arguments = [verbatim(msgspec.json.encode(job).decode())]
    container = _container(image, list(PROBER), memory="64Mi", args=arguments)
    made = _job(job.id, node, container, seconds, source)
    if host_network:
        pod = made["spec"]["template"]["spec"]
        pod |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    return made


def tool_job(
    name: str, argv: Sequence[str], *, node: str, image: str, seconds: int, raw: bool = False
) -> Manifest:
    """A Job that runs one tool on a node. `raw`: with raw sockets, which `restricted` forbids.

    Raw sockets need the capability NET_RAW, which a process that does not run as root loses on
    exec. NET_RAW is in the runtime's default set, and `baseline` forbids adding it: so all the
    others are dropped.
    """
    container = _container(image, [verbatim(argument) for argument in argv], memory="128Mi")
    if raw:
        container["securityContext"] |= {
            "capabilities": {"drop": list(OTHERS)},
            "runAsNonRoot": False,
            "runAsUser": 0,
            "runAsGroup": 0,
        }
    return _job(name, node, container, seconds, ImageSource.TOOL)


def anchor_job(
    name: str, image: str, seconds: int, source: ImageSource = ImageSource.OWN
) -> Manifest:
    """A Job without a pod that owns objects: they are removed when it ends at its deadline.

    Source: batch/v1, `parallelism` 0; the Job controller looks at the deadline all the same.
    """
    container = _container(image, list(PROBER), memory="64Mi")
    job = _job(name, "", container, seconds, source)
    job["spec"]["parallelism"] = 0
    job["spec"]["ttlSecondsAfterFinished"] = 0
    return job


def verbatim(text: str) -> str:
    """Escape an argument, so that the kubelet does not replace `$(NAME)` by a variable.

    Source: core/v1, Container `command`.
    """
    return text.replace("$(", "$$(")


def _container(image: str, command: list[str], *, memory: str, **more: list[str]) -> Manifest:
    return {
        "name": CONTAINER,
        "image": image,
        "command": command,
        **more,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "500m", "memory": memory},
        },
    }


def _job(name: str, node: str, container: Manifest, seconds: int, source: ImageSource) -> Manifest:
    pod: Manifest = {
        "nodeName": node,
        "restartPolicy": "Never",
        "serviceAccountName": ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 2,
        # A node that is tainted or not ready is just the one to look at.
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    labels = {**LABELS, IMAGE: source.value}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "activeDeadlineSeconds": seconds,
            "ttlSecondsAfterFinished": REMAINS,
            "backoffLimit": 0,
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
        },
    }


def sole_service(name: str, port: int, owner: Manifest | None) -> Manifest:
    """A Service without a selector: its slice says where it leads."""
    spec = {"type": "ClusterIP", "ports": [{"name": "probe", "port": port, "protocol": "TCP"}]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _owned(name, owner),
        "spec": spec,
    }


def sole_slice(name: str, backend: ProbedBackend, owner: Manifest | None) -> Manifest:
    """The EndpointSlice of a single-endpoint Service. It may name the address of any pod."""
    metadata = _owned(name, owner)
    metadata["labels"] = {
        **LABELS,
        "kubernetes.io/service-name": name,
        "endpointslice.kubernetes.io/managed-by": "meshmedic.dev",
    }
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": "IPv6" if ":" in backend.address else "IPv4",
        "endpoints": [{"addresses": [backend.address], "conditions": {"ready": True}}],
        "ports": [{"name": "probe", "port": backend.port, "protocol": "TCP"}],
    }


def _owned(name: str, owner: Manifest | None) -> Manifest:
    metadata: Manifest = {"name": name, "namespace": NAMESPACE, "labels": dict(LABELS)}
    if owner:
        metadata["ownerReferences"] = [
            {
                "apiVersion": owner["apiVersion"],
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
            }
        ]
    return metadata


def portions(probes: Sequence[P]) -> Iterator[list[P]]:
    """The probes in portions, each of which fits into one argument."""
    portion: list[P] = []
    size = 0
    for probe in probes:
        length = len(msgspec.json.encode(probe))
        if portion and size + length > MOST_ARGUMENT:
            yield portion
            portion, size = [], 0
        portion.append(probe)
        size += length
    if portion:
        yield portion
