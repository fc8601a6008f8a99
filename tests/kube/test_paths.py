"""Names of others lead nowhere else: seen at the server, byte by byte as they arrive."""

import ast
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bot.kube
from bot.domain.election import Alone
from bot.domain.finding import Ref
from bot.domain.resources import core
from bot.domain.resources.registry import KIND_OF, KINDS
from bot.errors import Absent, ClusterError, InputError, ServerError
from bot.kube.answers import METADATA, SERVED
from bot.kube.change_codec import API_VERSION, KIND, manifest
from bot.kube.change_store import KubernetesChangeStore
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.discovery import Source
from bot.kube.events_and_logs import Details
from bot.kube.paths import field_selector, path
from bot.kube.reflector import Reflector
from bot.kube.traefik_reader import TraefikReader
from bot.remediation.change.change import NAME
from bot.routing.instance import TraefikPod
from tests.examples import examples
from tests.kube.test_change_store import a_change

CHANGES = "/apis/meshmedic.dev/v1alpha1/namespaces/meshmedic/changes"
HOSTILE = (
    *("../../secrets/foo", "..", ".", "", "a/b", "a/../../../secrets/foo", "/", "%2e%2e", "a%2fb"),
    *("x?watch=true", "x#y", "x;y", "x&y=z", "x y", "x\n", "\x00", "näme", "٣", "\ud800", "A"),
    *(
        "%252e%252e",
        "\u2024\u2024",
        "\uff0e\uff0e",
        "\u2215etc",
        "a\\..\\b",
        "..;",
        "x\r\ny",
        "\x7f",
    ),
    *("a/", "-a", "a.", ".a", "\u200b", "a\u202eb", "a,b=c", "*", "~", "@"),
    "a" * 6000,
)


@dataclass
class Recorded:
    """A server that answers one thing to everything."""

    answer: Any = None
    seen: list[str] = field(default_factory=list)

    async def take(self, request: web.BaseRequest) -> web.Response:
        self.seen.append(request.raw_path)
        if self.answer is None:
            return web.json_response({"kind": "Status"}, status=404)
        return web.json_response(self.answer)


@asynccontextmanager
async def recording(folder: Path) -> AsyncIterator[tuple[Recorded, Api]]:
    recorded = Recorded()
    runner = web.ServerRunner(web.Server(recorded.take))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    made = {
        "clusters": [{"name": "a", "cluster": {"server": f"http://{host}:{port}"}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "users": [{"name": "a", "user": {}}],
        "current-context": "a",
    }
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(made))
    try:
        async with connect(kubeconfig=kubeconfig) as api:
            yield recorded, api
    finally:
        await runner.cleanup()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[Recorded, Api]]:
    async with recording(tmp_path) as pair:
        yield pair


Server = tuple[Recorded, Api]


@pytest.mark.parametrize("typed", HOSTILE)
async def test_what_is_typed_as_a_change_is_held_against_what_changes_are_called(
    server: Server, typed: str
) -> None:
    """Nothing is asked of the API server, and the answer says what a name looks like."""
    recorded, api = server
    with pytest.raises(InputError, match=r"No change .*/fix history") as caught:
        await KubernetesChangeStore(api, "meshmedic", Alone()).read(typed)
    assert recorded.seen == []
    assert len(str(caught.value)) < 400


async def test_a_proper_name_is_asked_for_as_it_is(server: Server) -> None:
    recorded, api = server
    with pytest.raises(InputError, match="No change `2026"):
        await KubernetesChangeStore(api, "meshmedic", Alone()).read("20261123-1200-web-0001")
    assert recorded.seen[0] == f"{CHANGES}/20261123-1200-web-0001"


async def test_no_text_leads_out_of_the_folder_that_it_is_asked_in(tmp_path: Path) -> None:
    """By any text at all as the name, and any as a namespace: a segment stays one segment."""

    @settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(HOSTILE) | st.text(st.characters() | st.sampled_from("./%?#:\\")))
    def collect(text: str) -> None:
        texts.append(text)

    texts: list[str] = []
    collect()
    async with recording(tmp_path) as (recorded, api):
        for text in texts:
            recorded.seen.clear()
            with pytest.raises(ClusterError) as caught:
                await api.get(path("/api/v1/namespaces", text, "pods", text, "log"))
            if not isinstance(caught.value, Absent):
                assert "is not a valid name of a Kubernetes object" in str(caught.value)
                assert recorded.seen == []
                continue
            (raw,) = recorded.seen
            assert raw.split("/") == ["", "api", "v1", "namespaces", text, "pods", text, "log"]


async def test_names_that_the_cluster_itself_tells_are_no_ways_out_either(server: Server) -> None:
    """A pod's argument is its owner's, and so is what an object's name may hold."""
    recorded, api = server
    base = "--api.basepath=/../../../../secrets"
    pod = TraefikPod(
        *("kube-system", "traefik-x", True, "traefik:v3.6.0", "", ("--api.insecure", base)),
        container="traefik",
    )
    await TraefikReader(api).runtime(pod)
    assert recorded.seen
    assert not any("secrets" in raw.partition("?")[0] for raw in recorded.seen)
    recorded.seen.clear()
    with pytest.raises(ClusterError, match="is not a valid name of a Kubernetes object"):
        await Details(api).events(Ref("Pod", "../../..", "x"))
    assert recorded.seen == []


def a_manifest() -> dict[str, Any]:
    made = manifest(a_change())
    made["metadata"] |= {"namespace": "meshmedic", "resourceVersion": "7"}
    return made


def strange() -> dict[str, dict[str, Any]]:
    """Objects that have all that a Change has, and are none, or not the one that was asked for."""
    own, meta = a_manifest(), a_manifest()["metadata"]
    hidden = "hunter2-secret-value - at nowhere"
    return {
        "kind": {**own, "kind": hidden},
        "version": {**own, "apiVersion": f"{hidden}/v1"},
        "namespace": {**own, "metadata": {**meta, "namespace": hidden}},
        "name": {**own, "metadata": {**meta, "name": hidden}},
        "without a kind": {key: value for key, value in own.items() if key != "kind"},
        "way": {**own, "spec": {**own["spec"], "way": hidden}},
        "state": {**own, "status": {"state": hidden}},
        "a Secret": {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {hidden: ""}},
    }


@pytest.mark.parametrize("which", strange().keys())
async def test_an_object_that_is_not_the_change_that_was_asked_for_is_no_change(
    server: Server, which: str
) -> None:
    """Not even where it looks like one; and nothing of it is shown."""
    recorded, api = server
    recorded.answer = strange()[which]
    store = KubernetesChangeStore(api, "meshmedic", Alone())
    with pytest.raises(ClusterError) as caught:
        await store.read("20261123-1200-web-0001")
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    assert "20261123-1200-web-0001" in shown
    assert "hunter2" not in shown
    recorded.answer = a_manifest()
    assert (await store.read("20261123-1200-web-0001")).requester == a_change().requester


@pytest.mark.parametrize("which", ["kind", "version", "namespace", "a Secret"])
async def test_a_list_holds_changes_of_its_namespace_alone(server: Server, which: str) -> None:
    """A list with anything else in it is not the list that was asked for."""
    recorded, api = server
    head = {"apiVersion": API_VERSION, "kind": f"{KIND}List", "metadata": {}}
    store = KubernetesChangeStore(api, "meshmedic", Alone())
    recorded.answer = {**head, "items": [strange()[which], a_manifest()]}
    with pytest.raises(ServerError, match="is another object") as caught:
        await store.every()
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"
    recorded.answer = {**head, "kind": "SecretList", "items": [a_manifest()]}
    with pytest.raises(ServerError, match="is another object"):
        await store.every()
    recorded.answer = {**head, "items": [strange()["way"], a_manifest()]}
    assert len(await store.every()) == 1


READ = path("/api/v1/namespaces", "apps", "pods", "web")
LISTED = path("/api/v1/namespaces", "apps", "pods")
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "apps", "name": "web"}}
PODS = {"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": [POD]}
OTHERS: tuple[dict[str, Any], ...] = (
    {"kind": "Secret"},
    {"kind": None},
    {"apiVersion": "apps/v1"},
    {"metadata": {"namespace": "bank", "name": "web"}},
    {"metadata": {"name": "web"}},
    {"metadata": "web"},
)


@pytest.mark.parametrize("other", [*OTHERS, {"metadata": {"namespace": "apps", "name": "ledger"}}])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
async def test_every_answer_is_compared_with_what_was_asked(
    server: Server, method: str, other: dict[str, Any]
) -> None:
    """At one place, for whoever asks."""
    recorded, api = server
    asking = (lambda: api.get(READ)) if method == "GET" else (lambda: api.send(method, READ, POD))
    recorded.answer = POD
    assert await asking()
    recorded.answer = POD | other
    with pytest.raises(ServerError, match=r"for .*/pods/web is another object"):
        await asking()


@pytest.mark.parametrize("other", OTHERS[:1] + OTHERS[2:])
async def test_every_item_of_a_list_is_compared_with_what_was_asked(
    server: Server, other: dict[str, Any]
) -> None:
    """What the list says of all, such as their kind, an item may leave out."""
    recorded, api = server
    recorded.answer = {**PODS, "items": [{"metadata": POD["metadata"]}]}
    assert await api.get(LISTED)
    for answer in ({**PODS, "items": [POD, POD | other]}, {**PODS, "kind": "SecretList"}, POD):
        recorded.answer = answer
        with pytest.raises(ServerError, match="is another object"):
            await api.get(LISTED)


async def test_what_is_made_and_taken_away_is_compared_too(server: Server) -> None:
    """An API server answers a deletion with a Status, and gives what is made its name."""
    recorded, api = server
    recorded.answer = POD
    assert await api.send("POST", LISTED, POD)
    recorded.answer = {"apiVersion": "v1", "kind": "Status", "status": "Success"}
    assert await api.send("DELETE", READ)
    for method, at in (("POST", LISTED), ("PATCH", READ)):
        with pytest.raises(ServerError, match="is another object"):
            await api.send(method, at, POD)


async def test_metadata_alone_is_taken_only_where_it_was_asked_for(server: Server) -> None:
    recorded, api = server
    head = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata"}
    recorded.answer = {**PODS, **head, "kind": "PartialObjectMetadataList", "items": [POD | head]}
    assert await api.get(LISTED, accept=METADATA)
    with pytest.raises(ServerError, match="is another object"):
        await api.get(LISTED)


async def test_an_event_of_a_watch_is_compared_too(server: Server) -> None:
    """A watch goes on for hours, and its objects come one by one."""
    _, api = server
    source = Source(KIND_OF[core.Pod], "", "v1")
    for change in (POD | {"kind": "Secret"}, POD | {"apiVersion": "v2"}, POD | OTHERS[3]):
        reflector = Reflector(api, source, namespace="apps")
        with pytest.raises(ServerError, match="is another object"):
            reflector._take(json.dumps({"type": "ADDED", "object": change}).encode())
        assert not reflector.objects
        reflector._take(json.dumps({"type": "ADDED", "object": POD}).encode())
        assert list(reflector.objects) == [("apps", "web")]


def test_a_selector_holds_one_condition_for_each_field() -> None:
    """Also where a name holds what parts two of them."""
    made = field_selector(kind="Pod", metadata__name="web,metadata.namespace!=a\\")
    assert made == "kind=Pod,metadata.name=web\\,metadata.namespace!\\=a\\\\"


def test_the_names_that_are_given_are_names_of_the_api_server_too() -> None:
    """So that no Change is made which could not be read."""
    name = a_change().name
    assert NAME.fullmatch(name)
    assert path("/x", name) == f"/x/{name}"


def test_paths_are_made_at_one_place() -> None:
    """The type checker lets nothing else be sent; here, that nobody calls a text a path."""
    for file, node in nodes_of_the_adapters():
        match node:
            case ast.Call(func=ast.Name(id="ApiPath")):
                pytest.fail(f"{file.name}:{node.lineno} calls a text a path")
            case ast.Call(func=ast.Name(id="path"), args=[ast.JoinedStr() as root, *_]):
                constant = all(
                    isinstance(part, ast.Constant)
                    or (isinstance(part.value, ast.Name) and part.value.id.isupper())
                    for part in root.values
                )
                assert constant, f"{file.name}:{node.lineno} begins with what is not quoted"
            case ast.Call(func=ast.Name(id="path"), args=[ast.BinOp(), *_]):
                pytest.fail(f"{file.name}:{node.lineno} begins with what is not quoted")


def test_no_query_is_put_together_from_texts() -> None:
    """Neither a parameter's name, nor a selector: whose texts come whole, or from one function."""
    for file, node in nodes_of_the_adapters():
        match node:
            case ast.Tuple(elts=[ast.Constant(value="fieldSelector" | "labelSelector"), value]):
                plain = isinstance(value, ast.Name | ast.Attribute) or is_constant(value)
                made = isinstance(value, ast.Call) and ast.unparse(value.func) == "field_selector"
                assert plain or made, f"{file.name}:{node.lineno} makes a selector of texts"
            case ast.Assign(targets=[ast.Name(id="selector" | "query")], value=ast.JoinedStr()):
                pytest.fail(f"{file.name}:{node.lineno} makes a query of texts")


def test_who_reads_an_answer_by_parts_is_known() -> None:
    """`get` and `send` compare every answer; who takes the stream does so, or reads no object."""
    streaming: dict[str, int] = {}
    for file, node in nodes_of_the_adapters():
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("api.stream"):
            streaming[file.name] = streaming.get(file.name, 0) + 1
    assert streaming == {
        "doctor_facts.py": 1,  # the server's version
        "jobs.py": 1,  # a log
        "traefik_reader.py": 3,  # a log, and what Traefik answers through the proxy
        "events_and_logs.py": 1,
        "lease.py": 1,
        "reflector.py": 1,
    }
    for name in ("events_and_logs.py", "lease.py", "reflector.py"):
        assert "confirm" in (Path(bot.kube.__path__[0]) / name).read_text()


def test_the_kind_behind_each_path_of_the_code_is_known() -> None:
    """Every plural that an adapter names, so that no answer goes uncompared."""
    known = {plural for _, plural in SERVED}
    named = {
        part
        for _, node in nodes_of_the_adapters()
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "path"
        for part in [arg.value for arg in node.args[1:] if isinstance(arg, ast.Constant)]
    }
    rest = {"log", "proxy", "exec", "status", "api", "rawdata", "metrics", "meshmedic-probe"}
    assert named - rest <= known
    assert {(group, kind.plural) for kind in KINDS for group in kind.groups} <= SERVED.keys()


def nodes_of_the_adapters() -> Iterator[tuple[Path, Any]]:
    for file in Path(bot.kube.__path__[0]).glob("*.py"):
        if file.name != "paths.py":
            for node in ast.walk(ast.parse(file.read_text())):
                yield file, node


def is_constant(node: ast.expr) -> bool:
    """A text of the code's own: a literal, or made of names in capitals."""
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    calls = any(isinstance(part, ast.Call) for part in ast.walk(node))
    return not calls and all(name.id.isupper() for name in names)
