"""Traefik's pods, API and log as the simulated API server leads to them."""

import json
import tracemalloc
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.principal import acting_as
from bot.domain.refusal import NotObserved
from bot.errors import ClusterError, Forbidden, ServerError
from bot.kube.connect import connect
from bot.kube.prober_exec import WgetProber
from bot.kube.traefik_reader import MOST_METRICS, TraefikReader
from bot.net.probing.protocol import Probe, ProbeKind, quiet
from bot.routing.instance import TraefikPod
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.kubernetes_api.streams import Listener, Reply, StreamEnded
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.log_request import BYTES, LogRequest
from bot.traefik.service import Traefik
from tests.builders import Plain, an_object, kept
from tests.fakes import FakeCluster
from tests.people import Fickle

RAW = {
    "routers": {"site@kubernetescrd": {"rule": "Host(`a`)", "service": "site"}},
    "services": {"site@kubernetescrd": {"loadBalancer": {"servers": [{"url": "http://x:1"}]}}},
}
PLACE, NAME = "ingress", "traefik-7c9"


def a_pod(*args: str, name: str = NAME, phase: str = "Running") -> Plain:
    container = {"name": "traefik", "image": "traefik:v3.6.2", "args": list(args)}
    pod = an_object(
        "Pod",
        name,
        namespace=PLACE,
        spec={"nodeName": "edge", "containers": [{"name": "sidecar"}, container]},
        status={
            "phase": phase,
            "containerStatuses": [{"name": "traefik", "restartCount": 2}],
        },
    )
    pod["metadata"]["labels"] = {"app.kubernetes.io/name": "traefik"}
    return kept(pod)


@asynccontextmanager
async def reading(
    tmp_path: Path, *pods: Plain
) -> AsyncIterator[tuple[SimulatedCluster, TraefikReader]]:
    cluster = SimulatedCluster(pods)
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url)
        async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
            yield cluster, TraefikReader(api, (PLACE, "traefik"))


async def the_pod(reader: TraefikReader) -> TraefikPod:
    (pod,) = await reader.pods()
    return pod


def answering(path: str, _query: Mapping[str, str]) -> Reply:
    if path == "/api/rawdata":
        return Reply(200, json.dumps(RAW).encode())
    return Reply(404, b"404 page not found")


def without_label(pod: Plain, namespace: str = PLACE) -> Plain:
    return kept({**pod, "metadata": {"name": pod["metadata"]["name"], "namespace": namespace}})


async def test_running_pods_are_found_where_the_settings_say_that_traefik_runs(
    tmp_path: Path,
) -> None:
    """By label or image; not those of a tenant, who calls them the same, nor what nobody keeps."""
    second = without_label(a_pod(name="second"), "traefik")
    foreign = a_pod(name="foreign")
    foreign["metadata"]["namespace"] = "tenant"
    other = without_label(a_pod(name="whoami"))
    other["spec"] = {"containers": [{"name": "main", "image": "traefik/whoami:v1.11"}]}
    naked = a_pod(name="aaa")
    del naked["metadata"]["ownerReferences"]
    pods = naked, a_pod("--x"), second, foreign, other, without_label(foreign, "tenant-2")
    async with reading(tmp_path, *pods) as (_, reader):
        assert [found.name for found in await reader.pods()] == [NAME, "second"]


def saying(ran: list[str], pod: str) -> Callable[[Sequence[str]], StreamEnded]:
    """A shell that notes where a command ran."""

    def run(_: Sequence[str]) -> StreamEnded:
        ran.append(pod)
        return StreamEnded(stderr=b"HTTP/1.1 200 OK")

    return run


async def test_a_command_runs_in_the_pod_that_is_traefik_on_its_node(tmp_path: Path) -> None:
    """Not in the first pod there that is called so."""
    naked = a_pod(name="aaa")
    naked["metadata"]["ownerReferences"][0]["controller"] = False
    tenants = a_pod(name="aab")
    tenants["metadata"]["namespace"] = "tenant"
    ran: list[str] = []
    async with reading(tmp_path, naked, tenants, a_pod()) as (cluster, _):
        for place, name in ((PLACE, "aaa"), ("tenant", "aab"), (PLACE, NAME)):
            cluster.shells[place, name, "traefik"] = saying(ran, f"{place}/{name}")
        async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
            probe = Probe("p", ProbeKind.HTTP, "10.42.1.7", 80, name="a.example")
            await WgetProber(api, (PLACE,)).probe("edge", [probe], quiet)
    assert set(ran) == {f"{PLACE}/{NAME}"}


async def test_the_container_in_which_traefik_runs_is_read(tmp_path: Path) -> None:
    async with reading(tmp_path, a_pod("--x"), a_pod(name="old", phase="Failed")) as (_, reader):
        pod = await the_pod(reader)
    assert (pod.namespace, pod.name, pod.container) == (PLACE, NAME, "traefik")
    assert (pod.image, pod.args, pod.node) == ("traefik:v3.6.2", ("--x",), "edge")


async def test_the_api_is_read_through_the_proxy_at_the_port_of_the_arguments(
    tmp_path: Path,
) -> None:
    args = ("--api.insecure", "--entrypoints.traefik.address=:9000")
    async with reading(tmp_path, a_pod(*args)) as (cluster, reader):
        cluster.listeners[PLACE, NAME, 9000] = answering
        runtime = await reader.runtime(await the_pod(reader))
    assert isinstance(runtime, Runtime)
    assert runtime.servers(runtime.routers[0]) == ("http://x:1",)


async def test_where_arguments_do_not_tell_both_usual_ports_are_tried(tmp_path: Path) -> None:
    async with reading(tmp_path, a_pod("--configfile=/x")) as (cluster, reader):
        cluster.listeners[PLACE, NAME, 9000] = answering
        assert isinstance(await reader.runtime(await the_pod(reader)), Runtime)


async def test_without_rawdata_the_pages_are_read_to_the_last(tmp_path: Path) -> None:
    """The header of the next page is 1 after the last one."""
    asked: list[tuple[str, str]] = []

    def paged(path: str, query: Mapping[str, str]) -> Reply:
        page = int(query.get("page", 1))
        asked.append((path, query.get("page", "")))
        if path == "/base/api/http/routers":
            body = [{"name": f"r{page}@kubernetes", "rule": "x", "service": "s"}]
            return Reply(200, json.dumps(body).encode(), {"X-Next-Page": str(page % 3 + 1)})
        if path == "/base/api/http/services":
            return Reply(200, b"[]", {"X-Next-Page": "1"})
        return Reply(404, b"404 page not found")

    args = ("--api.insecure", "--api.basePath=/base")
    async with reading(tmp_path, a_pod(*args)) as (cluster, reader):
        cluster.listeners[PLACE, NAME, 8080] = paged
        runtime = await reader.runtime(await the_pod(reader))
    assert isinstance(runtime, Runtime)
    names = [each.name for each in runtime.routers]
    assert names == ["r1@kubernetes", "r2@kubernetes", "r3@kubernetes"]
    assert [page for path, page in asked if path.endswith("routers")] == ["1", "2", "3"]


@pytest.mark.parametrize("status", [200, 500])
async def test_what_is_nested_without_end_is_no_api(tmp_path: Path, status: int) -> None:
    """A route at an open port may lead to anybody, who answers in Traefik's place."""

    def nested(_path: str, _query: Mapping[str, str]) -> Reply:
        return Reply(status, b'{"x":' + b"[" * 50_000)

    async with reading(tmp_path, a_pod("--api.insecure")) as (cluster, reader):
        cluster.listeners[PLACE, NAME, 8080] = nested
        answer = await reader.runtime(await the_pod(reader))
    assert isinstance(answer, NotObserved)
    assert ("answered 500" if status > 200 else "is not Traefik's API") in answer.why


async def test_an_api_that_is_off_is_not_asked_for(tmp_path: Path) -> None:
    """The default of k3s."""
    async with reading(tmp_path, a_pod("--providers.kubernetescrd")) as (cluster, reader):
        pod = await the_pod(reader)
        asked = len(cluster.requests)
        answer = await reader.runtime(pod)
        assert len(cluster.requests) == asked
    assert isinstance(answer, NotObserved)
    assert "API is off" in answer.why
    assert "/doctor" in answer.hint


async def test_without_the_proxy_a_command_in_the_pod_does_it(tmp_path: Path) -> None:
    """Both permissions are named where neither is there."""
    asked: list[Sequence[str]] = []

    def wget(argv: Sequence[str]) -> StreamEnded:
        asked.append(list(argv))
        return StreamEnded(json.dumps(RAW).encode())

    async with reading(tmp_path, a_pod("--api.insecure")) as (cluster, reader):
        cluster.forbid("get", "pods/proxy")
        cluster.shells[PLACE, NAME, "traefik"] = wget
        pod = await the_pod(reader)
        with acting_as(Fickle(silent=True).person()):
            assert isinstance(await reader.runtime(pod), Runtime), "reading asks nobody's role"
        assert asked == [["wget", "-qO-", "-T", "6", "http://127.0.0.1:8080/api/rawdata"]]
        cluster.forbid("create", "pods/exec")
        answer = await reader.runtime(pod)
    assert isinstance(answer, NotObserved)
    assert "deploy/components/traefik-api" in answer.why
    assert "deploy/components/exec" in answer.why


@pytest.mark.parametrize(
    "ended",
    [
        StreamEnded(stderr=b"wget: server returned error: HTTP/1.1 404 Not Found", code=1),
        StreamEnded(stderr=b"wget: can't connect to remote host: Connection refused", code=1),
        StreamEnded(refused='exec: "wget": executable file not found in $PATH'),
        StreamEnded(stdout=b"<html>"),
        StreamEnded(stdout=b"x" * 17_000_000),
    ],
)
async def test_whatever_the_pod_answers_is_said_and_raises_nothing(
    tmp_path: Path, ended: StreamEnded
) -> None:
    """No API, no wget, something else at that port, more than anybody needs."""
    async with reading(tmp_path, a_pod("--api.insecure")) as (cluster, reader):
        cluster.shells[PLACE, NAME, "traefik"] = lambda _: ended
        answer = await reader.runtime(await the_pod(reader))
    assert isinstance(answer, NotObserved)
    assert answer.why


async def test_a_log_comes_in_chunks_with_the_bounds_that_were_asked_for(tmp_path: Path) -> None:
    log = "".join(f"line {number}\n" for number in range(10_000))
    taken: list[bytes] = []
    async with reading(tmp_path, a_pod()) as (cluster, reader):
        cluster.logs[PLACE, NAME, "traefik", False] = log
        cluster.logs[PLACE, NAME, "traefik", True] = "the run before\n"
        pod = await the_pod(reader)
        whole = await reader.log(pod, LogRequest(seconds=60), taken.append)
        assert (b"".join(taken).decode(), whole.cut) == (log, "")
        taken.clear()
        cut = await reader.log(pod, LogRequest(limit_bytes=500), taken.append)
        assert (cut.taken, len(b"".join(taken))) == (500, 500)
        assert cut.cut == f"{PLACE}/{NAME}: only 500 bytes were read."
        last = await reader.log(pod, LogRequest(lines=3), taken.append)
        assert last.cut == f"{PLACE}/{NAME}: only the last 3 lines were read."
        taken.clear()
        await reader.log(pod, LogRequest(previous=True), taken.append)
        assert b"".join(taken) == b"the run before\n"
    queries = [each.query for each in cluster.requests if each.path.endswith("/log")]
    assert queries[0]["sinceSeconds"] == "60"
    assert "sinceSeconds" not in queries[1]


async def test_a_log_that_may_not_be_read_is_forbidden_and_one_of_nobody_is_empty(
    tmp_path: Path,
) -> None:
    async with reading(tmp_path, a_pod()) as (cluster, reader):
        pod = await the_pod(reader)
        none = await reader.log(pod, LogRequest(previous=True), lambda _: None)
        assert (none.taken, none.cut) == (0, "")
        cluster.forbid("get", "pods/log")
        with pytest.raises(Forbidden):
            await reader.log(pod, LogRequest(), lambda _: None)


LINE = b"x" * 4095 + b"\n"
LARGE = 16 * 1024 * 1024


@asynccontextmanager
async def talkative(tmp_path: Path) -> AsyncIterator[TraefikReader]:
    """An API server whose logs are LARGE, whatever bound it was asked for."""

    async def log(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(LARGE // len(LINE)):
            await response.write(LINE)
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}/log", log)
    async with TestServer(app) as server:
        write_kubeconfig(tmp_path / "kubeconfig", str(server.make_url("")).rstrip("/"))
        async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
            yield TraefikReader(api)


async def test_a_large_log_is_counted_as_it_comes_and_never_held(tmp_path: Path) -> None:
    """Through the wire, the splitter and the counting of `/traefik logs`; 16 MB in 8 at most."""
    pod = TraefikPod(namespace=PLACE, name=NAME, running=True, container="traefik")
    asked = LogRequest(limit_bytes=2 * LARGE, lines=LARGE, patience=300)
    async with talkative(tmp_path) as reader:
        traefik = Traefik(FakeCluster(), reader)
        tracemalloc.start()
        try:
            summaries, failed = await traefik.summaries((pod,), asked)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert failed == ()
    assert summaries[pod.id].lines == LARGE // len(LINE)
    assert peak < LARGE // 2


async def test_of_a_log_without_end_no_more_is_read_than_was_asked_for(tmp_path: Path) -> None:
    """A kubelet that knows no limit costs no more time either."""
    pod = TraefikPod(namespace=PLACE, name=NAME, running=True, container="traefik")
    taken: list[int] = []
    async with talkative(tmp_path) as reader:
        end = await reader.log(pod, LogRequest(patience=300), lambda part: taken.append(len(part)))
    assert (sum(taken), end.taken) == (BYTES, BYTES)
    assert "bytes were read" in end.cut


async def test_a_log_that_hangs_costs_a_bounded_time(tmp_path: Path) -> None:
    async with reading(tmp_path, a_pod()) as (cluster, reader):
        pod = await the_pod(reader)
        cluster.faults.hang = True
        end = await reader.log(pod, LogRequest(patience=0.2), lambda _: None)
    assert "reading was stopped" in end.cut


METRICS = b'traefik_service_requests_total{code="200",service="a@kubernetescrd"} 3\n'


def counting(body: bytes) -> Listener:
    """A port where these metrics are, and no other page."""

    def answer(path: str, _query: Mapping[str, str]) -> Reply:
        return Reply(200, body) if path == "/metrics" else Reply(404, b"404 page not found")

    return answer


async def test_metrics_are_read_through_the_api_server(tmp_path: Path) -> None:
    """At the port that is named, as they are."""
    taken: list[bytes] = []
    async with reading(tmp_path, a_pod()) as (cluster, reader):
        cluster.listeners[PLACE, NAME, 9100] = counting(METRICS * 3000)
        await reader.metrics(await the_pod(reader), 9100, taken.append)
    assert b"".join(taken) == METRICS * 3000
    assert len(taken) > 1


async def test_metrics_without_an_end_are_an_error(tmp_path: Path) -> None:
    """And so are those that nobody serves, or that the bot may not read."""
    size = 0

    def take(chunk: bytes) -> None:
        nonlocal size
        size += len(chunk)

    async with reading(tmp_path, a_pod()) as (cluster, reader):
        pod = await the_pod(reader)
        with pytest.raises(ClusterError):
            await reader.metrics(pod, 9100, take)
        cluster.listeners[PLACE, NAME, 9100] = counting(b"x" * (MOST_METRICS + 1))
        with pytest.raises(ServerError):
            await reader.metrics(pod, 9100, take)
        assert size <= MOST_METRICS
        cluster.forbid("get", "pods/proxy")
        with pytest.raises(Forbidden):
            await reader.metrics(pod, 9100, take)
