"""What an overlay may say beyond the base: other images, raw sockets, the nodes' own network.

Pod Security is `privileged` here, as the nodes' network needs it: only the policy is in the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.kube.jobs import JOBS
from bot.net.probing import manifests
from bot.net.probing.manifests import ImageSource, Manifest
from bot.net.probing.protocol import ProbeJob
from tests.cluster.approving import JSON
from tests.cluster.asking import Somebody, service_account
from tests.cluster.deployed import install_kinds, install_only, until
from tests.cluster.mutations import changed
from tests.cluster.sent import Sent
from tests.cluster.test_least_privilege import ALSO_TAKEN, POLICY, Trials
from tests.cluster.test_thief import CONTAINER, JOB, POD
from tests.clusters.real import RealCluster

PROBER, TOOLS = "registry.example/prober:1", "registry.example/tools:2"
IMAGES = (f"MESHMEDIC_PROBE_IMAGE={PROBER}", f"MESHMEDIC_TOOL_IMAGE={TOOLS}")
ON_HOST = "MESHMEDIC_PROBE_HOST_NETWORK=true"
PLACE = {"node": "edge", "seconds": 60}
LEVEL = "pod-security.kubernetes.io~1enforce"


def level(name: str) -> dict[str, Any]:
    """The patch of deploy/README.md."""
    patch = f"- {{op: replace, path: /metadata/labels/{LEVEL}, value: {name}}}"
    return {"target": {"kind": "Namespace", "name": "meshmedic-probe"}, "patch": patch}


def probe(
    image: str = PROBER, source: ImageSource = ImageSource.CONFIGURED, **how: Any
) -> Manifest:
    job = ProbeJob(id="a", expires=0.0)
    return manifests.probe_job(job, image=image, source=source, **PLACE, **how)


def tool(*argv: str, image: str = TOOLS, raw: bool = False) -> Manifest:
    return manifests.tool_job("a", argv, image=image, raw=raw, **PLACE)


ALLOWED = {
    "a probe by the image of the settings": probe(),
    "a probe by the Deployment's image": probe("meshmedic", ImageSource.OWN),
    "a probe from the nodes' network": probe(host_network=True),
    "a tool by the image of the settings": tool("dig", "-q", "a"),
    "ping with raw sockets": tool("ping", "a", raw=True),
    "mtr with raw sockets": tool("mtr", "a", raw=True),
}

REFUSED = {
    "the default image of the tools": tool("dig", image=manifests.TOOL_IMAGE),
    "the prober's image as a tool's": tool("dig", image=PROBER),
    "the Deployment's image as that of the settings": probe("meshmedic"),
    "an image of nobody's word": changed(probe(), "metadata", "labels", manifests.IMAGE, to="a"),
    "another image than the Deployment's": probe(PROBER, ImageSource.OWN),
    "a tool in the nodes' network": changed(tool("dig"), *POD, "hostNetwork", to=True),
    "raw sockets for curl": tool("curl", raw=True),
    "raw sockets for the prober": changed(
        probe(),
        *CONTAINER,
        "securityContext",
        to=tool("ping", raw=True)["spec"]["template"]["spec"]["containers"][0]["securityContext"],
    ),
    "raw sockets and one capability more": changed(
        tool("ping", raw=True), *CONTAINER, "securityContext", "capabilities", "drop", to=["CHOWN"]
    ),
    "a privileged pod": changed(JOB, *CONTAINER, "securityContext", to={"privileged": True}),
    "another user": changed(probe(), *POD, "securityContext", "runAsUser", to=0),
    "no profile of system calls": changed(
        probe(), *POD, "securityContext", "seccompProfile", to={"type": "Unconfined"}
    ),
    "the nodes' processes": changed(probe(host_network=True), *POD, "hostPID", to=True),
    "the nodes' memory": changed(probe(host_network=True), *POD, "hostIPC", to=True),
    "the nodes' files": changed(
        probe(host_network=True), *POD, "volumes", to=[{"name": "a", "hostPath": {"path": "/"}}]
    ),
    "a port of the node": changed(
        probe(), *CONTAINER, "ports", to=[{"containerPort": 80, "hostPort": 80}]
    ),
    "another program": changed(probe(), *CONTAINER, "command", to=["python", "-c", "1"]),
    "another program after the prober": changed(
        probe(), *CONTAINER, "command", to=["python", "-m", "bot.probe", "once", "agent"]
    ),
    "two pods": changed(probe(), "spec", "parallelism", to=2),
    "another try": changed(probe(), "spec", "backoffLimit", to=1),
    "an hour": changed(probe(), "spec", "activeDeadlineSeconds", to=3600),
    "a Job that stays": changed(probe(), "spec", "ttlSecondsAfterFinished", to=86400),
    "a Job that waits": changed(probe(), "spec", "suspend", to=True),
}


def installed(real: RealCluster, folder: Path, *settings: str) -> Somebody:
    """The account, once the policy goes by these settings and by the level of Pod Security."""
    install_only(real, folder, ("prober",), settings=settings, patches=[level("privileged")])
    account = service_account(real, "meshmedic", "meshmedic")
    until(lambda: asked(account, probe()).done and asked(account, tool("ping", raw=True)).done)
    until(lambda: asked(account, probe(host_network=True)).done == (ON_HOST in settings))
    return account


def asked(somebody: Somebody, job: Manifest) -> Any:
    return somebody.ask("POST", f"{JOBS}?dryRun=All", job)


@pytest.fixture(scope="module")
def bot(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Somebody]:
    install_kinds(real, data)
    folder = tmp_path_factory.mktemp("word")
    yield installed(real, folder, *IMAGES, ON_HOST)
    install_only(real, folder, ())


@pytest.mark.parametrize("what", ALLOWED)
def test_what_the_overlay_says_is_allowed_and_nothing_beside_it(
    what: str, bot: Somebody, admin: Somebody
) -> None:
    """As the code makes it, and with each field more that the schema has."""
    answer = asked(bot, ALLOWED[what])
    assert answer.done, answer
    trials = Trials(bot, admin)
    asyncio.run(trials(Sent(what, "POST", JOBS, ALLOWED[what], JSON, (), {})))
    assert trials.refused[POLICY] > 50
    assert trials.taken <= ALSO_TAKEN.keys()
    assert trials.moved == set()


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_overlay_says_is_refused_by_the_policy(what: str, bot: Somebody) -> None:
    answer = asked(bot, REFUSED[what])
    assert (answer.code, POLICY in answer.said) == (422, True), answer


def test_the_nodes_network_needs_the_setting_and_not_the_level_alone(
    bot: Somebody, real: RealCluster, tmp_path: Path
) -> None:
    """With the level alone the policy keeps probes off it."""
    account = installed(real, tmp_path, *IMAGES)
    answer = asked(account, probe(host_network=True))
    assert (answer.code, "MESHMEDIC_PROBE_HOST_NETWORK" in answer.said) == (422, True), answer
    installed(real, tmp_path, *IMAGES, ON_HOST)
