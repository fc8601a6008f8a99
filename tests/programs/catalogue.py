"""The programs that tests build from their published sources, each a folder with its go.mod."""

from __future__ import annotations

from pathlib import Path

from tests.programs.program import Program

HERE = Path(__file__).parent

KUBERNETES_VERSION = "1.36.3"
MAJOR, MINOR, _ = KUBERNETES_VERSION.split(".")
TRAEFIK_VERSION = "3.6.13"
CONTAINERD_VERSION = "2.4.2"

VERSION = "k8s.io/component-base/version"

KUBERNETES = Program(
    "kubernetes",
    HERE / "kubernetes",
    linked=(
        f"{VERSION}.gitVersion=v{KUBERNETES_VERSION}",
        f"{VERSION}.gitMajor={MAJOR}",
        f"{VERSION}.gitMinor={MINOR}",
        f"k8s.io/client-go/pkg/version.gitVersion=v{KUBERNETES_VERSION}",
    ),
    minutes=10,
)
TRAEFIK = Program(
    "traefik",
    HERE / "traefik",
    "github.com/traefik/traefik/v3/cmd/traefik",
    (f"github.com/traefik/traefik/v3/pkg/version.Version={TRAEFIK_VERSION}",),
    minutes=6,
)

SOURCE_CONTROLLER = Program(
    "source-controller",
    HERE / "source-controller",
    "github.com/fluxcd/source-controller",
    minutes=15,
)
KUSTOMIZE_CONTROLLER = Program(
    "kustomize-controller",
    HERE / "kustomize-controller",
    "github.com/fluxcd/kustomize-controller",
    minutes=19,
)
CERT_MANAGER = Program("cert-manager", HERE / "cert-manager", minutes=14)
PEBBLE = Program("pebble", HERE / "pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble")

GITEA_MODULE = "code.gitea.io/gitea"
GITEA_VERSION = "1.26.0"
GITEA = Program(
    "gitea",
    HERE / "gitea",
    GITEA_MODULE,
    linked=(f"main.Version={GITEA_VERSION}",),
    tags="sqlite,sqlite_unlock_notify",
    cgo=True,
    minutes=12,
)


def _containerd(name: str) -> Program:
    module = "github.com/containerd/containerd/v2"
    return Program(
        name,
        HERE / "containerd",
        f"{module}/cmd/{name}",
        (f"{module}/version.Version={CONTAINERD_VERSION}",),
        tags="no_btrfs,no_devmapper,no_zfs,no_aufs",
    )


CONTAINERD = _containerd("containerd")
SHIM = _containerd("containerd-shim-runc-v2")
CTR = _containerd("ctr")
RUNC = Program("runc", HERE / "runc", "github.com/opencontainers/runc", tags="seccomp", cgo=True)
FLANNEL = Program("flannel", HERE / "flannel")
COREDNS = Program("coredns", HERE / "coredns", minutes=2)
KUBE_ROUTER = Program("kube-router", HERE / "kube-router", minutes=10)
"""Only for the fault that needs it: its NetworkPolicy controller, as k3s has it."""
CRANE = Program("crane", HERE / "crane", "github.com/google/go-containerregistry/cmd/crane")
"""Asks registries for digests, and is one itself."""

CLUSTER = (KUBERNETES, TRAEFIK)
"""What the tests on a real API server need."""
CONTROLLERS = (*CLUSTER, PEBBLE, SOURCE_CONTROLLER, KUSTOMIZE_CONTROLLER, CERT_MANAGER)
"""What the proof on real controllers needs."""
NODES = (*CLUSTER, CONTAINERD, SHIM, CTR, RUNC, FLANNEL, COREDNS)
"""What the proof on real nodes needs."""
GITOPS = (SOURCE_CONTROLLER, KUSTOMIZE_CONTROLLER, GITEA)
"""What Flux beside the nodes needs, in `--all` only."""
