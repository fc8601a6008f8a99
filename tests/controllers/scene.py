"""Everything that runs for the proof: the API server, the servers around it, the controllers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.cluster import control_plane, traefik
from tests.cluster.traefik import Traefik
from tests.clusters.real import RealCluster
from tests.controllers import acme, definitions, git, processes, web
from tests.controllers.judging import CERTIFICATES, FLUX
from tests.controllers.world import NAMESPACES, World
from tests.programs import catalogue
from tests.programs.program import ensure_built

WORKLOADS = (
    *("deployment-controller", "replicaset-controller", "garbage-collector-controller"),
    *control_plane.CONTROLLERS,
)
"""Health checks wait for Deployments, and what nobody owns any more must go."""


@dataclass(frozen=True)
class Scene:
    """The world and Traefik in it; `known` are the names of this machine's places and addresses."""

    world: World
    traefik: Traefik
    known: Mapping[str, str]


@contextmanager
def running(folder: Path, parts: Collection[str]) -> Iterator[Scene]:
    """Start what these parts need, and end it with the block."""
    with ExitStack() as stack:
        program = ensure_built(catalogue.KUBERNETES)
        how = control_plane.commands(program)
        cluster = folder / "cluster"
        cluster.mkdir()
        plane = stack.enter_context(control_plane.running(cluster, how, WORKLOADS))
        real = RealCluster(plane.kubeconfig, (str(program), "kubectl"), plane)
        real.install(definitions.definitions(*catalogue.CONTROLLERS))
        spaces = ({"metadata": {"name": name}} for name in NAMESPACES)
        real.apply(*({"apiVersion": "v1", "kind": "Namespace", **space} for space in spaces))

        authority = trustme.CA()
        files = stack.enter_context(web.files(folder / "served"))
        webhook = stack.enter_context(web.admission(authority))
        repository = git.Repository(folder / "work", folder / "served" / "home.git")
        (folder / "served" / "private").mkdir()
        (folder / "served" / "private" / "home.git").symlink_to(folder / "served" / "home.git")
        git.helm_repository(folder / "served" / "helm" / "charts", f"{files}/helm/charts")

        resolver = stack.enter_context(acme.names())
        pebble = stack.enter_context(processes.pebble(folder, resolver, acme.HTTP))
        if FLUX in parts:
            stack.enter_context(processes.flux(plane.kubeconfig, folder))
        if CERTIFICATES in parts:
            stack.enter_context(acme.solver(lambda: _keys(real)))
            stack.enter_context(processes.cert_manager(plane, folder, resolver))
        proxy = stack.enter_context(traefik.running(real, folder))
        pem = authority.cert_pem.bytes()
        world = World(real, repository, files, (webhook, pem), pebble)
        known = {
            files: "http://git.home.test",
            webhook: "https://owners.home.test/",
            pebble.directory: "https://acme.home.test/dir",
            f"{folder}/scratch": "/tmp",  # noqa: S108  # as in the controllers' images
            str(folder): "/home",
        }
        yield Scene(world, proxy, known)


def _keys(real: RealCluster) -> dict[str, str]:
    challenges = real.read("challenges.acme.cert-manager.io", "--all-namespaces")["items"]
    return {each["spec"]["token"]: each["spec"]["key"] for each in challenges}
