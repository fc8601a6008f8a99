"""The bot's own view of the real Traefik, over the real API server: by proxy, command and log.

Traefik is a process of the tests' own; its pod is an object whose node is a fake kubelet.
"""

import asyncio
import json
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.errors import Forbidden
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.exec import CannotExecute, execute
from bot.kube.one_shot_reader import ClusterReader
from bot.kube.traefik_reader import TraefikReader
from bot.routing.addresses import AddressKind
from bot.routing.instance import TraefikPod
from bot.sandbox.kubernetes_api.streams import StreamEnded
from bot.traefik.domain.api import Runtime
from bot.traefik.service import Traefik as Asking
from tests.builders import kept
from tests.cluster import traefik
from tests.cluster.kubelet import Kubelet, kubelet
from tests.cluster.test_traefik import PODS, a_service, an_ingress, an_ingress_route
from tests.cluster.traefik import Traefik
from tests.clusters.real import RealCluster
from tests.programs import catalogue

PLACE = "seen"
NODE = "seen-node"
VIP = "10.43.0.97"
DIRECT = {f"http://{pod}:8080" for pod in PODS}
NAME = "traefik-seen"
POD = Ref("Pod", PLACE, NAME)


def placed(*made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same objects in this module's namespace."""
    every = [each for some in made for each in some]
    for each in every:
        each["metadata"]["namespace"] = PLACE
    return every


@pytest.fixture(scope="module")
def proxy(homelab: RealCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traefik]:
    """Traefik with three routes: by pod IPs, by the VIP, and by an Ingress."""
    if homelab.plane is None:
        pytest.skip("Traefik here needs the control plane of the tests' own")
    homelab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}})
    homelab.apply(
        *placed(
            a_service("behind", VIP),
            an_ingress_route("direct", "behind"),
            an_ingress_route("native", "behind", nativeLB=True),
            an_ingress_route("nowhere", "nobody"),
            an_ingress("plain", "behind"),
        )
    )
    with traefik.running(homelab, tmp_path_factory.mktemp("traefik")) as running:
        running.until(lambda: len(running.routers()) >= 3, "three routers")
        running.until(
            lambda: any("native" in name for name in running.services()), "the VIP's service"
        )
        yield running
    homelab.kubectl("delete", "namespace", PLACE, "--wait=false")


def own_address() -> str:
    """An address of this machine that is no loopback: an API server proxies to no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address of its own")
        return str(probe.getsockname()[0])


@asynccontextmanager
async def forwarding(to: int) -> AsyncIterator[tuple[str, int]]:
    """An address and port of this machine that leads to a loopback port."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)

    address = own_address()
    server = await asyncio.start_server(joined, address, 0)
    async with server:
        yield address, server.sockets[0].getsockname()[1]


def wget(argv: Sequence[str]) -> StreamEnded:
    """What busybox's wget does, with its words."""
    assert argv[:2] == ["wget", "-qO-"]
    try:
        with urllib.request.urlopen(argv[-1], timeout=5) as answer:  # noqa: S310  # ours
            return StreamEnded(answer.read())
    except urllib.error.HTTPError as error:
        words = f"wget: server returned error: HTTP/1.1 {error.code} {error.reason}\n"
        return StreamEnded(stderr=words.encode(), code=1)


def a_node(port: int) -> dict[str, Any]:
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE},
        "spec": {"podCIDR": "10.42.98.0/24", "podCIDRs": ["10.42.98.0/24"]},
        "status": status,
    }


def a_pod(address: str, port: int) -> dict[str, Any]:
    args = ["--api.insecure", f"--entrypoints.traefik.address=:{port}", "--log.level=DEBUG"]
    image = f"traefik:v{catalogue.TRAEFIK_VERSION}"
    running = {"running": {"startedAt": "2026-01-31T12:00:00Z"}}
    state = {"name": "traefik", "image": image, "imageID": image, "ready": True, "state": running}
    labels = {"app.kubernetes.io/name": "traefik"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "namespace": PLACE, "labels": labels},
        "spec": {
            "nodeName": NODE,
            "containers": [{"name": "traefik", "image": image, "args": args}],
        },
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "containerStatuses": [{**state, "restartCount": 0}],
        },
    }
    return kept(pod)


@pytest.fixture
async def node(homelab: RealCluster) -> AsyncIterator[Kubelet]:
    """The kubelet of the node on which Traefik's pod stands."""
    async with kubelet() as made:
        apply(homelab, a_node(made.port))
        yield made


@pytest.fixture
async def api(homelab: RealCluster) -> AsyncIterator[Api]:
    async with connect(kubeconfig=homelab.kubeconfig) as made:
        yield made


def apply(homelab: RealCluster, whole: dict[str, Any]) -> None:
    """An object with its status, which is written by itself."""
    homelab.apply({key: each for key, each in whole.items() if key != "status"})
    name = ("name", "namespace")
    meta = {key: each for key, each in whole["metadata"].items() if key in name}
    status = {**whole, "metadata": meta}
    status.pop("spec")
    how = ("--server-side", "--force-conflicts", "--subresource=status")
    homelab.kubectl("apply", *how, "-f", "-", given=json.dumps(status))


def put(homelab: RealCluster, address: str, port: int) -> None:
    """The pod anew: its arguments cannot be changed."""
    homelab.kubectl("delete", "pod", NAME, "-n", PLACE, "--ignore-not-found", "--force")
    apply(homelab, a_pod(address, port))


async def the_pod(reader: TraefikReader) -> TraefikPod:
    (pod,) = [each for each in await reader.pods() if each.namespace == PLACE]
    return pod


def port_of(proxy: Traefik) -> int:
    return int(proxy.api.rpartition(":")[2])


async def test_the_real_api_is_read_through_the_real_proxy(
    homelab: RealCluster, proxy: Traefik, node: Kubelet, api: Api
) -> None:
    """API server -> pod's address and port -> Traefik; each router's servers are those it uses."""
    async with forwarding(port_of(proxy)) as (address, port):
        put(homelab, address, port)
        reader = TraefikReader(api, (PLACE,))
        runtime = await reader.runtime(await the_pod(reader))
    assert isinstance(runtime, Runtime), runtime
    assert node.asked == []
    served = {
        each.name.split("-")[1]: set(runtime.servers(each))
        for each in runtime.routers
        if each.name.startswith(f"{PLACE}-")
    }
    assert served == {"direct": DIRECT, "native": {f"http://{VIP}:80"}, "plain": DIRECT}


async def test_routes_are_told_with_what_the_real_traefik_serves(
    homelab: RealCluster, proxy: Traefik, node: Kubelet, api: Api
) -> None:
    """Its names for routers lead back to their rules, and our servers are its own."""
    async with forwarding(port_of(proxy)) as (address, port):
        put(homelab, address, port)
        answer = await Asking(
            ClusterReader(api, traefik=(PLACE,)), TraefikReader(api, (PLACE,))
        ).routes()
    assert answer.of == "API"
    ours = {each.ref.name: each for each in answer.routes if each.ref.namespace == PLACE}
    for name in ("direct", "native", "plain"):
        (rule,) = ours[name].rules
        (backend,) = rule.backends
        assert {each.url for each in rule.live or ()} == set(backend.servers), name
    kinds = {each.address.kind for each in ours["direct"].rules[0].live or ()}
    assert kinds == {AddressKind.POD}
    (native,) = ours["native"].rules[0].live or ()
    assert (native.address.kind, native.address.service) == (
        AddressKind.VIP,
        Ref("Service", PLACE, "behind"),
    )
    assert ours["nowhere"].rules[0].live == ()
    assert ours["nowhere"].problems


async def test_where_the_proxy_does_not_lead_a_command_in_the_pod_does(
    homelab: RealCluster, proxy: Traefik, node: Kubelet, api: Api
) -> None:
    """WebSocket to the real API server, from there to the kubelet, and to Traefik's loopback."""
    put(homelab, own_address(), port_of(proxy))
    node.shells[PLACE, NAME, "traefik"] = wget
    reader = TraefikReader(api, (PLACE,))
    runtime = await reader.runtime(await the_pod(reader))
    assert isinstance(runtime, Runtime), runtime
    assert any(each.name.startswith(f"{PLACE}-direct-") for each in runtime.routers)
    assert [each.partition("?")[0] for each in node.asked] == [f"/exec/{PLACE}/{NAME}/traefik"]


async def test_output_exit_code_and_refusals_come_through_the_real_server(
    homelab: RealCluster, proxy: Traefik, node: Kubelet, api: Api
) -> None:
    """In frames as a kubelet sends them."""
    put(homelab, own_address(), port_of(proxy))

    async def ran(ended: StreamEnded, limit: int = 1_000_000) -> Any:
        node.shells[PLACE, NAME, "traefik"] = lambda _: ended
        argv = ("echo", "a b", "$(c)")
        return await execute(api, POD, "traefik", argv, limit_bytes=limit, seconds=30)

    done = await ran(StreamEnded(b"out" * 100_000, b"err", 3))
    assert (len(done.stdout), done.stderr, done.exit_code) == (300_000, b"err", 3)
    assert "command=echo&command=a+b&command=%24%28c%29" in node.asked[-1]
    cut = await ran(StreamEnded(b"out" * 100_000), limit=1000)
    assert (len(cut.stdout), cut.exit_code) == (1000, None)
    with pytest.raises(CannotExecute, match="executable file not found"):
        await ran(StreamEnded(refused='exec: "echo": executable file not found in $PATH'))


async def test_the_real_log_is_read_through_the_real_server(
    homelab: RealCluster, proxy: Traefik, node: Kubelet, api: Api
) -> None:
    """Its servers, and what it refuses, by its own names; the API is away."""
    put(homelab, own_address(), port_of(proxy))
    node.logs[PLACE, NAME, "traefik", False] = await asyncio.to_thread(proxy.log_file.read_text)
    asking = Asking(ClusterReader(api, traefik=(PLACE,)), TraefikReader(api, (PLACE,), seconds=3))
    answer = await asking.routes()
    assert answer.of == "log"
    (rule,) = next(each for each in answer.routes if each.ref.name == "direct").rules
    assert {each.url for each in rule.live or ()} == DIRECT
    told = await asking.logs()
    refused = {each.subject: each.message for each in told.refusals}
    assert "kubernetes service not found" in refused[f"ingressroute/{PLACE}/nowhere"]
    assert {each.url for each in told.servers if each.route == f"ingress/{PLACE}/plain"} == DIRECT


async def test_what_may_not_be_done_is_named_by_the_real_authorizer(
    homelab: RealCluster, proxy: Traefik, node: Kubelet, api: Api, tmp_path: Path
) -> None:
    """An account that may list pods and nothing else."""
    put(homelab, own_address(), port_of(proxy))
    token = homelab.kubectl("create", "token", "default", "-n", PLACE).strip()
    poor = tmp_path / "poor"
    text = homelab.kubeconfig.read_text()
    config = yaml.safe_load(text)
    config["users"][0]["user"] = {"token": token}
    poor.write_text(yaml.safe_dump(config))
    pod = await the_pod(TraefikReader(api, (PLACE,)))
    async with connect(kubeconfig=poor) as less:
        with pytest.raises(Forbidden, match="may not run a command in Pod seen/traefik-seen"):
            await execute(less, POD, "traefik", ("true",), limit_bytes=10, seconds=30)
        answer = await TraefikReader(less).runtime(pod)
    assert isinstance(answer, NotObserved)
    assert 'cannot get resource "pods/proxy"' in answer.why
    assert "deploy/components/traefik-api" in answer.why
